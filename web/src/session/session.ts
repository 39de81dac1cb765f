// Who is signed in, in one place for the whole page: signs in and out, switches, and sees to it that
// whoever asks for a token gets one that holds.

import { Refused } from './api';
import { refreshed, signedIn, signedOut, switched, whoIs, type Person } from './operations';
import { endsSoon, keep, kept, received, type SentTokens, type Tokens } from './tokens';

export interface State {
  tokens: Tokens | null;
  /** Known a moment after the tokens. */
  person: Person | null;
  /** Why somebody is not signed in any more. */
  notice: string | null;
}

const OVER = 'Your session is over. Please sign in again.';

let state: State = { tokens: kept(), person: null, notice: null };
let refreshing: Promise<string | null> | null = null;
const listeners = new Set<() => void>();

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function current(): State {
  return state;
}

function become(next: Partial<State>): void {
  state = { ...state, ...next };
  keep(state.tokens);
  for (const listener of listeners) listener();
}

/** Takes up what the tab still has from before it was loaded again. */
export async function resume(): Promise<void> {
  const token = await validToken();
  if (token) await meet(token);
}

export async function signIn(email: string, password: string): Promise<void> {
  await settle(await signedIn(email, password));
}

export async function switchTo(tenantId: string): Promise<void> {
  const token = await validToken();
  if (token) await settle(await switched(tenantId, token));
}

/** Ends the session at the server. Here it ends in any case. */
export async function signOut(): Promise<void> {
  try {
    const token = await validToken();
    if (token) await signedOut(token);
  } finally {
    become({ tokens: null, person: null, notice: null });
  }
}

/** An access token that is good for some seconds yet, or nothing when nobody is signed in. */
export async function validToken(): Promise<string | null> {
  const { tokens } = state;
  if (!tokens) return null;
  return endsSoon(tokens) ? renewed() : tokens.accessToken;
}

/** Another token in place of one that was refused; nothing when the session is over. */
export async function instead(refusedToken: string): Promise<string | null> {
  const { tokens } = state;
  // Somebody else was faster.
  if (tokens && tokens.accessToken !== refusedToken) return tokens.accessToken;
  return renewed();
}

/** Many may ask at once; one exchange serves them all. */
function renewed(): Promise<string | null> {
  refreshing ??= renew().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function renew(): Promise<string | null> {
  const { tokens } = state;
  if (!tokens) return null;
  try {
    const next = received(await refreshed(tokens.refreshToken));
    become({ tokens: next });
    return next.accessToken;
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'UNAUTHENTICATED') throw error;
    become({ tokens: null, person: null, notice: OVER });
    return null;
  }
}

async function settle(sent: SentTokens): Promise<void> {
  const tokens = received(sent);
  become({ tokens, notice: null });
  await meet(tokens.accessToken);
}

/** Finds out who the token stands for. */
async function meet(token: string): Promise<void> {
  try {
    become({ person: await whoIs(token) });
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'UNAUTHENTICATED') throw error;
    const other = await instead(token);
    if (other) become({ person: await whoIs(other) });
  }
}
