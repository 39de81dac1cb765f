// The licences of everything that may be inside the pages, as a file that every page names: those who
// wrote it ask for no more than that.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

interface Package {
  version?: string;
  license?: string;
  dev?: boolean;
}

export function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'asset', name: 'licences.txt', source: texts() });
    },
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle }) {
        const file = Object.keys(bundle ?? {}).find((name) => name.includes('/licences-'));
        if (!file) throw new Error('the licences are not there');
        return [{ tag: 'link', attrs: { rel: 'license', href: `./${file}` }, injectTo: 'head' }];
      },
    },
  };
}

function texts(): string {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, Package>;
  };
  const used = Object.entries(lock.packages).filter(([path, { dev }]) => path && !dev);
  return used.map(([path, about]) => text(path, about)).join(`\n${'-'.repeat(80)}\n\n`);
}

function text(path: string, { version, license }: Package): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const files = existsSync(path) ? readdirSync(path) : [];
  const words = files
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(`${path}/${file}`, 'utf8').trim());
  return [`${name} ${version ?? ''} (${license ?? 'see its text'})`, ...words].join('\n\n') + '\n';
}
