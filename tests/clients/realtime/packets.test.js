// The packets of Engine.IO and Socket.IO themselves, as the contract has them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import WebSocket from 'ws';

import { person } from './support/people.js';
import { embedded } from './support/stack.js';
import { until } from './support/wait.js';

const on = embedded();

test('the packets themselves are those of the contract', async () => {
  const ann = await person(on.a.base);
  const url = `${on.a.base.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url);
  const said = [];
  // The engine's heartbeat comes when it comes.
  socket.on('message', (data) => String(data) === '2' || said.push(String(data)));
  const next = (count) => until(`${count} packets`, () => said.length >= count && said[count - 1], 10);
  const handshake = JSON.parse((await next(1)).slice(1));
  assert.deepEqual(
    { ...handshake, sid: undefined },
    { sid: undefined, upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 },
  );
  socket.send(`40/ws,${JSON.stringify({ token: ann.token })}`);
  assert.match(await next(2), /^40\/ws,\{"sid":/);
  assert.match(await next(3), /^42\/ws,\["connected",\{/);
  socket.send('42/ws,["ping"]');
  assert.equal(await next(4), '42/ws,["pong"]');
  socket.close();

  const older = await fetch(`${on.a.base}/socket.io/?EIO=3&transport=polling`);
  assert.equal(older.status, 400);
  await older.arrayBuffer();
});
