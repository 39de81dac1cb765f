//! How much memory a parsed document takes: what its lists have room for, and its names and texts.

use std::{collections::HashMap, mem::size_of};

use async_graphql::{
    Name, Positioned, Value as Given, Variables,
    parser::types::{
        BaseType, Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition,
        Selection, SelectionSet, Type, VariableDefinition,
    },
};
use async_graphql_value::Value;

/// What a piece of memory takes beside its content, at most: its head, and what it is rounded up by.
const PIECE: usize = 24;
/// The two counters before a shared text.
const COUNTERS: usize = 16;

/// About how many bytes a document takes, itself not counted; rather more than less.
pub fn footprint(document: &ExecutableDocument) -> usize {
    let named = match &document.operations {
        DocumentOperations::Single(_) => 0,
        DocumentOperations::Multiple(named) => table(named),
    };
    let operations = document.operations.iter();
    let operations = operations.map(|(of, operation)| of.map_or(0, name) + whole(&operation.node));
    let fragments = document.fragments.iter().map(|(of, fragment)| {
        let fragment = &fragment.node;
        name(of)
            + name(&fragment.type_condition.node.on.node)
            + directives(&fragment.directives)
            + selection_set(&fragment.selection_set)
    });
    named + operations.sum::<usize>() + table(&document.fragments) + fragments.sum::<usize>()
}

/// The same for variables and their values.
pub fn footprint_of_variables(variables: &Variables) -> usize {
    let each = variables.iter();
    let each = each.map(|(of, given)| name(of) + value(&given.clone().into_value()));
    each.sum::<usize>() + variables.len() * 2 * size_of::<(Name, Given)>()
}

fn whole(operation: &OperationDefinition) -> usize {
    let variables = &operation.variable_definitions;
    list(variables)
        + variables.iter().map(|of| variable(&of.node)).sum::<usize>()
        + directives(&operation.directives)
        + selection_set(&operation.selection_set)
}

fn variable(definition: &VariableDefinition) -> usize {
    let default = definition.default_value.as_ref();
    name(&definition.name.node)
        + base(&definition.var_type.node)
        + directives(&definition.directives)
        + default.map_or(0, |of| value(&of.node.clone().into_value()))
}

fn base(ty: &Type) -> usize {
    match &ty.base {
        BaseType::Named(of) => name(of),
        BaseType::List(of) => PIECE + size_of::<Type>() + base(of),
    }
}

fn selection_set(set: &Positioned<SelectionSet>) -> usize {
    let items = &set.node.items;
    let each = items.iter().map(|selection| match &selection.node {
        Selection::Field(of) => field(&of.node),
        Selection::FragmentSpread(of) => {
            name(&of.node.fragment_name.node) + directives(&of.node.directives)
        }
        Selection::InlineFragment(of) => {
            let on = of.node.type_condition.as_ref();
            on.map_or(0, |on| name(&on.node.on.node))
                + directives(&of.node.directives)
                + selection_set(&of.node.selection_set)
        }
    });
    list(items) + each.sum::<usize>()
}

fn field(field: &Field) -> usize {
    field.alias.as_ref().map_or(0, |alias| name(&alias.node))
        + name(&field.name.node)
        + arguments(&field.arguments)
        + directives(&field.directives)
        + selection_set(&field.selection_set)
}

fn directives(directives: &Vec<Positioned<Directive>>) -> usize {
    let each = directives.iter().map(|of| &of.node);
    list(directives)
        + each
            .map(|of| name(&of.name.node) + arguments(&of.arguments))
            .sum::<usize>()
}

fn arguments(arguments: &Vec<(Positioned<Name>, Positioned<Value>)>) -> usize {
    let each = arguments.iter();
    list(arguments)
        + each
            .map(|(of, given)| name(&of.node) + value(&given.node))
            .sum::<usize>()
}

fn value(given: &Value) -> usize {
    match given {
        Value::Variable(of) | Value::Enum(of) => name(of),
        Value::String(text) => PIECE + text.capacity(),
        Value::List(items) => list(items) + items.iter().map(value).sum::<usize>(),
        Value::Object(fields) => {
            let each = fields.iter().map(|(of, field)| name(of) + value(field));
            // The entries with their hashes, and a table of where they are.
            let entry = size_of::<(u64, Name, Value)>() + 2 * (size_of::<usize>() + 1);
            2 * (PIECE + COUNTERS) + fields.capacity() * entry + each.sum::<usize>()
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
        // Comes in no document.
        Value::Binary(bytes) => bytes.len(),
    }
}

fn name(name: &Name) -> usize {
    PIECE + COUNTERS + name.len()
}

fn list<T>(items: &Vec<T>) -> usize {
    match items.capacity() {
        0 => 0,
        room => PIECE + room * size_of::<T>(),
    }
}

fn table<T>(map: &HashMap<Name, T>) -> usize {
    match map.capacity() {
        0 => 0,
        // A slot in eight is never used, and each has a byte beside it.
        room => 2 * PIECE + room.next_power_of_two() * (size_of::<(Name, T)>() + 1),
    }
}
