// What nobody should send: it is refused with words, it does nothing to others, and it tells nothing.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { io } from 'socket.io-client';
import WebSocket from 'ws';

import { KINDS, allListen, listen } from './support/listeners.js';
import { OlderClient } from './support/older.js';
import { Turns, api, endingIn, invite, graphql, member, person, signIn } from './support/people.js';
import { embedded } from './support/stack.js';
import { until, within } from './support/wait.js';

// Who missed more than five events must load everything anew.
const on = embedded({ PROVISIONER: 'off', REALTIME_REPLAY_MAX: '5' });
const open = [];
after(() => open.forEach((listener) => listener.close()));

/** Why somebody is not let in, or is cut off at once: its text, and all of it. */
async function refusal(kind, options) {
  let why;
  try {
    const listener = await listen(kind, { base: on.a.base, ...options });
    open.push(listener);
    // Socket.IO refuses to connect; GraphQL lets in and answers.
    const wrong = until(`${kind} is refused`, () => listener.events[0] ?? listener.over, 10);
    const found = await wrong;
    why = found.why ?? found.payload;
  } catch (error) {
    why = error;
  }
  const all = JSON.stringify(why, ['message', 'reason', 'code', 'data', 'extensions', 'fields', 'field']);
  assert.match(all, /[A-Z][a-z]+/, `${kind} says why: ${all}`);
  return all;
}

async function tokens() {
  const owner = await person(on.a.base);
  const gone = await member(on.a.base, owner);
  await api(on.a.base, 'DELETE', `/tenants/${owner.tenant}/users/${gone.user}`, owner.token);
  const out = await person(on.a.base);
  await api(on.a.base, 'POST', '/auth/logout', out.token);
  return {
    'no token': undefined,
    nonsense: 'nonsense',
    'a number': 7,
    'a refresh token': owner.refresh,
    'a token that has ended': endingIn(-60, owner.token),
    'a token with another signature': `${owner.token.slice(0, -8)}AAAAAAAA`,
    'a token whose session has ended': out.token,
    'a token of somebody who was removed': gone.token,
  };
}

for (const kind of Object.keys(KINDS)) {
  describe(kind, () => {
    test('tokens that do not hold', async () => {
      for (const [what, token] of Object.entries(await tokens())) {
        const why = await refusal(kind, { token });
        assert.doesNotMatch(why, /rovisioning/, `${what}: ${why}`);
      }
    });

    test('cursors that are none, of somebody else, or of the future', async () => {
      const ann = await person(on.a.base);
      const turns = await Turns.begin(on.a.base, ann);
      const listener = await listen(kind, { base: on.a.base, token: ann.token });
      open.push(listener);
      await allListen([listener], () => turns.next(on.a.base));
      const { cursor } = listener.events[0].payload;

      const bob = await person(on.a.base);
      const bytes = Buffer.from(cursor, 'base64url');
      bytes.writeBigInt64BE(1_000_000n, bytes.length - 8);
      const future = bytes.toString('base64url');
      for (const after of ['nonsense', '', cursor.slice(1), 'A'.repeat(10_000), future]) {
        assert.match(await refusal(kind, { token: ann.token, after: after || ' ' }), /INVALID_INPUT|cursor/i);
      }
      assert.match(await refusal(kind, { token: bob.token, after: cursor }), /NOT_FOUND|not found|no such/i);
      // Nobody else was disturbed.
      assert.equal(listener.over, undefined);
    });

    test('a cursor from too long ago: RESYNC, and then live again', async () => {
      const ann = await person(on.a.base);
      const turns = await Turns.begin(on.a.base, ann);
      const listener = await listen(kind, { base: on.a.base, token: ann.token });
      open.push(listener);
      await allListen([listener], () => turns.next(on.a.base));
      const { cursor } = listener.events[0].payload;
      for (let i = 0; i < 7; i += 1) await turns.next(on.a.base);
      assert.match(await refusal(kind, { token: ann.token, after: cursor }), /RESYNC/);
      const anew = await listen(kind, { base: on.a.base, token: ann.token });
      open.push(anew);
      await allListen([anew], () => turns.next(on.a.base));
    });
  });
}

