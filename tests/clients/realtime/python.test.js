// The Python library's client does the same.

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { person } from './support/people.js';
import { embedded } from './support/stack.js';

const on = embedded();

test('python-socketio connects, hears, marks as read, and is refused', async () => {
  const python = process.env.REALTIME_PYTHON;
  if (!python) throw new Error('REALTIME_PYTHON is the Python that has python-socketio; see .ci/realtime');
  const ann = await person(on.a.base);
  const script = resolve(import.meta.dirname, 'client.py');
  await promisify(execFile)(python, [script, on.a.base, ann.token], { timeout: 60_000 });
});
