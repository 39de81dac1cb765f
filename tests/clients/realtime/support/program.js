// The real program in a directory of its own, which can be killed and started again in its place.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { until } from './wait.js';

const ROOT = resolve(import.meta.dirname, '../../../..');
const PROGRAM = resolve(process.env.ERPMAX ?? join(ROOT, 'target/debug/erpmax'));

/** What all servers of these tests have: room for tests that hurry, and jobs that take no time. */
const USUAL = {
  LOG_FORMAT: 'json',
  LOG_FILTER: 'warn',
  RATE_LIMIT_SCALE: '10000',
  MAX_SESSIONS_PER_ACCOUNT: '1000',
  REALTIME_CONNECTIONS_PER_USER: '1000',
  PROVISION_DRY_RUN_MILLISECONDS: '0',
  HASHING_QUEUE: '1000',
};

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A server that is there until it is stopped or killed; `start` brings it back where it was. */
export class Program {
  constructor(port, settings) {
    this.dir = mkdtempSync(join(tmpdir(), 'erpmax-realtime-'));
    this.log = join(this.dir, 'log');
    this.port = port;
    this.base = `http://127.0.0.1:${port}`;
    this.env = { ...USUAL, PORT: String(port), ...settings };
  }

  static async start(settings = {}) {
    const program = new Program(await freePort(), settings);
    await program.start();
    return program;
  }

  async start() {
    const log = openSync(this.log, 'a');
    const stdio = ['ignore', log, log];
    this.child = spawn(PROGRAM, ['serve'], { cwd: this.dir, env: this.env, stdio });
    this.ended = once(this.child, 'exit');
    await until('a server that serves', async () => {
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.said()}`);
      const answer = await fetch(`${this.base}/health/ready`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.ok;
    }, 60);
  }

  /** As when the machine loses its power. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** As for a new version; what it keeps is in `dir`. */
  async pause() {
    this.child.kill('SIGTERM');
    const [status] = await this.ended;
    const said = this.said();
    if (status !== 0 || said.includes('panicked')) throw new Error(`ended with ${status}: ${said}`);
  }

  async stop() {
    try {
      await this.pause();
    } finally {
      rmSync(this.dir, { recursive: true });
    }
  }

  said() {
    return readFileSync(this.log, 'utf8');
  }
}
