// The documented operations, as examples to open: read from `docs/operations` when the page is built.

import { Kind, parse, type OperationDefinitionNode } from 'graphql';

export interface Example {
  /** As a person would call it: "Invite member". */
  title: string;
  kind: 'query' | 'mutation' | 'subscription';
  /** What it is for: the comment it opens with. */
  about: string;
  text: string;
  operation: OperationDefinitionNode;
}

const files = import.meta.glob<string>('../../../docs/operations/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export const examples: Example[] = Object.entries(files)
  .map(([path, text]) => example(path, text))
  .sort((one, other) => one.title.localeCompare(other.title));

function example(path: string, text: string): Example {
  const operation = parse(text).definitions.find(
    (part) => part.kind === Kind.OPERATION_DEFINITION,
  );
  if (!operation) throw new Error(`${path} has no operation`);
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.graphql$/, '');
  const words = name.replaceAll('-', ' ');
  return {
    title: words.charAt(0).toUpperCase() + words.slice(1),
    kind: operation.operation,
    about: comment(text),
    text,
    operation,
  };
}

function comment(text: string): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^#\s?/, ''))
    .join(' ');
}
