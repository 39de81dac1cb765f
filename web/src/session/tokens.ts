// What a sign-in left behind, kept for as long as the tab is open. Not in localStorage: tokens of a
// playground should not lie around for a week.

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** When the access token ends, in milliseconds since 1970 by this machine's clock. */
  endsAt: number;
}

/** Tokens as the API sends them. */
export interface SentTokens {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

const PLACE = 'erpmax:tokens';
/** So long before its end a token is exchanged, because a request takes time. */
const MARGIN = 20_000;

export function received(sent: SentTokens): Tokens {
  const { accessToken, refreshToken, expiresIn } = sent;
  return { accessToken, refreshToken, endsAt: Date.now() + expiresIn * 1000 };
}

export function endsSoon(tokens: Tokens): boolean {
  return tokens.endsAt - MARGIN < Date.now();
}

export function kept(): Tokens | null {
  const text = sessionStorage.getItem(PLACE);
  return text ? (JSON.parse(text) as Tokens) : null;
}

export function keep(tokens: Tokens | null): void {
  if (tokens) sessionStorage.setItem(PLACE, JSON.stringify(tokens));
  else sessionStorage.removeItem(PLACE);
}
