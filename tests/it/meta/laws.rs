//! The laws that the schema keeps, each a function from a schema to what breaks it: so that an
//! operation that nobody guards, a list without end or a field without a word fails the build.

use std::collections::{HashMap, VecDeque};

use async_graphql::parser::{
    parse_schema,
    types::{
        BaseType, FieldDefinition, InputValueDefinition, ObjectType, Type, TypeDefinition,
        TypeKind, TypeSystemDefinition,
    },
};

/// A schema, taken apart.
pub struct Schema(Vec<TypeDefinition>);

/// A field of an object type.
pub struct Edge<'a> {
    /// The type that has it.
    pub from: &'a str,
    /// The field.
    pub field: &'a FieldDefinition,
}

impl Edge<'_> {
    /// `Type.field`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.from, self.field.name.node)
    }

    /// The type that it leads to.
    pub fn to(&self) -> String {
        base(&self.field.ty.node)
    }

    /// What its reader is told.
    pub fn text(&self) -> &str {
        let text = self.field.description.as_ref();
        text.map_or("", |text| text.node.as_str())
    }

    fn is_list(&self) -> bool {
        matches!(self.field.ty.node.base, BaseType::List(_))
    }

    fn has(&self, argument: &str) -> bool {
        let mut arguments = self.field.arguments.iter();
        arguments.any(|other| other.node.name.node == argument)
    }
}

