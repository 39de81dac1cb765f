// Who is signed in to the playground, for how long, and where.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEMO, kept, playground, result, run, signIn, signedIn } from './playground.js';
import { api } from './program.js';
import { stage } from './stage.js';

const on = stage();

test('a token that ends is renewed without a word, and a session that ends is told', async () => {
  const { page, shot, behaved } = await playground(on);
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
  await api(on.program.base, 'POST', '/api/v1/auth/logout', undefined, third.accessToken);
  await run(page);
  await page.getByText('Your session is over').waitFor();
  await shot('playground-session-over');
  assert.equal(await kept(page), null);
  await behaved();
});

test('somebody with two companies switches, and signs out', async () => {
  const cleo = await api(on.program.base, 'POST', '/api/v1/auth/register', {
    email: 'cleo@example.com',
    password: 'saffron-glacier-77',
    full_name: 'Cleo Diaz',
    company_name: 'Globex',
  });
  const invite = { email: DEMO.email, role: 'admin' };
  const path = `/api/v1/tenants/${cleo.current_tenant.id}/users/invite`;
  await api(on.program.base, 'POST', path, invite, cleo.access_token);

  const { page, shot, behaved } = await playground(on, { colorScheme: 'dark' });
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
  await assert.rejects(api(on.program.base, 'GET', '/api/v1/auth/me', undefined, accessToken));
  await behaved();
});

test('the Headers tab goes before the session', async () => {
  const { page, behaved } = await playground(on);
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
