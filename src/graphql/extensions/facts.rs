//! What the limits need to know of each field's type, read once from the schema's own SDL: which
//! fields are lists, and which lists are pages of a connection.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, Type, TypeKind, TypeSystemDefinition},
};

/// What the schema says about one field.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The type of its value, or of each of its values.
    pub ty: String,
    /// Whether it has many values.
    pub list: bool,
}

/// The facts of one schema.
#[derive(Debug, Default)]
pub struct Facts(HashMap<String, HashMap<String, Fact>>);

impl Facts {
    /// Those of our schema.
    pub fn of_schema() -> &'static Self {
        static FACTS: LazyLock<Facts> = LazyLock::new(|| Facts::parse(&crate::graphql::sdl()));
        &FACTS
    }

    /// Those of a schema given as SDL.
    pub fn parse(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the library parses the SDL it prints");
        let mut facts = HashMap::new();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let fields = fields.into_iter().map(|field| {
                let field = field.node;
                (field.name.node.to_string(), fact(&field.ty.node))
            });
            facts.insert(definition.node.name.node.to_string(), fields.collect());
        }
        Self(facts)
    }

    /// What is known of a field; nothing is known of introspection.
    pub fn field(&self, ty: &str, field: &str) -> Option<&Fact> {
        self.0.get(ty)?.get(field)
    }
}

/// Whether a type is a page of a list, so that its lists are as long as the page.
pub fn is_connection(ty: &str) -> bool {
    ty.ends_with("Connection")
}

fn fact(ty: &Type) -> Fact {
    match &ty.base {
        BaseType::Named(name) => Fact {
            ty: name.to_string(),
            list: false,
        },
        BaseType::List(inner) => Fact {
            list: true,
            ..fact(inner)
        },
    }
}
