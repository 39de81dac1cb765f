// What docs/REALTIME.md shows in JavaScript does what it says.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { blocks } from './support/page.js';
import { done, invite, person } from './support/people.js';
import { run } from './support/snippet.js';
import { embedded } from './support/stack.js';
import { until } from './support/wait.js';

const on = embedded();
const shown = [];
after(() => shown.forEach((each) => each.stop()));

const tried = new Set();

/** Runs a block; `printed` waits for a line that begins so. */
function show(name, who) {
  tried.add(name);
  const running = run(blocks.get(name), { base: on.a.base, token: who.token });
  shown.push(running);
  const lines = (words) => running.log.filter(([first]) => first === words);
  return { ...running, lines, printed: (words) => until(words, () => lines(words).at(-1), 10) };
}

test('Socket.IO', async () => {
  const ann = await person(on.a.base);
  const { printed } = show('socketio', ann);
  assert.deepEqual(await printed('listening as'), ['listening as', ann.user]);
  const job = await done(on.a.base, ann, 'create_site');
  assert.equal((await printed('job'))[1], job);
  assert.deepEqual(await printed('done'), ['done', job]);
  await printed('bell');
});

test('Socket.IO, going on where it ended', async () => {
  const ann = await person(on.a.base);
  const { sockets, log } = show('socketio-resume', ann);
  const completed = () => log.filter(([name]) => name === 'status:completed').length;
  await until('it connects', () => sockets[0].connected);
  await done(on.a.base, ann, 'create_site');
  await until('it hears', () => completed() === 1);
  sockets[0].io.engine.close();
  await done(on.a.base, ann, 'backup_site');
  await until('it hears what it missed', () => completed() === 2);
});

test('GraphQL over a WebSocket', async () => {
  const ann = await person(on.a.base);
  const { lines } = show('graphql-ws', ann);
  const hears = (is) => lines('event').some(([, event]) => is(event));
  // Lines of the log, which it does not select, come in between and do not disturb it.
  await until('it hears', async () => {
    await done(on.a.base, ann, 'create_site');
    return hears(({ siteUrl }) => siteUrl) && hears((event) => Object.keys(event).length === 0);
  });
  assert.deepEqual(lines('interrupted:'), []);
});

test('GraphQL by server-sent events', async () => {
  const ann = await person(on.a.base);
  const { lines } = show('graphql-sse', ann);
  await until('it hears', async () => {
    await invite(on.a.base, await person(on.a.base), ann);
    return lines('bell').length > 0;
  });
});

test('every block was tried', () => {
  assert.deepEqual([...tried].sort(), [...blocks.keys()].sort());
});
