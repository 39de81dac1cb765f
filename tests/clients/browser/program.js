// The real program on its embedded stack, in an empty directory, with the demo accounts.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../../..');
const PROGRAM = resolve(process.env.ERPMAX ?? join(ROOT, 'target/debug/erpmax'));

/** Starts the program; `settings` are environment variables beside the usual ones. */
export async function start(settings = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'erpmax-browser-'));
  const env = { PORT: '0', LOG_FORMAT: 'pretty', ...settings };
  await promisify(execFile)(PROGRAM, ['seed', 'demo'], { cwd: dir, env });
  const child = spawn(PROGRAM, ['serve'], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let complaints = '';
  child.stderr.on('data', (text) => (complaints += text));
  const lines = createInterface({ input: child.stdout });
  let base;
  const banner = [];
  for await (const line of lines) {
    banner.push(line);
    base ??= /GraphQL\s+(http:\S+)\/graphql/.exec(line)?.[1];
    if (line.startsWith('Ctrl-C')) break;
  }
  if (!base) throw new Error(`the program does not serve: ${complaints}`);
  // It may say more, and must not wait for a reader.
  child.stdout.resume();
  return {
    base,
    banner: banner.join('\n'),
    dir,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    },
  };
}

/** What a program without a browser gets. */
export async function api(base, method, path, body, token) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.data;
}

/** The link in the letter to this address; waits until it was sent. */
export async function invitationLink(program, email) {
  const mail = join(program.dir, 'data/mail');
  const deadline = Date.now() + 30_000;
  for (;;) {
    for (const name of await readdir(mail).catch(() => [])) {
      const letter = await readFile(join(mail, name), 'utf8');
      const link = letter.includes(email) && /http\S+\/join#\S+/.exec(letter)?.[0];
      if (link) return link;
    }
    if (Date.now() > deadline) throw new Error(`no letter to ${email}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
