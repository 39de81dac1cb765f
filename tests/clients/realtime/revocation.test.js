// A live connection ends with the right to it, within five seconds and on every server; and never merely
// because its access token has ended.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { KINDS, allListen, listen } from './support/listeners.js';
import {
  api,
  ask,
  createJob,
  done,
  endingIn,
  graphql,
  invite,
  member,
  person,
  signIn,
  switchTo,
} from './support/people.js';
import { embedded, replicas } from './support/stack.js';
import { until } from './support/wait.js';

const PLACES = [
  ['one server', embedded],
  ['two servers', replicas],
];

for (const [place, stack] of PLACES) {
  describe(place, () => {
    const on = stack();
    const open = [];
    after(() => open.forEach((listener) => listener.close()));

    /** Every kind of client at every server. */
    async function everywhere(who, feed = 'provisioning') {
      const servers = new Set([on.a, on.b]);
      const listeners = await Promise.all(
        [...servers].flatMap(({ base }) =>
          Object.keys(KINDS).map((kind) => listen(kind, { base, token: who.token, feed })),
        ),
      );
      open.push(...listeners);
      return listeners;
    }

    /** Somebody in a company whose owner makes things happen that both hear. */
    async function pair(role) {
      const owner = await person(on.a.base);
      const guest = await member(on.a.base, owner, role);
      // A site, for jobs that need one.
      await done(on.a.base, owner, 'create_site');
      const happen = () => createJob(on.a.base, owner, 'backup_site');
      return { owner, guest, happen };
    }

    async function allEnd(listeners) {
      const started = Date.now();
      await Promise.all(listeners.map((listener) => listener.ended(5)));
      assert.ok(Date.now() - started < 5_000);
    }

    /** They hear what happens from now on. */
    async function allHear(listeners, happen, is = () => true) {
      const before = listeners.map((listener) => listener.events.length);
      await happen();
      await until('everybody hears it', () =>
        listeners.every((listener, i) => {
          assert.equal(listener.over, undefined, `${listener.kind} goes on`);
          return listener.events.slice(before[i]).some((event) => is(event, listener));
        }),
      );
    }

    test('signing out ends what hangs on the session, and nothing else', async () => {
      const { guest, happen } = await pair('member');
      const again = await switchTo(on.a.base, await signIn(on.a.base, guest), guest.tenant);
      const [going, staying] = await Promise.all([everywhere(guest), everywhere(again)]);
      await allListen([...going, ...staying], happen);
      await api(on.a.base, 'POST', '/auth/logout', guest.token);
      await allEnd(going);
      const silent = going.map((listener) => listener.events.length);
      await allHear(staying, happen);
      assert.deepEqual(going.map((listener) => listener.events.length), silent);
    });

    test('removal ends it', async () => {
      const { owner, guest, happen } = await pair('admin');
      const going = await everywhere(guest);
      const staying = await everywhere(owner);
      await allListen([...going, ...staying], happen);
      await api(on.a.base, 'DELETE', `/tenants/${owner.tenant}/users/${guest.user}`, owner.token);
      await allEnd(going);
      const silent = going.map((listener) => listener.events.length);
      await allHear(staying, happen);
      assert.deepEqual(going.map((listener) => listener.events.length), silent);
      await assert.rejects(listen('Socket.IO websocket', { base: on.b.base, token: guest.token }));
    });

    test('another role is known to what is heard next', async () => {
      const { owner, guest, happen } = await pair('member');
      const listeners = await everywhere(guest);
      await allListen(listeners, happen);
      const path = `/tenants/${owner.tenant}/users/${guest.user}`;
      await api(on.a.base, 'PATCH', path, owner.token, { role: 'admin' });
      // All roles may hear of jobs. What a GraphQL client selects, it sees as what it is now.
      await allHear(listeners, happen, ({ payload }, { kind }) =>
        kind.startsWith('Socket.IO') || payload.job?.tenant.viewerRole === 'ADMIN',
      );
    });

    test('who is in a suspended company goes on to hear of it', async () => {
      // Reads stay allowed there (ruling 43), so the connection is still theirs by right.
      const { owner, guest, happen } = await pair('member');
      const listeners = await everywhere(guest);
      await allListen(listeners, happen);
      await done(on.a.base, owner, 'suspend_site');
      const { tenant } = await graphql(on.b.base, guest.token, '{ tenant { status } }');
      assert.equal(tenant.status, 'SUSPENDED');
      await allHear(listeners, happen);
    });

    test('a connection outlives its access token', async () => {
      const { owner, guest, happen } = await pair('member');
      const short = { ...guest, token: endingIn(3, guest.token) };
      const listeners = await everywhere(short);
      await allListen(listeners, happen);
      await until('the token ends', async () => {
        const { status } = await ask(on.b.base, 'GET', '/auth/me', short.token);
        return status === 401;
      });
      await allHear(listeners, happen);
      // And the session behind it still counts.
      await api(on.a.base, 'DELETE', `/tenants/${owner.tenant}/users/${guest.user}`, owner.token);
      await allEnd(listeners);
    });

    test('signing out everywhere ends what somebody listens to about themselves', async () => {
      const guest = await person(on.a.base);
      const listeners = await everywhere(guest, 'notifications');
      const query = 'mutation { logoutEverywhere(input: {}) { __typename } }';
      await allListen(listeners, async () => invite(on.a.base, await person(on.a.base), guest));
      await graphql(on.b.base, guest.token, query);
      await allEnd(listeners);
    });
  });
}
