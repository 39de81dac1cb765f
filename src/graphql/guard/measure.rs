//! Measures what a document asks for, before anything is executed: how deep, how wide, how costly.
//!
//! Fragments are measured once and remembered, so that a document whose fragments multiply
//! exponentially costs no more to measure than to read, and cycles are found on the way.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, Value, Variables,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value as Written;

use super::{
    facts::{Facts, is_connection, root_of},
    weight::{Load, Scale},
};
use crate::domain::page::{DEFAULT_SIZE, MAX_SIZE};

/// Deepest nesting of selection sets and fragments together; bounds every recursion over the
/// document, ours and the library's.
pub const MAX_NESTING: usize = 48;
/// Lists of the introspection that lead back to types. Nested three deep they multiply out to more
/// than the schema itself (the rule of graphql-js, `MaxIntrospectionDepthRule`).
const INTROSPECTION_LOOPS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
/// What a root field costs beyond its result: those that hash or sign.
const WEIGHTS: [(&str, u64); 5] = [
    ("register", 500),
    ("login", 250),
    ("acceptInvitation", 250),
    ("refreshToken", 50),
    ("switchTenant", 50),
];

/// What a selection asks for, fragments included. Numbers saturate rather than wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Objects fetched, lists multiplied.
    pub cost: u64,
    /// Values in the answer, lists multiplied: objects and what they hold.
    pub values: u64,
    /// Values of introspection in the answer.
    pub schema: u64,
    /// Levels of fields.
    pub depth: usize,
    /// Levels of selection sets and fragments.
    pub nesting: usize,
    /// Fields with an alias.
    pub aliases: u64,
    /// Fields at the top.
    pub top: u64,
    /// What there is to walk through: selections, directives, and the values they are given.
    pub load: Load,
    /// Levels of lists that lead from types to types.
    pub introspection: usize,
    /// Whether the schema itself is asked for.
    pub asks_schema: bool,
}

impl Measure {
    fn add(&mut self, other: Self) {
        self.cost = self.cost.saturating_add(other.cost);
        self.values = self.values.saturating_add(other.values);
        self.schema = self.schema.saturating_add(other.schema);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.top = self.top.saturating_add(other.top);
        self.load.add(other.load);
        self.depth = self.depth.max(other.depth);
        self.nesting = self.nesting.max(other.nesting);
        self.introspection = self.introspection.max(other.introspection);
        self.asks_schema |= other.asks_schema;
    }
}

/// Why a document cannot be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmeasurable {
    /// Nested deeper than [`MAX_NESTING`].
    Nesting(Pos),
    /// A fragment that contains itself.
    Cycle(String, Pos),
}

/// Where a selection stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    ty: Option<&'a str>,
    /// Length of the lists of a connection.
    page: u64,
    nesting: usize,
}

/// What is known of a field's value.
struct Worth<'a> {
    ty: Option<&'a str>,
    factor: u64,
    /// Whether the field is in the SDL; others are of the introspection, or do not exist.
    known: bool,
}

enum Known {
    Started,
    Done(Measure),
}

/// Measures the operations and fragments of one document.
pub struct Ruler<'a> {
    facts: &'a Facts,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    scale: Scale<'a>,
    operation: Option<&'a OperationDefinition>,
    fragments: HashMap<(&'a str, u64), Known>,
}

impl<'a> Ruler<'a> {
    /// For a document that comes with these variables.
    pub fn new(
        facts: &'a Facts,
        document: &'a ExecutableDocument,
        variables: &'a Variables,
    ) -> Self {
        Self {
            facts,
            document,
            variables,
            scale: Scale::new(variables),
            operation: None,
            fragments: HashMap::new(),
        }
    }

    /// Measures an operation.
    pub fn operation(
        &mut self,
        operation: &'a OperationDefinition,
    ) -> Result<Measure, Unmeasurable> {
        let root = root_of(operation.ty);
        // Variables may have defaults, and those are the operation's own.
        self.operation = Some(operation);
        self.fragments.clear();
        let place = Place {
            ty: Some(root),
            page: DEFAULT_SIZE,
            nesting: 0,
        };
        let mut measure = self.selection_set(&operation.selection_set, place)?;
        measure.load.add(self.directives(&operation.directives));
        for definition in &operation.variable_definitions {
            measure
                .load
                .add(self.directives(&definition.node.directives));
            measure.load.nodes += 1;
        }
        Ok(measure)
    }

    /// Measures the fragments, used or not: the library walks through all of them. The sum.
    pub fn fragments(&mut self) -> Result<Measure, Unmeasurable> {
        let document = self.document;
        let mut sum = Measure::default();
        for (name, fragment) in &document.fragments {
            let place = Place {
                ty: None,
                page: DEFAULT_SIZE,
                nesting: 0,
            };
            sum.add(self.fragment(name, fragment.pos, place)?);
            sum.load.add(self.directives(&fragment.node.directives));
        }
        Ok(sum)
    }

