// Chromium with the network closed, and pages that note everything a page must not do.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';

import { chromium } from 'playwright-core';

const SCREENSHOTS = resolve(import.meta.dirname, '../../../target/screenshots');

/** Starts the browser. */
export async function launch() {
  await mkdir(SCREENSHOTS, { recursive: true });
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    // Containers give it no namespaces of its own.
    chromiumSandbox: false,
    args: [
      // No name leads anywhere, so whatever is not on this machine cannot be reached.
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Opens an address; `behaved` says at the end that the page kept to the rules. */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const broken = [];
  const expected = [];
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const own = hostname === '127.0.0.1' || protocol === 'data:';
    if (!own) broken.push(`asks for ${request.url()}`);
  });
  page.on('pageerror', (error) => broken.push(`fails: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') broken.push(`says ${message.text()}`);
  });
  await page.exposeFunction('noteViolation', (text) => broken.push(`breaks its policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.noteViolation(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const response = await page.goto(address);
  return {
    page,
    response,
    /** Something that a test makes happen, which the browser calls an error. */
    expect: (pattern) => expected.push(pattern),
    shot: (name) => page.screenshot({ path: `${SCREENSHOTS}/${name}.png` }),
    async behaved() {
      const others = broken.filter((line) => !expected.some((pattern) => pattern.test(line)));
      assert.deepEqual(others, []);
      await context.close();
    },
  };
}
