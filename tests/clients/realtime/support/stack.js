// What a file of tests runs against: one server on the embedded stack, or two servers that share
// PostgreSQL, RabbitMQ and a Redis of their own.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before } from 'node:test';
import { promisify } from 'node:util';

import { Program, freePort } from './program.js';
import { until } from './wait.js';

const run = promisify(execFile);
const DATABASE = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const RABBITMQ = process.env.TEST_RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672';
// The script removes what begins with it, should this process not live to do so.
const PREFIX = process.env.REALTIME_PREFIX ?? 'erpmax_realtime';

/** A key of the test's own lets it make tokens that are about to end. */
export const SECRET = randomBytes(32).toString('hex');

/** One server, in process all of it: `on.a` and `on.b` are the same. */
export function embedded(settings = {}) {
  const on = {};
  before(async () => {
    on.a = await Program.start({ SECRET_KEY: SECRET, ...settings });
    on.b = on.a;
    on.sql = (text) => sqlite(`${on.a.dir}/data/erpmax.db`, text);
  });
  after(async () => {
    await on.a?.stop();
  });
  return on;
}

/** Two servers, `on.a` and `on.b`; `on.redis` can be killed, `on.sql` asks the database. */
export function replicas(settings = {}) {
  const on = {};
  const name = `${PREFIX}_${process.pid}`;
  before(async () => {
    await psql(DATABASE, `CREATE DATABASE ${name}`);
    on.database = `${DATABASE.slice(0, DATABASE.lastIndexOf('/'))}/${name}`;
    on.sql = (text) => psql(on.database, text);
    on.redis = await Redis.start();
    const shared = {
      SECRET_KEY: SECRET,
      DATABASE_URL: on.database,
      REDIS_URL: on.redis.url,
      RABBITMQ_URL: RABBITMQ,
      RABBITMQ_PREFIX: name,
      WORKER_IN_PROCESS: 'yes',
      ...settings,
    };
    // One after the other: the first makes the tables.
    on.a = await Program.start(shared);
    on.b = await Program.start(shared);
  });
  after(async () => {
    await Promise.all([on.a?.stop(), on.b?.stop()]);
    await on.redis?.kill();
    if (on.database) await psql(DATABASE, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  return on;
}

/** Python has it, and is there for its client. */
async function sqlite(file, statement) {
  const ask = 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())';
  const { stdout } = await run('python3', ['-c', ask, file, statement]);
  return stdout.trim();
}

async function psql(url, statement) {
  const quiet = ['--quiet', '--no-psqlrc', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
  const { stdout } = await run('psql', [...quiet, url, '--command', statement]);
  return stdout.trim();
}

class Redis {
  static async start() {
    const redis = new Redis();
    redis.port = await freePort();
    redis.url = `redis://127.0.0.1:${redis.port}`;
    await redis.start();
    return redis;
  }

  async start() {
    const settings = ['--port', this.port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.child = spawn('redis-server', settings.map(String), { stdio: 'ignore' });
    this.ended = once(this.child, 'exit');
    await until('Redis', async () => {
      const answer = await run('redis-cli', ['-u', this.url, 'ping']).catch(() => undefined);
      return answer?.stdout.trim() === 'PONG';
    });
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
