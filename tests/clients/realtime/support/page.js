// The blocks of JavaScript in docs/REALTIME.md, by their names.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/REALTIME.md'), 'utf8');

export const blocks = new Map(
  [...page.matchAll(/^```js (\S+)\n(.*?)^```$/gms)].map(([, name, code]) => [name, code]),
);
