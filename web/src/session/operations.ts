// The operations that the page itself sends are the documented ones, so tests hold them to the schema.

import logOut from '../../../docs/operations/log-out.graphql?raw';
import refreshToken from '../../../docs/operations/refresh-token.graphql?raw';
import signIn from '../../../docs/operations/sign-in.graphql?raw';
import switchTenant from '../../../docs/operations/switch-tenant.graphql?raw';
import tenantSwitcher from '../../../docs/operations/tenant-switcher.graphql?raw';
import viewer from '../../../docs/operations/viewer.graphql?raw';

import { ask } from './api';
import type { SentTokens } from './tokens';

export interface Place {
  role: string;
  tenant: { id: string; name: string };
}

export interface Person {
  email: string;
  fullName: string | null;
  isSuperuser: boolean;
  currentTenant: { id: string; name: string; viewerRole: string | null } | null;
  places: Place[];
}

export async function signedIn(email: string, password: string): Promise<SentTokens> {
  type Answer = { login: { tokens: SentTokens } };
  return (await ask<Answer>(signIn, { email, password })).login.tokens;
}

export async function refreshed(token: string): Promise<SentTokens> {
  type Answer = { refreshToken: { tokens: SentTokens } };
  return (await ask<Answer>(refreshToken, { refreshToken: token })).refreshToken.tokens;
}

export async function switched(tenantId: string, token: string): Promise<SentTokens> {
  type Answer = { switchTenant: { tokens: SentTokens } };
  return (await ask<Answer>(switchTenant, { tenantId }, token)).switchTenant.tokens;
}

export async function signedOut(token: string): Promise<void> {
  await ask(logOut, {}, token);
}

/** Who a token stands for, and where they are members: the first hundred places. */
export async function whoIs(token: string): Promise<Person> {
  type Places = { viewer: { memberships: { nodes: Place[] } } };
  const [{ viewer: person }, { viewer: at }] = await Promise.all([
    ask<{ viewer: Omit<Person, 'places'> }>(viewer, {}, token),
    ask<Places>(tenantSwitcher, { first: 100 }, token),
  ]);
  return { ...person, places: at.memberships.nodes };
}
