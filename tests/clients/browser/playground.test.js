// The playground as a person uses it, with the network closed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, open } from './browser.js';
import { api, start } from './program.js';

let program;
let browser;

before(async () => {
  program = await start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

const DEMO = { email: 'test@example.com', password: 'password' };

/** Opens the playground and waits until it knows the schema and has its editors. */
async function playground(options) {
  const visit = await open(browser, `${program.base}/graphql`, options);
  await visit.page.locator('.graphiql-query-editor .view-line').first().waitFor();
  await visit.page.getByRole('button', { name: 'Show Documentation Explorer' }).waitFor();
  return visit;
}

async function signIn(page, { email, password } = DEMO) {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
}

const signedIn = (page) => page.locator('.bar-name').getByText('Test User');
const run = (page) => page.getByRole('button', { name: /^Execute query/ }).click();
const result = (page, text) => page.locator('.result-window').getByText(text).first();
const pane = (page, name) => page.getByRole('button', { name: `Show ${name}` }).click();

/** What the tab keeps of the session. */
const kept = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('erpmax:tokens')));

test('the banner says that the built page is served', () => {
  assert.match(program.banner, /Playground +http:\S+\/graphql in a browser$/m);
  assert.match(program.banner, /\/redoc/);
});

test('somebody signs in, runs a query and sees the result', async () => {
  const { page, response, shot, behaved } = await playground();
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
  const { page, shot, behaved } = await playground();
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
  const { page, shot, behaved } = await playground();
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
  const { page, shot, behaved } = await playground();
  await page.getByRole('button', { name: 'New tab' }).click();
  await pane(page, 'Explorer');
  await page.locator('.graphiql-explorer-root').getByText('permissions', { exact: true }).click();
  await page.locator('.graphiql-query-editor').getByText('permissions').waitFor();
  await shot('playground-explorer');
  await behaved();
});

test('a token that ends is renewed without a word, and a session that ends is told', async () => {
  const { page, shot, behaved } = await playground();
  await signIn(page);
  await signedIn(page).waitFor();
  const first = await kept(page);

  // Its end has come by the clock.
  await page.evaluate(() => {
    const tokens = JSON.parse(sessionStorage.getItem('erpmax:tokens'));
    sessionStorage.setItem('erpmax:tokens', JSON.stringify({ ...tokens, endsAt: 0 }));
  });
  await page.reload();
  await signedIn(page).waitFor();
  const second = await kept(page);
  assert.notEqual(second.accessToken, first.accessToken);

  // The server refuses it before that.
  await page.evaluate(() => {
    const tokens = JSON.parse(sessionStorage.getItem('erpmax:tokens'));
    const accessToken = `${tokens.accessToken}x`;
    sessionStorage.setItem('erpmax:tokens', JSON.stringify({ ...tokens, accessToken }));
  });
  await page.reload();
  await signedIn(page).waitFor();
  await run(page);
  await result(page, '"test@example.com"').waitFor();
  const third = await kept(page);
  assert.ok(third.accessToken !== second.accessToken && !third.accessToken.endsWith('x'));

  // The session is ended elsewhere.
  await api(program.base, 'POST', '/api/v1/auth/logout', undefined, third.accessToken);
  await run(page);
  await page.getByText('Your session is over').waitFor();
  await shot('playground-session-over');
  assert.equal(await kept(page), null);
  await behaved();
});

test('somebody with two companies switches, and signs out', async () => {
  const cleo = await api(program.base, 'POST', '/api/v1/auth/register', {
    email: 'cleo@example.com',
    password: 'saffron-glacier-77',
    full_name: 'Cleo Diaz',
    company_name: 'Globex',
  });
  const invite = { email: DEMO.email, role: 'admin' };
  const path = `/api/v1/tenants/${cleo.current_tenant.id}/users/invite`;
  await api(program.base, 'POST', path, invite, cleo.access_token);

  const { page, shot, behaved } = await playground({ colorScheme: 'dark' });
  await signIn(page);
  await signedIn(page).click();
  await page.getByLabel('Company').selectOption({ label: 'Globex (admin)' });
  await page.locator('.bar-where').getByText('Globex').waitFor();
  await shot('playground-company');
  await page.keyboard.press('Escape');
  await run(page);
  await result(page, '"Globex"').waitFor();

  const { accessToken } = await kept(page);
  await signedIn(page).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.bar').getByRole('button', { name: 'Sign in', expanded: true }).waitFor();
  assert.equal(await kept(page), null);
  await assert.rejects(api(program.base, 'GET', '/api/v1/auth/me', undefined, accessToken));
  await behaved();
});

test('the Headers tab goes before the session', async () => {
  const { page, behaved } = await playground();
  await signIn(page);
  await signedIn(page).waitFor();
  await page.getByRole('button', { name: 'Headers', exact: true }).click();
  await page.locator('.graphiql-editor-tool .graphiql-editor:visible').click();
  await page.keyboard.insertText('{"Authorization": "Bearer nonsense"}');
  await run(page);
  await result(page, '"UNAUTHENTICATED"').waitFor();
  await signedIn(page).waitFor();
  await behaved();
});

/** Writes an operation into the editor of a new tab. */
async function write(page, operation, title) {
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.locator('.graphiql-query-editor .monaco-editor').click();
  await page.keyboard.insertText(operation);
  await page.getByRole('tab', { name: title }).waitFor();
}

test('a subscription listens over a socket with the token, and shows what comes', async () => {
  const { page, shot, behaved } = await playground();
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

test('a subscription that cannot be opened says so', async () => {
  const { page, expect, behaved } = await playground();
  await page.routeWebSocket(/\/graphql$/, (socket) => socket.close({ code: 4403, reason: 'No' }));
  await write(page, 'subscription Listen { something }', 'Listen');
  await run(page);
  await result(page, /closed: 4403, No/).waitFor();
  expect(/WebSocket/);
  await behaved();
});
