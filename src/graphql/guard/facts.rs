//! What limits and checks need to know of the schema, read once from its own SDL: which fields are
//! lists, which lists are pages of a connection, what inputs look like, how large the schema is.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use async_graphql::parser::{
    parse_schema,
    types::{
        BaseType, FieldDefinition, InputValueDefinition, OperationType, Type, TypeDefinition,
        TypeKind, TypeSystemDefinition,
    },
};
use async_graphql::{Name, Positioned};

/// What the schema says about one field.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The type of its value, or of each of its values.
    pub ty: String,
    /// Whether it has many values.
    pub list: bool,
    /// Whether it may be null.
    pub null: bool,
}

/// What the schema says about a type of inputs.
#[derive(Clone, Debug)]
pub enum Input {
    /// The words of an enum.
    Words(HashSet<Name>),
    /// The fields of an object, and whether each may be left out.
    Fields(HashMap<Name, (Type, bool)>),
}

/// How large the schema is: types in all, and what each type has on average, at least 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// How many types there are.
    pub types: u64,
    /// Fields of objects.
    pub fields: u64,
    /// Arguments of a field.
    pub arguments: u64,
    /// Fields of input objects.
    pub inputs: u64,
    /// Words of enums.
    pub words: u64,
}

/// The type that an operation begins with.
pub fn root_of(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// The facts of one schema.
#[derive(Debug, Default)]
pub struct Facts {
    fields: HashMap<String, HashMap<String, Fact>>,
    inputs: HashMap<String, Input>,
    size: Size,
}

impl Facts {
    /// Those of our schema.
    pub fn of_schema() -> &'static Self {
        static FACTS: LazyLock<Facts> = LazyLock::new(|| Facts::parse(&crate::graphql::sdl()));
        &FACTS
    }

    /// Those of a schema given as SDL.
    pub fn parse(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the library parses the SDL it prints");
        let (mut facts, mut total) = (Self::default(), Size::default());
        for definition in document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                facts.add(definition.node, &mut total);
            }
        }
        let each = |all: u64, of: u64| all.div_ceil(of.max(1)).max(1);
        facts.size = Size {
            types: total.types,
            fields: each(total.fields, total.types),
            arguments: each(total.arguments, total.fields),
            inputs: each(total.inputs, total.types),
            words: each(total.words, total.types),
        };
        facts
    }

    fn add(&mut self, definition: TypeDefinition, total: &mut Size) {
        let name = definition.name.node.to_string();
        total.types += 1;
        match definition.kind {
            TypeKind::Object(object) => self.add_fields(name, object.fields, total),
            TypeKind::Interface(interface) => self.add_fields(name, interface.fields, total),
            TypeKind::Enum(words) => {
                let words: HashSet<_> = words
                    .values
                    .into_iter()
                    .map(|of| of.node.value.node)
                    .collect();
                total.words += words.len() as u64;
                self.inputs.insert(name, Input::Words(words));
            }
            TypeKind::InputObject(input) => {
                total.inputs += input.fields.len() as u64;
                // What a directive such as `@oneOf` adds is not known here.
                if definition.directives.is_empty() {
                    let fields = input
                        .fields
                        .into_iter()
                        .map(|field| input_field(field.node));
                    self.inputs.insert(name, Input::Fields(fields.collect()));
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }

    fn add_fields(
        &mut self,
        name: String,
        fields: Vec<Positioned<FieldDefinition>>,
        total: &mut Size,
    ) {
        total.fields += fields.len() as u64;
        let fields = fields.into_iter().map(|field| {
            let field = field.node;
            total.arguments += field.arguments.len() as u64;
            (field.name.node.to_string(), fact(&field.ty.node))
        });
        self.fields.insert(name, fields.collect());
    }

    /// What is known of a field; nothing is known of introspection.
    pub fn field(&self, ty: &str, field: &str) -> Option<&Fact> {
        self.fields.get(ty)?.get(field)
    }

    /// What is known of an enum or an input object.
    pub fn input(&self, ty: &str) -> Option<&Input> {
        self.inputs.get(ty)
    }

    /// How large the schema is.
    pub fn size(&self) -> Size {
        self.size
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
            null: ty.nullable,
        },
        BaseType::List(inner) => Fact {
            list: true,
            null: ty.nullable,
            ..fact(inner)
        },
    }
}

fn input_field(field: InputValueDefinition) -> (Name, (Type, bool)) {
    let ty = field.ty.node;
    let optional = ty.nullable || field.default_value.is_some();
    (field.name.node, (ty, optional))
}
