// What docs/REALTIME.md shows to those who resume goes on after whatever interrupts it, and loses nothing.

import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { after, afterEach, describe, test } from 'node:test';

import { io } from 'socket.io-client';

import { KINDS, listen } from './support/listeners.js';
import { blocks } from './support/page.js';
import { Turns, api, invite, person, switchTo } from './support/people.js';
import { Proxy } from './support/proxy.js';
import { run } from './support/snippet.js';
import { embedded } from './support/stack.js';
import { until, within } from './support/wait.js';

// Nobody works on jobs, so that every turn is one event; who misses more than eight must load everything.
const on = embedded({ PROVISIONER: 'off', REALTIME_REPLAY_MAX: '8' });
const shown = [];
const hide = () => shown.splice(0).forEach((each) => each.hide());
afterEach(hide);
after(hide);

/** What tells Ann something, once each time. */
const jobs = (ann) => Turns.begin(on.a.base, ann);
async function memberships(ann) {
  const owner = await person(on.a.base);
  const member = `/tenants/${owner.tenant}/users/${ann.user}`;
  let isIn = false;
  const next = async (base) => {
    await (isIn ? api(base, 'DELETE', member, owner.token) : invite(base, owner, ann));
    isIn = !isIn;
  };
  return { next };
}

const BLOCKS = {
  'socketio-resume': { hears: /^status:/, happening: jobs, isGivenCursor: true },
  'graphql-ws': { hears: /^event$/, happening: jobs },
  'graphql-sse': { hears: /^bell$/, happening: memberships },
};

/** A block that somebody runs behind a proxy. */
async function show(name, ann, token = undefined) {
  const { hears, happening } = BLOCKS[name];
  const happens = await happening(ann);
  const proxy = await Proxy.before(on.a);
  const running = run(blocks.get(name), { base: proxy.base, token: () => token ?? ann.token });
  const printed = (words) => running.log.filter(([first]) => words.test(first)).length;
  const block = {
    ...running,
    proxy,
    happens,
    heard: () => printed(hears),
    loads: () => printed(/^load everything$/),
    printed,
    hide: () => {
      running.stop();
      proxy.close();
    },
    happen: () => block.happens.next(on.a.base),
    /** Tells all that was printed when it is not what was waited for. */
    until: (what, look) => until(what, look).catch(({ message }) => assert.fail(`${message}: ${told(running)}`)),
    /** That everything is to be loaded is said when there is a connection, which may be before it listens. */
    async listens() {
      const before = block.heard();
      await block.until('it listens', async () => {
        await block.happen();
        return until('one event', () => block.heard() > before, 3).catch(() => false);
      });
    },
    /** Each one that happens now, and nothing else. */
    async hearsAll(count) {
      const before = block.heard();
      for (let i = 0; i < count; i += 1) await block.happen();
      await block.until('it hears', () => block.heard() >= before + count);
      assert.equal(block.heard(), before + count, told(running));
    },
  };
  // `/ws` gives one at the start.
  running.sockets[0].on?.('connected', () => {
    block.hasCursor = true;
  });
  shown.push(block);
  return block;
}

const told = ({ log }) => JSON.stringify(log);

/** One that has heard something. */
async function listening(name, ann) {
  const block = await show(name, ann);
  await block.until('it loads everything', () => block.loads() > 0);
  await block.listens();
  assert.equal(block.loads(), 1, told(block));
  return block;
}

/** It says why, once, and waits for nothing. */
async function isOver(block) {
  await block.until('it is told', () => block.printed(/^(refused|ended):$/) === 1);
  await new Promise((wake) => setImmediate(wake));
  assert.equal(block.timers.size, 0, told(block));
  assert.ok(!block.sockets[0].active, told(block));
}

