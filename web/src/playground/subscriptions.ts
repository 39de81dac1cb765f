// Subscriptions: a WebSocket at the API's own address, opened with the first of them and closed after
// the last, that carries the token in its first message.

import type { FetcherParams } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';

import { socketAddress } from '../address';
import { bearer, failure } from '../session/api';
import { validToken } from '../session/session';

export async function* listen(
  { query, operationName, variables }: FetcherParams,
  headers: Record<string, string>,
): AsyncGenerator<ExecutionResult> {
  const client = createClient({
    url: socketAddress('graphql'),
    // What broke is shown; the person decides whether to listen again.
    retryAttempts: 0,
    connectionParams: async () => {
      const token = await validToken();
      return { ...(token ? bearer(token) : {}), ...headers };
    },
  });
  const payload = {
    query,
    ...(operationName ? { operationName } : {}),
    variables: (variables ?? {}) as Record<string, unknown>,
  };
  try {
    for await (const message of client.iterate(payload)) yield message as ExecutionResult;
  } catch (error) {
    yield failure(inWords(error));
  } finally {
    await client.dispose();
  }
}

/** What a socket throws is an event, which shows as `{}`. */
function inWords(error: unknown): unknown {
  if (error instanceof CloseEvent) {
    return `The socket was closed: ${error.code}, ${error.reason || 'without a reason'}.`;
  }
  return error instanceof Event ? 'The socket could not be opened.' : error;
}
