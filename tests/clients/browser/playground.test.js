// The playground as a person uses it, with the network closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEMO, kept, pane, playground, result, run, signIn, signedIn, write } from './playground.js';
import { api } from './program.js';
import { stage } from './stage.js';

const on = stage();

test('the banner says that the built page is served', () => {
  assert.match(on.program.banner, /Playground +http:\S+\/graphql in a browser$/m);
  assert.match(on.program.banner, /\/redoc/);
});

test('somebody signs in, runs a query and sees the result', async () => {
  const { page, response, shot, behaved } = await playground(on);
  const policy = response.headers()['content-security-policy'];
  assert.doesNotMatch(policy, /unsafe-eval|blob:|https?:|\*/);
  await shot('playground');
  await run(page);
  await result(page, '"UNAUTHENTICATED"').waitFor();
  await signIn(page, { ...DEMO, password: 'wrong' });
  await page.locator('.panel-problem').waitFor();
  await shot('playground-refused');
  await page.getByLabel('Password').fill(DEMO.password);
  await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
  await signedIn(page).waitFor();
  await run(page);
  await result(page, '"test@example.com"').waitFor();
  await shot('playground-result');
  await behaved();
});

test('the reference describes types', async () => {
  const { page, shot, behaved } = await playground(on);
  await pane(page, 'Documentation Explorer');
  await page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Tenant', exact: true }).click();
  const about = page.locator('.graphiql-doc-explorer .graphiql-markdown-description').first();
  await about.waitFor();
  assert.ok((await about.textContent()).length > 10);
  await page.locator('.graphiql-doc-explorer').getByText('viewerPermissions').waitFor();
  await shot('playground-reference');
  await behaved();
});

test('an example opens with the variables that it needs, and runs', async () => {
  const { page, shot, behaved } = await playground(on);
  await signIn(page);
  await signedIn(page).waitFor();
  await pane(page, 'Examples');
  await page.getByLabel('Find an operation').fill('invite somebody');
  await page.getByRole('button', { name: /^Invite member/ }).click();
  await page.getByRole('tab', { name: 'InviteMember' }).waitFor();
  await page.locator('.graphiql-editor').getByText('"email"').first().waitFor();
  await shot('playground-example');
  await page.getByLabel('Find an operation').fill('price page');
  await page.getByRole('button', { name: /^Plans/ }).click();
  await page.getByRole('tab', { name: 'Plans' }).waitFor();
  await run(page);
  await result(page, '"priceMonthly"').waitFor();
  await behaved();
});

test('the explorer builds an operation', async () => {
  const { page, shot, behaved } = await playground(on);
  await page.getByRole('button', { name: 'New tab' }).click();
  await pane(page, 'Explorer');
  await page.locator('.graphiql-explorer-root').getByText('permissions', { exact: true }).click();
  await page.locator('.graphiql-query-editor').getByText('permissions').waitFor();
  await shot('playground-explorer');
  await behaved();
});

test('a subscription listens over a socket with the token, and shows what comes', async () => {
  const { page, shot, behaved } = await playground(on);
  const heard = [];
  // In the server's place, so that it is the page alone that is looked at.
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    socket.onMessage((text) => {
      const message = JSON.parse(text);
      heard.push(message);
      const answer = (type, more = {}) => socket.send(JSON.stringify({ type, ...more }));
      if (message.type === 'connection_init') answer('connection_ack');
      if (message.type === 'subscribe') {
        answer('next', { id: message.id, payload: { data: { something: 'has happened' } } });
        answer('complete', { id: message.id });
      }
    });
  });
  await signIn(page);
  await signedIn(page).waitFor();
  await write(page, 'subscription Listen { something }', 'Listen');
  await run(page);
  await result(page, '"has happened"').waitFor();
  await shot('playground-subscription');
  const { accessToken } = await kept(page);
  assert.deepEqual(heard[0], {
    type: 'connection_init',
    payload: { authorization: `Bearer ${accessToken}` },
  });
  assert.equal(heard[1].payload.operationName, 'Listen');
  await behaved();
});

test('an example that listens hears what the server tells', async () => {
  const { page, shot, behaved } = await playground(on);
  await signIn(page);
  await signedIn(page).waitFor();
  await pane(page, 'Examples');
  await page.getByLabel('Find an operation').fill('listen to provisioning');
  await page.getByRole('button', { name: /^Listen to provisioning/ }).click();
  await page.getByRole('tab', { name: 'ListenToProvisioning' }).waitFor();
  const opened = page.waitForEvent('websocket');
  await run(page);
  const socket = await opened;
  await socket.waitForEvent('framesent', ({ payload }) => payload.includes('"subscribe"'));
  const { accessToken } = await kept(page);
  const job = { job_type: 'create_instance' };
  await api(on.program.base, 'POST', '/api/v1/provisioning/jobs', job, accessToken);
  await result(page, '"ProvisioningCompleted"').waitFor();
  await shot('playground-listening');
  await behaved();
});

test('a subscription that cannot be opened says so', async () => {
  const { page, expect, behaved } = await playground(on);
  await page.routeWebSocket(/\/graphql$/, (socket) => socket.close({ code: 4403, reason: 'No' }));
  await write(page, 'subscription Listen { something }', 'Listen');
  await run(page);
  await result(page, 'The socket was closed: 4403, No.').waitFor();
  expect(/WebSocket/);
  await behaved();
});
