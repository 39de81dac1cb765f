// Sends operations to the API.

import { GraphQLError, type ExecutionResult } from 'graphql';

import { address } from '../address';

export interface Operation {
  query: string;
  operationName?: string | null | undefined;
  variables?: unknown;
}

/** An answer with errors. The first of them speaks for all. */
export class Refused extends Error {
  readonly code: unknown;

  constructor(answer: ExecutionResult) {
    const [first] = answer.errors ?? [];
    super(first?.message ?? 'The server sent no data.');
    this.code = first?.extensions?.code;
  }
}

export async function send(
  operation: Operation,
  headers: Record<string, string> = {},
): Promise<ExecutionResult> {
  const response = await fetch(address('graphql'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(operation),
  });
  const kind = response.headers.get('content-type') ?? '';
  if (!kind.includes('json')) {
    // A proxy's own page, say.
    throw new Error(`The server answered ${response.status} and no JSON.`);
  }
  return (await response.json()) as ExecutionResult;
}

/** Sends one of the page's own operations and expects its data. */
export async function ask<T>(query: string, variables: object, token?: string): Promise<T> {
  const answer = await send({ query, variables }, token ? bearer(token) : {});
  if (answer.errors?.length || !answer.data) throw new Refused(answer);
  return answer.data as T;
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

export function isUnauthenticated(answer: ExecutionResult): boolean {
  return (answer.errors ?? []).some((error) => error.extensions?.code === 'UNAUTHENTICATED');
}

/** What kept an operation from being answered, in the form of an answer. */
export function failure(error: unknown): ExecutionResult {
  return { errors: [new GraphQLError(error instanceof Error ? error.message : String(error))] };
}
