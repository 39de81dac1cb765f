// The other pages, with the network closed: the REST reference, Swagger UI, the page of an invitation.

import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';

import { open } from './browser.js';
import { api, invitationLink, start } from './program.js';
import { stage } from './stage.js';

const on = stage();

test('the REST reference shows operations and finds them', async () => {
  const { page, response, shot, behaved } = await open(on.browser, `${on.program.base}/redoc`);
  assert.equal(response.status(), 200);
  await page.getByRole('heading', { name: 'Sign in.' }).waitFor();
  await page.getByText('/api/v1/auth/login').first().waitFor();
  await shot('redoc');
  await page.getByPlaceholder('Search').fill('invite');
  const found = page.locator('[data-role="search:results"]');
  await found.getByText('Invite somebody into a company.').click();
  await page.waitForURL(/#/);
  await shot('redoc-found');
  await behaved();
});

test('Swagger UI shows operations and tries them', async () => {
  const { page, shot, behaved } = await open(on.browser, `${on.program.base}/docs`);
  await page.getByText('/api/v1/billing/plans').first().click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.locator('.live-responses-table').getByText('"Trial"').first().waitFor();
  await shot('docs');
  await behaved();
});

test('somebody joins by the link in their letter', async () => {
  const { base } = on.program;
  const ann = await api(base, 'POST', '/api/v1/auth/register', {
    email: 'ann@example.com',
    password: 'plum-tractor-velvet',
    full_name: 'Ann Lee',
    company_name: 'Acme',
  });
  const invite = { email: 'bob@example.com', role: 'member' };
  const path = `/api/v1/tenants/${ann.current_tenant.id}/users/invite`;
  await api(base, 'POST', path, invite, ann.access_token);
  const link = await invitationLink(on.program, 'bob@example.com');

  const { page, shot, behaved } = await open(on.browser, link);
  await page.getByLabel('Your name').fill('Bob Ray');
  await page.getByLabel('Choose a password').fill('quartz-lantern-mossy');
  await shot('join');
  await page.getByRole('button', { name: 'Create account and join' }).click();
  await page.getByText('Acme').first().waitFor();
  await shot('joined');
  await behaved();
});

test('all of it works below a path', async () => {
  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url.replace(/^\/erp\//, '/');
    const address = new URL(path, below.base);
    const { method, headers } = incoming;
    const onward = request(address, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
  const base = `http://127.0.0.1:${proxy.address().port}/erp`;
  const below = await start({ PUBLIC_URL: base });
  try {
    const playground = await open(on.browser, `${base}/graphql`);
    await playground.page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await playground.page.getByRole('button', { name: /^Execute query/ }).click();
    await playground.page.getByText('"UNAUTHENTICATED"').first().waitFor();
    await playground.behaved();
    for (const path of ['redoc', 'docs/']) {
      const other = await open(on.browser, `${base}/${path}`);
      await other.page.getByText('/api/v1/auth/login').first().waitFor();
      await other.behaved();
    }
  } finally {
    proxy.closeAllConnections();
    proxy.close();
    await below.stop();
  }
});
