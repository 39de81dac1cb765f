// What the specification shows of its WebSocket API, as it stands there, and what the client in the field
// does, against the real program.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { io } from 'socket.io-client';

import { createJob, done, graphql, invite, person } from './support/people.js';
import { run } from './support/snippet.js';
import { embedded } from './support/stack.js';
import { until, within } from './support/wait.js';

const on = embedded();
const open = [];
after(() => open.forEach((socket) => socket.disconnect()));

const CONNECTED = 'Successfully connected to ERPMax Orchestrator';

/** What a socket hears, by the event's name. */
function ears(socket) {
  open.push(socket);
  const heard = [];
  socket.onAny((name, ...payload) => heard.push({ name, payload }));
  return (name, count = 1) =>
    until(`${name} is heard`, () => {
      const found = heard.filter((event) => event.name === name);
      return found.length >= count && found.at(-1).payload;
    }, 10);
}

function connect(url, options) {
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  const heard = ears(socket);
  const answer = new Promise((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', reject);
  });
  return within(`${url} connects`, answer).then(() => ({ socket, heard }));
}

/** Puts somebody into another's company, of which they are notified. */
async function notify(bob) {
  await invite(on.a.base, await person(on.a.base), bob);
}

async function newestNotification(who) {
  const query = '{ viewer { notifications(first: 1) { nodes { id readAt } } } }';
  const { viewer } = await graphql(on.a.base, who.token, query);
  return viewer.notifications.nodes[0];
}

describe('the specification', () => {
  test('3.1: a socket, its rooms, and `connected`', async () => {
    const ann = await person(on.a.base);
    const shown = run(
      `const socket = io('http://localhost:8000/ws', {
  auth: {
    token: 'your_jwt_access_token'
  }
});`,
      { base: on.a.base, token: ann.token },
    );
    const heard = ears(shown.sockets[0]);
    const [connected] = await heard('connected');
    assert.deepEqual(pick(connected, ['message', 'user_id', 'tenant_id']), {
      message: CONNECTED,
      user_id: ann.user,
      tenant_id: ann.tenant,
    });
    // Both of its rooms: the company's, and the person's.
    await createJob(on.a.base, ann);
    await heard('status:completed');
    await notify(ann);
    await heard('notification:new');
  });

  test('3.2: ping is answered by pong, with an argument or without', async () => {
    const { token } = await person(on.a.base);
    const { socket, heard } = await connect(`${on.a.base}/ws`, { auth: { token } });
    socket.emit('ping');
    assert.deepEqual(await heard('pong'), []);
    socket.emit('ping', { at: 1 });
    assert.deepEqual(await heard('pong', 2), []);
  });

  test('3.3: notifications have a namespace, and are marked as read there', async () => {
    const bob = await person(on.a.base);
    await notify(bob);
    const { id, readAt } = await newestNotification(bob);
    assert.equal(readAt, null);
    const snippet = `const notifSocket = io('http://localhost:8000/ws/notifications', {
  auth: { token: 'jwt_token' }
});

notifSocket.emit('notification_read', {
  notification_id: 'uuid'
});`;
    const shown = run(snippet.replace('uuid', id), { base: on.a.base, token: bob.token });
    const heard = ears(shown.sockets[0]);
    assert.deepEqual(await heard('notification_read_confirmed'), [{ notification_id: id }]);
    assert.notEqual((await newestNotification(bob)).readAt, null);
  });

  test('9.3: events are handled, and the connection is kept alive', async () => {
    const ann = await person(on.a.base);
    const shown = run(
      `// Подключение
const socket = io('http://localhost:8000/ws', {
  auth: {
    token: accessToken
  }
});

// Обработка событий
socket.on('connected', (data) => {
  console.log('Connected:', data);
});

socket.on('notification', (data) => {
  console.log('New notification:', data);
});

// Keepalive
setInterval(() => {
  socket.emit('ping');
}, 30000);`,
      { base: on.a.base, token: ann.token },
    );
    const heard = ears(shown.sockets[0]);
    const printed = (what) =>
      until(what, () => shown.log.find(([words]) => words === what)?.[1], 10);
    assert.equal((await printed('Connected:')).message, CONNECTED);
    await notify(ann);
    const told = await printed('New notification:');
    assert.deepEqual(Object.keys(pick(told, ['id', 'title', 'message', 'type', 'created_at'])).length, 5);
    // The other name of the same thing.
    assert.equal((await heard('notification:new'))[0].id, told.id);
    await heard('pong', 3);
    shown.stop();
  });

  test('every namespace, by every way to connect', async () => {
    const ann = await person(on.a.base);
    const auth = { token: ann.token };
    for (const path of ['/socket.io', '/ws/socket.io']) {
      for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
        const names = ['', '/notifications', '/provisioning', '/billing'];
        const sockets = await Promise.all(
          [...names, '/ws', ...names.slice(1).map((name) => `/ws${name}`)].map((name) =>
            connect(`${on.a.base}${name}`, { path, transports, auth }),
          ),
        );
        await createJob(on.a.base, ann, 'backup_site');
        const hearsJobs = ({ socket }) => !/notifications|billing/.test(socket.nsp);
        for (const { heard } of sockets.filter(hearsJobs)) await heard('status:update');
        sockets.forEach(({ socket }) => socket.disconnect());
      }
    }
  });
});

