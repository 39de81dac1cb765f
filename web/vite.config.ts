// How the pages are built: two documents, their scripts and styles, every name with a hash of its
// content, nothing inlined that the content security policy would have to name.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

import { compress } from './build/compress';
import { licences } from './build/licences';
import { selfContainedRedoc } from './build/redoc';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// `npm run dev` asks a server that runs beside it.
const server = process.env.ERPMAX_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  // The server replaces `./assets/` by where it is reached, which may be below a path.
  base: './',
  plugins: [selfContainedRedoc(), licences(), compress()],
  esbuild: { jsx: 'automatic' },
  worker: { format: 'es' },
  server: {
    fs: { allow: [here('..')] },
    proxy: {
      '/graphql': { target: server, ws: true },
      '/openapi.json': server,
      '/docs': server,
    },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    // The editor is one large piece, and loaded once.
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { playground: here('playground.html'), redoc: here('redoc.html') },
      onwarn(warning, warn) {
        // "use client" and the like speak to tools that are not used here.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