for (const [name, { isGivenCursor, happening }] of Object.entries(BLOCKS)) {
  describe(name, () => {
    test('a line that drops before the first event', async () => {
      const block = await show(name, await person(on.a.base));
      await block.until('it loads everything', () => block.loads() === 1);
      if (isGivenCursor) await block.until('it has a cursor', () => block.hasCursor);
      block.proxy.shut();
      await block.happen();
      block.proxy.open();
      if (isGivenCursor) await block.until('it hears what it missed', () => block.heard() > 0);
      else await block.until('it loads everything again', () => block.loads() === 2);
    });

    test('a server that stops and starts, and a line that drops', async () => {
      const block = await listening(name, await person(on.a.base));
      await on.a.pause();
      await on.a.start();
      await block.hearsAll(2);
      block.proxy.shut();
      const heard = block.heard();
      await block.happen();
      block.proxy.open();
      await block.until('it hears what it missed', () => block.heard() > heard);
      await block.hearsAll(1);
      assert.equal(block.heard(), heard + 2, told(block));
      assert.equal(block.loads(), 1, told(block));
    });

    test('more is missed than is told again', async () => {
      const block = await listening(name, await person(on.a.base));
      const heard = block.heard();
      block.proxy.shut();
      for (let i = 0; i < 10; i += 1) await block.happen();
      block.proxy.open();
      await block.until('it loads everything', () => block.loads() === 2);
      assert.equal(block.heard(), heard);
      await block.listens();
      await block.hearsAll(2);
      assert.equal(block.loads(), 2, told(block));
    });

    test('a backup that is restored, which does not know the cursor', async () => {
      const [data, copy] = [`${on.a.dir}/data`, `${on.a.dir}/copy-${name}`];
      const block = await listening(name, await person(on.a.base));
      await on.a.pause();
      await cp(data, copy, { recursive: true });
      await on.a.start();
      await block.hearsAll(2);
      await on.a.pause();
      await rm(data, { recursive: true });
      await cp(copy, data, { recursive: true });
      await on.a.start();
      await block.until('it loads everything', () => block.loads() === 2);
      await block.listens();
      await block.hearsAll(2);
    });

    test('who signs out is told so, and does not come back', async () => {
      const ann = await person(on.a.base);
      const block = await listening(name, ann);
      await api(on.a.base, 'POST', '/auth/logout', ann.token);
      await isOver(block);
    });

    test('who has a token that does not hold is told so, and does not come back', async () => {
      const ann = await person(on.a.base);
      const block = await show(name, ann, 'nonsense');
      await isOver(block);
    });

    test('who has another token that does not hold when the line drops', async () => {
      const ann = await person(on.a.base);
      const block = await listening(name, ann);
      ann.token = 'nonsense';
      block.proxy.cut();
      await isOver(block);
    });

    // What one person is told is the same in every tenant.
    if (happening === memberships) return;
    test('who goes to another tenant, of which the cursor is not', async () => {
      const ann = await person(on.a.base);
      const block = await listening(name, ann);
      const owner = await person(on.a.base);
      await invite(on.a.base, owner, ann, 'admin');
      const { token } = await switchTo(on.a.base, ann, owner.tenant);
      ann.token = token;
      block.happens = await jobs(owner);
      block.proxy.cut();
      await block.until('it loads everything', () => block.loads() === 2);
      await block.listens();
      await block.hearsAll(2);
    });
  });
}

test('the cursor that /ws gives at the start is good for every feed', async () => {
  const ann = await person(on.a.base);
  const turns = await jobs(ann);
  const bells = await memberships(ann);
  const cursor = await startOf('/ws', ann);
  await turns.next(on.a.base);
  await bells.next(on.a.base);
  for (const kind of Object.keys(KINDS)) {
    for (const feed of ['provisioning', 'notifications']) {
      const listener = await listen(kind, { base: on.a.base, token: ann.token, feed, after: cursor });
      await listener.heard(`${feed} after the start`, ({ payload }) => payload.seq > 0);
      listener.close();
    }
  }
});

/** The cursor that `connected` gives. */
async function startOf(namespace, { token }) {
  const socket = io(`${on.a.base}${namespace}`, { auth: { token }, transports: ['websocket'], forceNew: true });
  const { cursor } = await within('`connected`', new Promise((resolve) => socket.on('connected', resolve)));
  socket.disconnect();
  return cursor;
}
