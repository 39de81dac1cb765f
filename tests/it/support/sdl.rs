//! What the schema offers, read from its text.

use std::fmt::Write;

use async_graphql::parser::{
    parse_schema,
    types::{TypeKind, TypeSystemDefinition},
};

/// The names of all queries and mutations.
pub fn operations() -> Vec<String> {
    fields_of(&["Query", "Mutation"])
}

/// The names of all mutations.
pub fn mutations() -> Vec<String> {
    fields_of(&["Mutation"])
}

fn fields_of(roots: &[&str]) -> Vec<String> {
    let mut operations = Vec::new();
    for definition in parse_schema(erpmax::graphql::sdl())
        .expect("the schema parses")
        .definitions
    {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let root = roots.contains(&definition.node.name.node.as_str());
        if let (true, TypeKind::Object(object)) = (root, &definition.node.kind) {
            let names = object
                .fields
                .iter()
                .map(|field| field.node.name.node.to_string());
            operations.extend(names);
        }
    }
    operations
}

/// `inviteMember` in Rust's spelling.
pub fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            let _ = write!(snake, "_{}", letter.to_ascii_lowercase());
        } else {
            snake.push(letter);
        }
    }
    snake
}
