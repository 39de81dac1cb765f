// Subscriptions with the clients that people use: over both subprotocols and over server-sent events.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { DOCUMENTS, fromGraphql } from './support/documents.js';
import { allListen, listen } from './support/listeners.js';
import { Turns, invite, person } from './support/people.js';
import { embedded } from './support/stack.js';
import { until } from './support/wait.js';

// Nobody works on jobs, so that every turn is one event.
const on = embedded({ PROVISIONER: 'off' });
const KINDS = ['graphql-transport-ws', 'graphql-ws', 'server-sent events'];
const open = [];
after(() => open.forEach((listener) => listener.close()));

async function subscribe(kind, who, options) {
  const listener = await listen(kind, { base: on.a.base, token: who.token, ...options });
  open.push(listener);
  return listener;
}

for (const kind of KINDS) {
  test(`${kind}: what is missed is heard later, once and in order`, async () => {
    const ann = await person(on.a.base);
    const turns = await Turns.begin(on.a.base, ann);
    const first = await subscribe(kind, ann);
    await allListen([first], () => turns.next(on.a.base));
    const { cursor, seq, job } = first.events.at(-1).payload;
    assert.equal(job.id, turns.job);
    first.close();
    await first.ended();

    await turns.next(on.a.base);
    await turns.next(on.a.base);
    const second = await subscribe(kind, ann, { after: cursor });
    await until('what was missed', () => second.events.length >= 2);
    await turns.next(on.a.base);
    await until('what is new', () => second.events.length === 3);
    assert.deepEqual(second.seqs, [seq + 1, seq + 2, seq + 3]);
    assert.deepEqual(new Set(second.events.map(({ name }) => name)).size, 2);
  });

  test(`${kind}: notifications`, async () => {
    const ann = await person(on.a.base);
    const bob = await person(on.a.base);
    const listener = await subscribe(kind, bob, { feed: 'notifications' });
    await allListen([listener], async () => invite(on.a.base, await person(on.a.base), bob));
    await invite(on.a.base, ann, bob);
    const told = await listener.heard('that Bob was added', ({ payload }) => payload.notification.id);
    assert.ok(told.payload.notification.title);
  });
}

test('several subscriptions share a socket, and end one by one', async () => {
  const { createClient } = await import('graphql-ws');
  const { default: WebSocket } = await import('ws');
  const ann = await person(on.a.base);
  const turns = await Turns.begin(on.a.base, ann);
  const client = createClient({
    url: `${on.a.base.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { token: ann.token },
    retryAttempts: 0,
  });
  const heard = [[], []];
  const ends = heard.map((events) =>
    client.subscribe({ query: DOCUMENTS.provisioning }, {
      next: ({ data }) => events.push(fromGraphql(data)),
      error: (error) => events.push(error),
      complete: () => {},
    }),
  );
  await until('both hear', async () => {
    await turns.next(on.a.base);
    return heard.every((events) => events.length > 0);
  });
  ends[0]();
  const silent = heard[0].length;
  const [, events] = heard;
  const before = events.length;
  await turns.next(on.a.base);
  await turns.next(on.a.base);
  await until('the other goes on', () => events.length >= before + 2);
  assert.ok(heard[0].length <= silent + 2);
  // Queries go over the same socket.
  const [answer] = await Array.fromAsync?.(client.iterate({ query: '{ viewer { email } }' })) ?? [
    (await client.iterate({ query: '{ viewer { email } }' }).next()).value,
  ];
  assert.equal(answer.data.viewer.email, ann.email);
  await client.dispose();
});
