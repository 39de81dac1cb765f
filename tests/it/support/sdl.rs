//! What the schema offers, read from its text.

use std::fmt::Write;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
};

/// The names of all queries and mutations.
pub fn operations() -> Vec<String> {
    fields_of(&["Query", "Mutation"])
}

/// The names of all mutations.
pub fn mutations() -> Vec<String> {
    fields_of(&["Mutation"])
}

/// The names of all subscriptions.
pub fn subscriptions() -> Vec<String> {
    fields_of(&["Subscription"])
}

fn fields_of(roots: &[&str]) -> Vec<String> {
    let fields = roots.iter().flat_map(|root| fields(root));
    fields.map(|(name, _)| name).collect()
}

/// The fields of an object type, each with the type that it leads to.
pub fn fields(of: &str) -> Vec<(String, String)> {
    let TypeKind::Object(object) = definition(of).kind else {
        return Vec::new();
    };
    let fields = object.fields.into_iter();
    fields
        .map(|field| {
            let to = base(&field.node.ty.node);
            (field.node.name.node.to_string(), to)
        })
        .collect()
}

/// The members of a union.
pub fn members(of: &str) -> Vec<String> {
    let TypeKind::Union(union) = definition(of).kind else {
        return Vec::new();
    };
    let members = union.members.into_iter();
    members.map(|member| member.node.to_string()).collect()
}

fn definition(of: &str) -> TypeDefinition {
    let document = parse_schema(erpmax::graphql::sdl()).expect("the schema parses");
    let mut types = document.definitions.into_iter().filter_map(|of| match of {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    });
    types
        .find(|definition| definition.name.node == of)
        .unwrap_or_else(|| panic!("the schema has no {of}"))
}

fn base(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(of) => base(of),
    }
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
