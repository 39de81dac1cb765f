// What the tests of the playground do in it.

import { open } from './browser.js';

export const DEMO = { email: 'test@example.com', password: 'password' };

/** Opens the playground and waits until it knows the schema and has its editors. */
export async function playground({ browser, program }, options) {
  const visit = await open(browser, `${program.base}/graphql`, options);
  await visit.page.locator('.graphiql-query-editor .view-line').first().waitFor();
  await visit.page.getByRole('button', { name: 'Show Documentation Explorer' }).waitFor();
  return visit;
}

export async function signIn(page, { email, password } = DEMO) {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
}

export const signedIn = (page) => page.locator('.bar-name').getByText('Test User');
export const run = (page) => page.getByRole('button', { name: /^Execute query/ }).click();
// The editor writes its spaces as others; a text is compared without regard to that, a pattern not.
export const result = (page, text) => page.locator('.result-window').getByText(text).first();
export const pane = (page, name) => page.getByRole('button', { name: `Show ${name}` }).click();

/** What the tab keeps of the session. */
export const kept = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('erpmax:tokens')));

/** Writes an operation into the editor of a new tab. */
export async function write(page, operation, title) {
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.locator('.graphiql-query-editor .monaco-editor').click();
  await page.keyboard.insertText(operation);
  await page.getByRole('tab', { name: title }).waitFor();
}
