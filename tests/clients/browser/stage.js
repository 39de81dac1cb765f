// What every file of tests needs: a program and a browser, for as long as its tests run.

import { after, before } from 'node:test';

import { launch } from './browser.js';
import { start } from './program.js';

export function stage() {
  const on = { program: undefined, browser: undefined };
  before(async () => {
    on.program = await start();
    on.browser = await launch();
  });
  after(async () => {
    await on.browser?.close();
    await on.program?.stop();
  });
  return on;
}