describe('Socket.IO', () => {
  /** A socket, and what it hears. */
  async function connected(token, namespace = '/ws') {
    const socket = io(`${on.a.base}${namespace}`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    const heard = [];
    socket.onAny((name, payload) => heard.push({ name, payload }));
    open.push({ close: () => socket.disconnect() });
    await within('it connects', new Promise((resolve, reject) => {
      socket.on('connect', resolve);
      socket.on('connect_error', reject);
    }));
    return { socket, heard };
  }

  test('a namespace that is none', async () => {
    const { token } = await person(on.a.base);
    await assert.rejects(connected(token, '/nowhere'), { message: 'Invalid namespace' });
  });

  test('the words of the contract', async () => {
    await assert.rejects(connected(undefined), { message: 'Authentication required' });
    await assert.rejects(connected('nonsense'), { message: 'Invalid token' });
  });

  test('a notification that is not theirs, or none at all', async () => {
    const owner = await person(on.a.base);
    const bob = await person(on.a.base);
    await invite(on.a.base, owner, bob);
    const query = '{ viewer { notifications { nodes { id readAt } } } }';
    const notifications = async () => (await graphql(on.a.base, bob.token, query)).viewer.notifications.nodes;
    const [{ id }] = await notifications();

    const { socket, heard } = await connected(owner.token);
    const unknown = '00000000-0000-4000-8000-000000000000';
    const bad = [{ notification_id: id }, { notification_id: unknown }, { notification_id: 7 }, {}, 'x', null, [], 7];
    for (const payload of bad) {
      const before = heard.filter(({ name }) => name === 'error').length;
      socket.emit('notification_read', payload);
      await until(`${JSON.stringify(payload)} is refused`, () =>
        heard.filter(({ name }) => name === 'error').length > before, 10);
    }
    const errors = heard.filter(({ name }) => name === 'error').map(({ payload }) => payload);
    assert.ok(errors.every(({ message }) => typeof message === 'string'));
    // That it is somebody's is not to be seen.
    assert.deepEqual(errors[0], errors[1]);
    assert.ok(!heard.some(({ name }) => name === 'notification_read_confirmed'));
    assert.equal((await notifications())[0].readAt, null);
  });

  test('floods and frames that are too large end that socket alone', async () => {
    const ann = await person(on.a.base);
    const turns = await Turns.begin(on.a.base, ann);
    const calm = await listen('Socket.IO websocket', { base: on.a.base, token: ann.token });
    open.push(calm);
    const large = await connected(ann.token);
    const gone = new Promise((resolve) => large.socket.on('disconnect', resolve));
    large.socket.emit('notification_read', { notification_id: 'x'.repeat(2_000_000) });
    await within('the large one ends', gone);
    const flood = await connected(ann.token);
    const over = new Promise((resolve) => flood.socket.on('disconnect', resolve));
    for (let i = 0; i < 20_000; i += 1) flood.socket.emit('ping');
    await within('the flood ends', Promise.race([
      over,
      until('it is told', () => flood.heard.some(({ name }) => name === 'error'), 20),
    ]), 25);
    await allListen([calm], () => turns.next(on.a.base));
  });

  test('who never joins a namespace is shown the door', async () => {
    const socket = new WebSocket(`${on.a.base.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    await within('the idle one ends', new Promise((resolve) => socket.on('close', resolve)), 60);
  });
});

describe('sockets of GraphQL', () => {
  const place = () => `${on.a.base.replace('http', 'ws')}/graphql`;

  /** What a bare socket is told, and the code with which it is closed. */
  function bare(protocol, ...messages) {
    const socket = new WebSocket(place(), protocol);
    socket.on('open', () => messages.forEach((message) => socket.send(message)));
    return within('it is closed', new Promise((resolve, reject) => {
      socket.on('close', (code, reason) => resolve([code, String(reason)]));
      socket.on('error', reject);
    }), 60);
  }

  const PROTOCOL = 'graphql-transport-ws';

  test('the codes of the protocol', async () => {
    const { token } = await person(on.a.base);
    const init = JSON.stringify({ type: 'connection_init', payload: { token } });
    const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { provisioning { __typename } }' } });
    assert.equal((await bare(PROTOCOL, 'nonsense'))[0], 4400);
    assert.equal((await bare(PROTOCOL, subscribe))[0], 4401);
    assert.equal((await bare(PROTOCOL, init, init))[0], 4429);
    assert.equal((await bare(PROTOCOL))[0], 4408);
    const [code, reason] = await bare(PROTOCOL, JSON.stringify({ type: 'connection_init', payload: { token: 'nonsense' } }));
    assert.ok([4401, 4403].includes(code), `${code} ${reason}`);
    assert.match(reason, /[a-z]/);
  });

  test('the older protocol says why, too', async () => {
    await assert.rejects(OlderClient.open(on.a.base, { Authorization: 'Bearer nonsense' }));
  });

  test('who signed out is not let in again', async () => {
    const ann = await person(on.a.base);
    const again = await signIn(on.a.base, ann);
    await api(on.a.base, 'POST', '/auth/logout', again.token);
    const [code] = await bare(PROTOCOL, JSON.stringify({ type: 'connection_init', payload: { token: again.token } }));
    assert.ok([4401, 4403].includes(code));
  });
});
