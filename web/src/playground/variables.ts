// Variables to begin with: those an operation cannot do without, with an empty value of their type.

import {
  isEnumType,
  isListType,
  isNonNullType,
  Kind,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type TypeNode,
} from 'graphql';

export function template(
  operation: OperationDefinitionNode,
  schema: GraphQLSchema | null | undefined,
): string {
  const needed = (operation.variableDefinitions ?? []).filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
  if (needed.length === 0) return '';
  const values = needed.map(({ variable, type }) => [variable.name.value, empty(type, schema)]);
  return JSON.stringify(Object.fromEntries(values), null, 2);
}

function empty(node: TypeNode, schema: GraphQLSchema | null | undefined): unknown {
  // Every kind of node is a type; the library's overloads want one kind at a time.
  const type = schema ? typeFromAST(schema, node as never) : undefined;
  return type ? emptyOf(type as GraphQLInputType) : '';
}

function emptyOf(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return emptyOf(type.ofType);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  switch (type.name) {
    case 'Int':
    case 'Float':
      return 0;
    case 'Boolean':
      return false;
    case 'ID':
    case 'String':
      return '';
    default:
      return {};
  }
}
