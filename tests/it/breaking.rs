//! What frontends in the field know of the GraphQL schema stays true: a breaking change fails the
//! build unless `docs/BREAKING.md` records it.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::{
    parse_schema,
    types::{InputValueDefinition, TypeKind, TypeSystemDefinition},
};

/// What a schema offers and demands, by place: `Type`, `Type.field`, `Type.field(argument:)`,
/// `Enum.WORD`.
#[derive(Default)]
struct Facts {
    /// What clients may read, with its type.
    offered: BTreeMap<String, String>,
    /// What clients may send, with its type.
    taken: BTreeMap<String, String>,
    /// What clients must send.
    demanded: BTreeSet<String>,
}

impl Facts {
    fn of(sdl: &str) -> Self {
        let mut facts = Self::default();
        for definition in parse_schema(sdl).expect("a schema").definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let name = definition.node.name.node.to_string();
            facts.offered.insert(name.clone(), String::new());
            match definition.node.kind {
                TypeKind::Object(object) => {
                    for field in object.fields {
                        let place = format!("{name}.{}", field.node.name.node);
                        for argument in &field.node.arguments {
                            let name = &argument.node.name.node;
                            facts.take(&argument.node, format!("{place}({name}:)"));
                        }
                        facts.offered.insert(place, field.node.ty.node.to_string());
                    }
                }
                TypeKind::InputObject(input) => {
                    for field in &input.fields {
                        let place = format!("{name}.{}", field.node.name.node);
                        facts.take(&field.node, place);
                    }
                }
                TypeKind::Enum(words) => {
                    for word in words.values {
                        let place = format!("{name}.{}", word.node.value.node);
                        facts.offered.insert(place, String::new());
                    }
                }
                TypeKind::Scalar | TypeKind::Interface(_) | TypeKind::Union(_) => {}
            }
        }
        facts
    }

    fn take(&mut self, value: &InputValueDefinition, place: String) {
        let kind = value.ty.node.to_string();
        if kind.ends_with('!') && value.default_value.is_none() {
            self.demanded.insert(place.clone());
        }
        self.taken.insert(place, kind);
    }
}

/// Where clients of the old schema would fail against the new one.
fn breaks(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (Facts::of(old), Facts::of(new));
    let offered = |(place, kind): (&String, &String)| {
        // A value that is always there is a value that is sometimes there.
        let kept = new.offered.get(place);
        let kept = kept.is_some_and(|now| now == kind || now == &format!("{kind}!"));
        (!kept).then(|| place.clone())
    };
    let taken = |(place, kind): (&String, &String)| {
        // What had to be sent may now be left out.
        let kept = new.taken.get(place);
        let kept = kept.is_some_and(|now| now == kind || &format!("{now}!") == kind);
        (!kept).then(|| place.clone())
    };
    let of_old = |place: &&String| {
        let of = place.split(['.', '(']).next().unwrap_or_default();
        let field = place.split('(').next().unwrap_or_default();
        let known = if place.contains('(') { field } else { of };
        old.offered.contains_key(known) && !old.demanded.contains(*place)
    };
    old.offered
        .iter()
        .filter_map(offered)
        .chain(old.taken.iter().filter_map(taken))
        .chain(new.demanded.iter().filter(of_old).cloned())
        .collect()
}

#[test]
fn what_frontends_know_stays_true() {
    let released = include_str!("../../docs/schema.released.graphql");
    let recorded = include_str!("../../docs/BREAKING.md");
    let mut unrecorded = breaks(released, &erpmax::graphql::sdl());
    unrecorded.retain(|place| !recorded.contains(&format!("- `{place}`")));
    assert!(
        unrecorded.is_empty(),
        "breaking changes that docs/BREAKING.md does not record: {unrecorded:?}"
    );
}

#[test]
fn breaks_are_told_from_growth() {
    let old = "type Query { a(x: Int): Int! b: E } enum E { ONE TWO } input I { f: Int! }";
    let grown = "type Query { a(x: Int, y: Int): Int! b: E! c: Int } enum E { ONE TWO THREE } \
                 input I { f: Int, g: Int, h: Int! = 1 }";
    assert_eq!(breaks(old, grown), Vec::<String>::new());
    let broken = "type Query { a(x: Int, y: Int!): Int } enum E { ONE } input I { g: Int! }";
    let expected = ["E.TWO", "Query.a", "Query.b", "I.f", "I.g", "Query.a(y:)"];
    assert_eq!(breaks(old, broken), expected);
}