/// The permissions that a description says are needed, as it names them.
pub fn needed(text: &str) -> Vec<&str> {
    let Some((_, needs)) = text.split_once("Needs") else {
        return Vec::new();
    };
    let sentence = needs
        .split_once('.')
        .map_or(needs, |(sentence, _)| sentence);
    let quoted = sentence.split('`').skip(1).step_by(2);
    let shouts = |word: &&str| {
        word.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    quoted
        .filter(shouts)
        .filter(|word| *word != "NOT_FOUND")
        .collect()
}

impl Schema {
    /// Reads a schema in its own language.
    pub fn parse(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the schema parses");
        let types = document.definitions.into_iter().filter_map(|of| match of {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            _ => None,
        });
        Self(types.collect())
    }

    /// The names of all object types but the roots.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let objects = self
            .0
            .iter()
            .filter(|of| matches!(of.kind, TypeKind::Object(_)));
        let names = objects.map(|of| of.name.node.as_str());
        names.filter(|name| !matches!(*name, "Query" | "Mutation" | "Subscription"))
    }

    /// All fields of all object types.
    pub fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.0.iter().flat_map(|of| {
            let fields = object(of).map_or(&[][..], |object| &object.fields);
            fields.iter().map(|field| Edge {
                from: of.name.node.as_str(),
                field: &field.node,
            })
        })
    }

    /// The shortest way to each type that can be reached from the queries without arguments.
    pub fn ways(&self) -> HashMap<String, Vec<String>> {
        let mut ways = HashMap::from([("Query".to_owned(), Vec::new())]);
        let mut next = VecDeque::from(["Query".to_owned()]);
        while let Some(from) = next.pop_front() {
            let way: Vec<String> = ways[&from].clone();
            for edge in self.edges().filter(|edge| edge.from == from) {
                let mut arguments = edge.field.arguments.iter();
                if arguments.any(|argument| !argument.node.ty.node.nullable) {
                    continue;
                }
                let to = edge.to();
                if !ways.contains_key(&to) {
                    let mut longer = way.clone();
                    longer.push(edge.field.name.node.to_string());
                    ways.insert(to.clone(), longer);
                    next.push_back(to);
                }
            }
        }
        ways
    }

    /// A type by its name.
    pub fn ty(&self, name: &str) -> Option<&TypeDefinition> {
        self.0.iter().find(|of| of.name.node == name)
    }

    /// All mutations.
    pub fn mutations(&self) -> impl Iterator<Item = Edge<'_>> {
        self.edges().filter(|edge| edge.from == "Mutation")
    }

    /// Everything is described for its reader.
    pub fn undescribed(&self) -> Vec<String> {
        let mut bare = Vec::new();
        for of in &self.0 {
            let name = of.name.node.as_str();
            if of.description.is_none() {
                bare.push(name.to_owned());
            }
            match &of.kind {
                TypeKind::InputObject(input) => {
                    bare.extend(bare_inputs(name, input.fields.iter().map(|of| &of.node)));
                }
                TypeKind::Enum(words) => {
                    let words = words.values.iter().map(|word| &word.node);
                    let words = words.filter(|word| word.description.is_none());
                    bare.extend(words.map(|word| format!("{name}.{}", word.value.node)));
                }
                _ => {}
            }
        }
        for edge in self.edges() {
            if edge.text().trim().is_empty() {
                bare.push(edge.name());
            }
            let arguments = edge.field.arguments.iter().map(|of| &of.node);
            bare.extend(bare_inputs(&edge.name(), arguments));
        }
        bare
    }

    /// A mutation takes `input: XInput!`, returns `XPayload!`, and nothing else leads there.
    /// `without` names those that take no input.
    pub fn misshapen(&self, without: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        for edge in self.mutations() {
            let name = edge.field.name.node.as_str();
            let upper = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
            if edge.field.ty.node.to_string() != format!("{upper}Payload!") {
                wrong.push(format!("{name} returns {}", edge.field.ty.node));
            }
            let arguments = edge.field.arguments.iter().map(|of| &of.node);
            let arguments = arguments.map(|of| format!("{}: {}", of.name.node, of.ty.node));
            let arguments: Vec<_> = arguments.collect();
            let expected = format!("input: {upper}Input!");
            let fits = match arguments.as_slice() {
                [] => without.contains(&name),
                [one] => *one == expected,
                _ => false,
            };
            if !fits {
                wrong.push(format!("{name} takes ({})", arguments.join(", ")));
            }
        }
        let strays = self
            .edges()
            .filter(|edge| edge.to().ends_with("Payload") && edge.from != "Mutation");
        wrong.extend(strays.map(|edge| format!("{} leads to {}", edge.name(), edge.to())));
        wrong
    }

    /// A mutation names a permission there is, or says who else may use it.
    pub fn unguarded(&self, permissions: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        for edge in self.mutations() {
            let (name, text) = (edge.field.name.node.as_str(), edge.text());
            let all = ["Public", "Needs any valid", "Needs membership"];
            let open = all.iter().any(|phrase| squeeze(text).contains(phrase));
            if needed(text).is_empty() && !open {
                wrong.push(format!("{name} does not say who may use it"));
            }
        }
        for edge in self.edges() {
            let text = squeeze(edge.text());
            let unknown = needed(&text)
                .into_iter()
                .filter(|word| !permissions.contains(word));
            let unknown: Vec<_> = unknown
                .map(|word| format!("{} needs {word}", edge.name()))
                .collect();
            wrong.extend(unknown);
        }
        wrong
    }

    /// A list is a page of a connection, or short by nature: then it is `listed` with its bound.
    pub fn unbounded(&self, listed: &[(&str, &str)]) -> Vec<String> {
        let mut wrong = Vec::new();
        for edge in self.edges() {
            let known = listed.iter().any(|(name, _)| *name == edge.name());
            let page = edge.from.ends_with("Connection");
            if edge.is_list() && !page && !known {
                wrong.push(format!("{} is a list without a bound", edge.name()));
            }
            let sizes = ["first", "after", "last", "before"];
            if edge.to().ends_with("Connection") && !sizes.iter().all(|size| edge.has(size)) {
                wrong.push(format!("{} takes no page", edge.name()));
            }
        }
        wrong.extend(self.stale(listed.iter().map(|(name, _)| *name)));
        wrong
    }

    /// A field that leads to what belongs to a tenant is `guarded`: it is listed with what stands
    /// before it. Pages and payloads lead where their own field leads.
    pub fn open_edges(&self, of_tenants: &[&str], guarded: &[(&str, &str)]) -> Vec<String> {
        let through = |from: &str| {
            ["Connection", "Edge", "Payload"]
                .iter()
                .any(|end| from.ends_with(end))
                || from == "Mutation"
        };
        let concerns = |to: &str| {
            let end = to.strip_suffix("Connection").unwrap_or(to);
            of_tenants.contains(&end)
        };
        let edges = self
            .edges()
            .filter(|edge| !through(edge.from) && concerns(&edge.to()));
        let open = edges.map(|edge| edge.name());
        let mut open: Vec<_> = open
            .filter(|name| !guarded.iter().any(|(known, _)| known == name))
            .collect();
        open.extend(self.stale(guarded.iter().map(|(name, _)| *name)));
        open
    }

    /// Object types that are in none of these lists.
    pub fn unclassified(&self, lists: &[&[&str]]) -> Vec<String> {
        let ends = ["Connection", "Edge", "Payload"];
        let objects = self
            .objects()
            .filter(|name| !ends.iter().any(|end| name.ends_with(end)));
        let unknown = objects.filter(|name| !lists.iter().any(|list| list.contains(name)));
        unknown.map(str::to_owned).collect()
    }

    /// Entries of a list that the schema has outgrown.
    fn stale<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let gone = names.filter(|name| !self.edges().any(|edge| edge.name() == *name));
        gone.map(|name| format!("{name} is listed, but gone"))
            .collect()
    }
}

/// A selection inside those that lead to it.
pub fn along(way: &[String], selection: String) -> String {
    let fields = way.iter().rev();
    fields.fold(selection, |inner, field| format!("{field} {{ {inner} }}"))
}

/// One line, so that a phrase is found wherever a line was broken.
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn object(definition: &TypeDefinition) -> Option<&ObjectType> {
    match &definition.kind {
        TypeKind::Object(object) => Some(object),
        _ => None,
    }
}

fn base(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => base(inner),
    }
}

fn bare_inputs<'a>(
    of: &str,
    inputs: impl Iterator<Item = &'a InputValueDefinition>,
) -> Vec<String> {
    let bare = inputs.filter(|input| input.description.is_none());
    bare.map(|input| format!("{of}({}:)", input.name.node))
        .collect()
}
