// One way to listen for all that there are: a namespace of Socket.IO by websocket or polling, a GraphQL
// subscription by either subprotocol or by server-sent events.

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { io } from 'socket.io-client';
import WebSocket from 'ws';

import { DOCUMENTS, fromGraphql } from './documents.js';
import { OlderClient } from './older.js';
import { until, within } from './wait.js';

/** What one hears: `events` in order, `end` when it is over (with why), never more after that. */
export class Listener {
  events = [];
  over = undefined;

  constructor(kind, onEvent) {
    this.kind = kind;
    this.onEvent = onEvent;
    this.end = new Promise((resolve) => {
      this.finish = (why) => {
        if (this.over) return;
        this.over = { why };
        resolve(this.over);
      };
    });
  }

  hear(name, payload) {
    this.events.push({ name, payload });
    this.onEvent?.(name, payload);
  }

  /** What lasts, in the order in which it was heard; without what a job says while it runs. */
  get seqs() {
    return this.events.map(({ payload }) => payload.seq);
  }

  get cursor() {
    return this.events.at(-1)?.payload.cursor;
  }

  /** The first event of which that is true, come or to come. */
  heard(what, is, seconds = 10) {
    return until(`${this.kind} hears ${what}`, () => {
      if (this.over) throw new Error(`${this.kind} ended: ${JSON.stringify(this.over.why)}`);
      return this.events.find(is);
    }, seconds);
  }

  ended(seconds = 5) {
    return within(`the end of ${this.kind}`, this.end, seconds);
  }
}

const socketio = (transport) => async (kind, { base, token, feed, after, onEvent }) => {
  const listener = new Listener(kind, onEvent);
  const auth = { token, ...(after ? { after } : {}) };
  const socket = io(`${base}/${feed}`, {
    auth,
    transports: [transport],
    reconnection: false,
    forceNew: true,
  });
  listener.close = () => socket.disconnect();
  listener.socket = socket;
  socket.onAny((name, payload) => {
    if (name !== 'connected') listener.hear(name, payload);
  });
  socket.on('disconnect', (why) => listener.finish(why));
  const connected = new Promise((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', (error) => {
      listener.finish(error);
      reject(error);
    });
  });
  await within(`${kind} connects`, connected);
  return listener;
};

/** Reads a subscription of a client library to its end. */
async function follow(listener, events) {
  try {
    for await (const { data, errors } of events) {
      if (errors) listener.hear('error', errors[0]);
      else {
        const { name, payload } = fromGraphql(data);
        listener.hear(name, payload);
      }
    }
    listener.finish('complete');
  } catch (error) {
    listener.finish(error);
  }
}

const bearer = (token) => (token === undefined ? {} : { Authorization: `Bearer ${token}` });

async function transportWs(kind, { base, token, feed, after, onEvent }) {
  const listener = new Listener(kind, onEvent);
  const client = createWsClient({
    url: `${base.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: bearer(token),
    retryAttempts: 0,
    lazy: true,
  });
  listener.close = () => client.dispose();
  follow(listener, client.iterate({ query: DOCUMENTS[feed], variables: { after } }));
  return listener;
}

async function older(kind, { base, token, feed, after, onEvent }) {
  const listener = new Listener(kind, onEvent);
  const client = await OlderClient.open(base, bearer(token));
  listener.close = () => client.close();
  follow(listener, client.subscribe({ query: DOCUMENTS[feed], variables: { after } }));
  return listener;
}

async function sse(kind, { base, token, feed, after, onEvent }) {
  const listener = new Listener(kind, onEvent);
  const client = createSseClient({
    url: `${base}/graphql`,
    headers: bearer(token),
    retryAttempts: 0,
  });
  listener.close = () => client.dispose();
  follow(listener, client.iterate({ query: DOCUMENTS[feed], variables: { after } }));
  return listener;
}

export const KINDS = {
  'Socket.IO websocket': socketio('websocket'),
  'Socket.IO polling': socketio('polling'),
  'graphql-transport-ws': transportWs,
  'graphql-ws': older,
  'server-sent events': sse,
};

/** Begins to listen; fails when that is refused at once (what GraphQL refuses is its end). */
export function listen(kind, options) {
  return KINDS[kind](kind, { feed: 'provisioning', ...options });
}

/** Lets something happen until each of them has heard something: then all are listening. */
export async function allListen(listeners, happen) {
  await until('everybody listens', async () => {
    if (listeners.every((listener) => listener.events.length > 0)) return true;
    const over = listeners.find((listener) => listener.over);
    if (over) throw new Error(`${over.kind} ended: ${over.over.why?.message ?? over.over.why}`);
    await happen();
    await new Promise((wake) => setTimeout(wake, 100));
    return false;
  });
}
