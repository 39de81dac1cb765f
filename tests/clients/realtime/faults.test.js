// Whatever breaks, each client ends with every event once and in order, or is told to load everything anew.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Chance } from './support/chance.js';
import { Follower } from './support/follower.js';
import { KINDS, allListen, listen } from './support/listeners.js';
import { Turns, api, invite, person } from './support/people.js';
import { Proxy } from './support/proxy.js';
import { embedded, replicas } from './support/stack.js';
import { until } from './support/wait.js';

// Nobody works on jobs, so that every call is one event, no more and no less.
const IDLE = { PROVISIONER: 'off' };

/** Every kind of client behind proxies; polling needs the same server all the time. */
async function audience(on, token) {
  const followers = [];
  for (const kind of Object.keys(KINDS)) {
    const proxies =
      kind === 'Socket.IO polling'
        ? [await Proxy.before(on.a), await Proxy.before(on.b)]
        : [await Proxy.before(on.a, on.b), await Proxy.before(on.b, on.a)];
    followers.push(...proxies.map((proxy) => new Follower(kind, proxy, token)));
  }
  return followers;
}

/** All have heard all up to there: every number once, each one more than the one before. */
async function completed(followers, head, t) {
  await until('everybody has heard everything', () =>
    followers.every(({ seqs, resyncs }) => seqs.at(-1) === head || resyncs > 0),
  ).catch((late) => {
    const missing = followers.map(({ kind, seqs }) => `${kind}: ${seqs.at(-1)}`);
    throw new Error(`${late.message}, the last being ${head}; ${missing.join(', ')}`);
  });
  for (const { kind, seqs, connections, resyncs } of followers) {
    t.diagnostic(`${kind}: ${seqs.length} events over ${connections} connections, ${resyncs} RESYNC`);
    assert.ok(resyncs <= 1, `${kind} is told once at most`);
    if (resyncs > 0) continue;
    const expected = Array.from(seqs, (_, i) => seqs[0] + i);
    assert.deepEqual(seqs, expected, `${kind} hears each event once and in order`);
    assert.equal(seqs.at(-1), head);
  }
}

/** The number of the last event of somebody's company. */
async function headOf(on, { tenant }) {
  return Number(await on.sql(`SELECT head FROM event_streams WHERE stream = 'tenant:${tenant}'`));
}

async function closed(followers) {
  await Promise.all(followers.map((follower) => follower.stop()));
  followers.forEach(({ proxy }) => proxy.close());
}

describe('two servers', () => {
  const on = replicas(IDLE);

  test('a thousand events, while clients, Redis and both servers go and come back', async (t) => {
    const chance = new Chance();
    t.diagnostic(`REALTIME_SEED=${chance.seed}`);
    const ann = await person(on.a.base);
    const turns = await Turns.begin(on.a.base, ann);
    const followers = await audience(on, ann.token);
    await allListen(followers, () => turns.next(on.a.base));

    const away = new Set();
    const back = [];
    const kill = async (server) => {
      away.add(server);
      await server.kill();
    };
    const revive = (server) => back.push(server.start().then(() => away.delete(server)));
    const plan = new Map([
      [200, () => on.redis.kill()],
      [350, () => on.redis.start()],
      [450, () => kill(on.b)],
      [550, () => revive(on.b)],
      [750, () => kill(on.a)],
      [850, () => revive(on.a)],
    ]);
    for (let i = 0; i < 1000; i += 1) {
      await plan.get(i)?.();
      if (i % 7 === 0) followers[chance.below(followers.length)].proxy.cut();
      const servers = [on.a, on.b].filter((server) => !away.has(server));
      if (servers.length === 0) await Promise.all(back);
      const { base } = servers[i % servers.length] ?? on.a;
      await turns.next(base);
    }
    await Promise.all(back);
    const head = await headOf(on, ann);
    assert.ok(head >= 1000);
    await completed(followers, head, t);
    await closed(followers);
  });

  test('while Redis is away, what happens at one server is heard at the other', async () => {
    const ann = await person(on.a.base);
    const turns = await Turns.begin(on.a.base, ann);
    const listeners = await Promise.all(
      Object.keys(KINDS).map((kind) => listen(kind, { base: on.b.base, token: ann.token })),
    );
    await allListen(listeners, () => turns.next(on.a.base));
    await on.redis.kill();
    const before = listeners.map((listener) => listener.events.length);
    await turns.next(on.a.base);
    await until('it is heard', () =>
      listeners.every((listener, i) => listener.events.length > before[i]),
    );
    await on.redis.start();
    listeners.forEach((listener) => listener.close());
  });

  test('an event that one server causes is heard at the other', async () => {
    const ann = await person(on.a.base);
    const bob = await person(on.a.base);
    const options = { base: on.b.base, token: bob.token, feed: 'notifications' };
    const listeners = await Promise.all(Object.keys(KINDS).map((kind) => listen(kind, options)));
    await allListen(listeners, async () => {
      await invite(on.a.base, ann, bob);
      await api(on.a.base, 'DELETE', `/tenants/${ann.tenant}/users/${bob.user}`, ann.token);
    });
    listeners.forEach((listener) => listener.close());
  });
});

describe('one server', () => {
  const on = embedded(IDLE);

  test('a hundred events, while clients and the server go and come back', async (t) => {
    const chance = new Chance();
    t.diagnostic(`REALTIME_SEED=${chance.seed}`);
    const ann = await person(on.a.base);
    const turns = await Turns.begin(on.a.base, ann);
    const followers = await audience(on, ann.token);
    await allListen(followers, () => turns.next(on.a.base));
    for (let i = 0; i < 100; i += 1) {
      if (i === 50) {
        await on.a.kill();
        await on.a.start();
      }
      if (i % 5 === 0) followers[chance.below(followers.length)].proxy.cut();
      await turns.next(on.a.base);
    }
    await completed(followers, await headOf(on, ann), t);
    await closed(followers);
  });
});