    fn selection_set(
        &mut self,
        set: &'a Positioned<SelectionSet>,
        place: Place<'a>,
    ) -> Result<Measure, Unmeasurable> {
        if place.nesting > MAX_NESTING {
            return Err(Unmeasurable::Nesting(set.pos));
        }
        let inner = Place {
            nesting: place.nesting + 1,
            ..place
        };
        let mut sum = Measure::default();
        for selection in &set.node.items {
            let mut part = match &selection.node {
                Selection::Field(field) => self.field(&field.node, inner)?,
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, spread.pos, inner)?
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let ty = on.map_or(place.ty, |on| Some(on.node.on.node.as_str()));
                    self.selection_set(&fragment.node.selection_set, Place { ty, ..inner })?
                }
            };
            part.load.nodes += 1;
            part.load.add(self.directives(selection.node.directives()));
            sum.add(part);
        }
        sum.nesting += 1;
        Ok(sum)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Load {
        let mut load = Load::default();
        for directive in directives {
            load.nodes += 1;
            for (_, value) in &directive.node.arguments {
                load.add(self.scale.weigh(&value.node));
            }
        }
        load
    }

    fn fragment(
        &mut self,
        name: &'a Name,
        pos: Pos,
        place: Place<'a>,
    ) -> Result<Measure, Unmeasurable> {
        // An unknown fragment is for the validation to report.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Measure::default());
        };
        let key = (name.as_str(), place.page);
        match self.fragments.get(&key) {
            Some(Known::Started) => return Err(Unmeasurable::Cycle(name.to_string(), pos)),
            Some(Known::Done(known)) if place.nesting + known.nesting > MAX_NESTING + 1 => {
                return Err(Unmeasurable::Nesting(pos));
            }
            Some(Known::Done(known)) => return Ok(*known),
            None => {}
        }
        self.fragments.insert(key, Known::Started);
        let ty = Some(fragment.node.type_condition.node.on.node.as_str());
        let measure = self.selection_set(&fragment.node.selection_set, Place { ty, ..place })?;
        self.fragments.insert(key, Known::Done(measure));
        Ok(measure)
    }

    fn field(&mut self, field: &'a Field, place: Place<'a>) -> Result<Measure, Unmeasurable> {
        let name = field.name.node.as_str();
        let weight = match place.ty {
            Some("Mutation") => WEIGHTS
                .iter()
                .find(|(heavy, _)| *heavy == name)
                .map_or(0, |w| w.1),
            _ => 0,
        };
        let mut measure = Measure {
            cost: weight,
            depth: 1,
            aliases: u64::from(field.alias.is_some()),
            top: 1,
            asks_schema: matches!(name, "__schema" | "__type"),
            ..Measure::default()
        };
        for (_, value) in &field.arguments {
            measure.load.add(self.scale.weigh(&value.node));
        }
        let Worth { ty, factor, known } = self.value_of(name, place);
        if field.selection_set.node.items.is_empty() {
            (measure.values, measure.schema) = if known { (1, 0) } else { (0, 1) };
            return Ok(measure);
        }
        let page = if ty.is_some_and(is_connection) {
            self.page(field)
        } else {
            DEFAULT_SIZE
        };
        let inner = Place { ty, page, ..place };
        let selected = self.selection_set(&field.selection_set, inner)?;
        let times = |inside: u64| factor.saturating_mul(inside.saturating_add(1));
        let (cost, values, schema) = if known {
            let schema = factor.saturating_mul(selected.schema);
            (times(selected.cost), times(selected.values), schema)
        } else if name == "ofType" {
            // Few types wrap others more than twice.
            (
                selected.cost.saturating_add(1),
                selected.values,
                1 + selected.schema / 2,
            )
        } else {
            (
                selected.cost.saturating_add(1),
                selected.values,
                times(selected.schema),
            )
        };
        let leads_to_types = !known && INTROSPECTION_LOOPS.contains(&name);
        measure.add(Measure {
            cost,
            values,
            schema,
            top: 0,
            depth: selected.depth + 1,
            introspection: selected.introspection + usize::from(leads_to_types),
            ..selected
        });
        Ok(measure)
    }

    /// The type of a field's value, and how many values to expect.
    fn value_of(&self, field: &str, place: Place<'a>) -> Worth<'a> {
        let facts = self.facts;
        let Some(fact) = place.ty.and_then(|ty| facts.field(ty, field)) else {
            // Introspection, whose types are not in the SDL, or an unknown field, which the
            // validation reports.
            return Worth {
                ty: None,
                factor: self.listed(field),
                known: field == "__typename",
            };
        };
        let factor = match fact.list {
            false => 1,
            true if place.ty.is_some_and(is_connection) => place.page,
            true => DEFAULT_SIZE,
        };
        Worth {
            ty: Some(&fact.ty),
            factor,
            known: true,
        }
    }

    /// How long a list of the introspection is, about.
    fn listed(&self, field: &str) -> u64 {
        let size = self.facts.size();
        match field {
            "types" => size.types,
            "fields" => size.fields,
            "args" => size.arguments,
            "inputFields" => size.inputs,
            "enumValues" => size.words,
            "directives" => 5,
            _ => 1,
        }
    }

    /// How many items a connection was asked for. A wrong number is for the resolver to report.
    fn page(&self, field: &Field) -> u64 {
        let asked = ["first", "last"].into_iter().filter_map(|name| {
            match &field.get_argument(name)?.node {
                Written::Number(number) => number.as_u64(),
                Written::Variable(name) => match self.variable(name)? {
                    Value::Number(number) => number.as_u64(),
                    _ => None,
                },
                _ => None,
            }
        });
        asked.max().unwrap_or(DEFAULT_SIZE).min(MAX_SIZE)
    }

    fn variable(&self, name: &Name) -> Option<&Value> {
        let default = || {
            let defined = &self.operation?.variable_definitions;
            let definition = defined.iter().find(|def| def.node.name.node == *name)?;
            definition
                .node
                .default_value
                .as_ref()
                .map(|value| &value.node)
        };
        self.variables.get(name).or_else(default)
    }
}
