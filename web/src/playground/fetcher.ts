// How the playground's operations reach the API: with the session's token unless the Headers tab has
// its own, once more with a new token when that one was refused, subscriptions over a WebSocket.

import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { Kind, parse, type ExecutionResult } from 'graphql';

import { bearer, failure, isUnauthenticated, send } from '../session/api';
import { instead, validToken } from '../session/session';
import { listen } from './subscriptions';

export const fetcher: Fetcher = (params, options) => {
  const headers = ownHeaders(options);
  return isSubscription(params)
    ? listen(params, headers)
    : execute(params, headers).catch(failure);
};

async function execute(
  operation: FetcherParams,
  headers: Record<string, string>,
): Promise<ExecutionResult> {
  const token = 'authorization' in headers ? null : await validToken();
  const answer = await send(operation, { ...headers, ...(token ? bearer(token) : {}) });
  if (!token || !isUnauthenticated(answer)) return answer;
  const other = await instead(token);
  return other ? send(operation, { ...headers, ...bearer(other) }) : answer;
}

/** What the Headers tab holds, with names in lower case. */
function ownHeaders(options: FetcherOpts | undefined): Record<string, string> {
  const entries = Object.entries(options?.headers ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function isSubscription({ query, operationName }: FetcherParams): boolean {
  // The editor sends what it could not parse as well; the server says what is wrong with it.
  if (!query.includes('subscription')) return false;
  try {
    return parse(query).definitions.some(
      (part) =>
        part.kind === Kind.OPERATION_DEFINITION &&
        part.operation === 'subscription' &&
        (!operationName || part.name?.value === operationName),
    );
  } catch {
    return false;
  }
}
