// ReDoc's standalone file is a script that makes a worker from a text inside it and loads a picture
// from its maker's site. Here it becomes a module, the worker a file, and the picture goes, so that the
// page needs neither `blob:` in its policy nor a network. A version in which these places look
// different fails the build.

import { runInNewContext } from 'node:vm';
import type { Plugin } from 'vite';

const STANDALONE = /redoc\.standalone\.js$/;
const WORKER =
  /new Worker\(URL\.createObjectURL\(new Blob\(\[('(?:[^'\\]|\\.)*')\](?:,\{[^}]*\})?\)\)(?:,\{[^}]*\})?\)/g;
const PICTURE = /"https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini\.svg"/g;
const NO_PICTURE = '"data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="';

export function selfContainedRedoc(): Plugin {
  let serves = false;
  return {
    name: 'self-contained-redoc',
    config: () => ({ optimizeDeps: { exclude: ['redoc'] } }),
    configResolved({ command }) {
      serves = command === 'serve';
    },
    transform(code, id) {
      if (!STANDALONE.test(id.split('?')[0] ?? '')) return null;
      only(PICTURE, code);
      const plain = code.replace(PICTURE, NO_PICTURE);
      // `npm run dev` has no policy to keep to, and no files to emit.
      if (serves) return { code: asModule(plain), map: null };
      const text: unknown = runInNewContext(only(WORKER, code)[1] ?? '');
      if (typeof text !== 'string') this.error('the worker of ReDoc is no text any more');
      const file = this.emitFile({ type: 'asset', name: 'redoc-search.js', source: text });
      const worker = `new Worker(import.meta.ROLLUP_FILE_URL_${file})`;
      return { code: asModule(plain.replace(WORKER, () => worker)), map: null };
    },
  };
}

/** The one place that looks like this. */
function only(pattern: RegExp, code: string): RegExpMatchArray {
  const [found, ...more] = code.matchAll(pattern);
  if (!found || more.length > 0) {
    throw new Error(`ReDoc has ${more.length + (found ? 1 : 0)} places like ${pattern}, not one`);
  }
  return found;
}

/** Without a module system in sight the script leaves what it has as a property of the window. */
function asModule(script: string): string {
  return `(function (exports, module, define, require) {\n${script}\n}).call(globalThis);
export const { init } = globalThis.Redoc;`;
}
