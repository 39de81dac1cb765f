// Proxies between people and the server that know no websockets: what begins by polling goes on by polling.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { io } from 'socket.io-client';

import { Turns, person } from './support/people.js';
import { Proxy } from './support/proxy.js';
import { embedded } from './support/stack.js';
import { until, within } from './support/wait.js';

const on = embedded({ PROVISIONER: 'off' });
const open = [];
after(() => open.forEach((close) => close()));

async function listening() {
  const ann = await person(on.a.base);
  const turns = await Turns.begin(on.a.base, ann);
  const proxy = await Proxy.before(on.a);
  proxy.websockets = false;
  const socket = io(`${proxy.base}/ws`, { forceNew: true, reconnection: false, auth: { token: ann.token } });
  open.push(() => socket.disconnect(), () => proxy.close());
  const heard = [];
  socket.onAny((name, { seq }) => seq && heard.push(seq));
  const tried = new Promise((resolve) => {
    socket.io.on('open', () => socket.io.engine.on('upgradeError', resolve));
  });
  await within('it connects', new Promise((resolve) => socket.on('connect', resolve)));
  await within('it tries a websocket', tried);
  return { turns, proxy, socket, heard };
}

async function hears({ turns, heard }, count) {
  for (let n = 0; n < count; n += 1) await turns.next(on.a.base);
  await until('all is heard', () => heard.length >= count, 10);
  const expected = heard.map((_, at) => heard[0] + at);
  assert.deepEqual(heard, expected, 'once and in order');
}

test('a websocket that is cut', async () => {
  const client = await listening();
  const before = client.proxy.requests;
  await hears(client, 10);
  const { socket, proxy } = client;
  assert.equal(socket.io.engine.transport.name, 'polling');
  assert.ok(socket.connected);
  // One for each event at most, and what is on the way.
  assert.ok(proxy.requests - before < 30, `${proxy.requests - before} requests`);
});