describe('the client in the field', () => {
  const options = { path: '/socket.io', transports: ['websocket'] };

  test('everything comes to its one socket', async () => {
    const ann = await person(on.a.base);
    const auth = { token: ann.token };
    const { socket, heard } = await connect(`${on.a.base}/ws`, { ...options, auth });
    assert.equal(socket.io.engine.transport.name, 'websocket');
    await heard('connected');

    const job = await done(on.a.base, ann, 'create_site');
    const [update] = await heard('status:update');
    assert.deepEqual(missing(update, ['job_id', 'tenant_id', 'status', 'progress', 'message']), []);
    const [completed] = await heard('status:completed');
    assert.equal(completed.job_id, job);
    assert.deepEqual(missing(completed, ['tenant_id', 'status', 'result', 'erpnext_url']), []);
    for (const told of [update, completed]) {
      assert.deepEqual(missing(told, ['seq', 'occurred_at', 'cursor']), []);
      assert.match(told.occurred_at, /Z$/);
    }
    assert.ok(completed.seq > update.seq);

    const [note] = await heard('notification:new');
    assert.deepEqual(missing(note, ['id', 'title', 'message', 'type', 'created_at']), []);
    assert.ok(['info', 'success', 'warning', 'error'].includes(note.type));
    socket.emit('notification_read', { notification_id: note.id });
    assert.deepEqual(await heard('notification_read_confirmed'), [{ notification_id: note.id }]);
  });

  test('a job that is called off has failed', async () => {
    const ann = await person(on.a.base);
    const auth = { token: ann.token };
    const { heard } = await connect(`${on.a.base}/ws`, { ...options, auth });
    // Nothing can be backed up here, so that it fails when nobody calls it off.
    const { id } = await createJob(on.a.base, ann, 'backup_site');
    const [failed] = await heard('status:failed');
    assert.equal(failed.job_id, id);
    assert.equal(failed.status, 'failed');
    assert.equal(typeof failed.error, 'string');
  });

  test('the library comes back with the same token, and with a cursor misses nothing', async () => {
    const ann = await person(on.a.base);
    const seqs = [];
    let cursor;
    const socket = io(`${on.a.base}/ws`, {
      ...options,
      forceNew: true,
      reconnectionDelay: 50,
      auth: (give) => give({ token: ann.token, ...(cursor ? { after: cursor } : {}) }),
    });
    const heard = ears(socket);
    socket.on('status:completed', (told) => {
      seqs.push(told.seq);
      cursor = told.cursor;
    });
    await heard('connected');
    await done(on.a.base, ann, 'create_site');
    await heard('status:completed');
    socket.io.engine.close();
    await done(on.a.base, ann, 'backup_site');
    await heard('connected', 2);
    await done(on.a.base, ann, 'backup_site');
    await until('three jobs are heard of', () => seqs.length === 3);
    assert.deepEqual(seqs, [...seqs].sort((one, other) => one - other));
    assert.equal(new Set(seqs).size, 3);
  });
});

function pick(object, keys) {
  return Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]]));
}

function missing(object, keys) {
  return keys.filter((key) => !(key in object));
}
