//! What a running subscription keeps of its document: one operation with one field, and the fragments that
//! this leads to.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition,
        OperationDefinition, Selection as Selected, SelectionSet,
    },
};
use async_graphql_value::Value as Written;

use crate::{error::Code, graphql::error::refusal};

/// The arguments that matter at the beginning only.
const AT_FIRST: [&str; 2] = ["after", "jobId"];
/// What an event leads to that is the same for everybody of one role in the tenant.
const COMMON: [&str; 4] = ["amount", "job", "lines", "subscription"];

/// A document with one operation, and in that one field.
pub struct Flat {
    /// The document.
    pub document: ExecutableDocument,
    /// Whether the field stood in a fragment, or more than once.
    pub was_spread: bool,
}

impl Flat {
    /// The chosen operation of a document, if it is a subscription to one thing (specification of GraphQL,
    /// section 5.2.3.1).
    pub fn of(parsed: &ExecutableDocument, name: Option<&Name>) -> Result<Self, ServerError> {
        let mut operations = parsed.operations.iter();
        let chosen = operations.find(|(other, _)| *other == name);
        let (_, chosen) = chosen.ok_or_else(|| one_field(None))?;
        let mut roots = Roots::default();
        roots.collect(parsed, &chosen.node.selection_set);
        let field = roots.one().ok_or_else(|| one_field(Some(chosen.pos)))?;
        let mut chosen = chosen.clone();
        let mut fragments = HashMap::new();
        reached(parsed, &field.node.selection_set.node, &mut fragments);
        let pos = field.pos;
        let item = Positioned::new(Selected::Field(field), pos);
        chosen.node.selection_set.node = SelectionSet { items: vec![item] };
        Ok(Self {
            document: ExecutableDocument {
                operations: DocumentOperations::Single(chosen),
                fragments,
            },
            was_spread: roots.nested || roots.fields.len() > 1,
        })
    }

    /// Takes away what matters at the beginning only.
    pub fn begun(mut self) -> ExecutableDocument {
        if let DocumentOperations::Single(operation) = &mut self.document.operations
            && let [
                Positioned {
                    node: Selected::Field(field),
                    ..
                },
            ] = operation.node.selection_set.node.items.as_mut_slice()
        {
            let matters = |name: &Name| !AT_FIRST.contains(&name.as_str());
            field.node.arguments.retain(|(name, _)| matters(&name.node));
        }
        self.document
    }
}

/// Those of the variables that a document refers to.
pub fn mentioned(document: &ExecutableDocument, sent: &Variables) -> Variables {
    let mut names = HashSet::new();
    mention(document, &mut names);
    let mut variables = sent.clone();
    let unused: Vec<_> = variables
        .keys()
        .filter(|name| !names.contains(*name))
        .cloned()
        .collect();
    for name in unused {
        variables.remove(&name);
    }
    variables
}

/// Whether a document shows of an event, and of what it is about, only what is so for everybody.
pub fn shows_common_only(document: &ExecutableDocument) -> bool {
    let mut operations = document.operations.iter();
    operations.all(|(_, operation)| is_common(document, &operation.node))
}

/// The fragments that a selection leads to.
fn reached(
    parsed: &ExecutableDocument,
    set: &SelectionSet,
    into: &mut HashMap<Name, Positioned<FragmentDefinition>>,
) {
    for selection in &set.items {
        match &selection.node {
            Selected::Field(field) => reached(parsed, &field.node.selection_set.node, into),
            Selected::InlineFragment(fragment) => {
                reached(parsed, &fragment.node.selection_set.node, into);
            }
            Selected::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = parsed.fragments.get(name)
                    && !into.contains_key(name)
                {
                    into.insert(name.clone(), fragment.clone());
                    reached(parsed, &fragment.node.selection_set.node, into);
                }
            }
        }
    }
}

fn one_field(pos: Option<async_graphql::Pos>) -> ServerError {
    let text = "A subscription has exactly one field at its top, without directives.";
    refusal(Code::GraphqlValidationFailed, text, pos)
}

/// The fields at the top of an operation.
#[derive(Default)]
struct Roots<'a> {
    fields: Vec<&'a Positioned<Field>>,
    conditional: bool,
    nested: bool,
    /// The fragments that were looked into.
    seen: HashSet<&'a Name>,
}

impl<'a> Roots<'a> {
    /// The one field that all of them are, with what is selected of each.
    fn one(&self) -> Option<Positioned<Field>> {
        let (first, others) = self.fields.split_first()?;
        if self.conditional || first.node.name.node.starts_with("__") {
            return None;
        }
        let mut one = (*first).clone();
        for other in others {
            if !are_one(&first.node, &other.node) {
                return None;
            }
            let items = other.node.selection_set.node.items.iter().cloned();
            one.node.selection_set.node.items.extend(items);
        }
        Some(one)
    }

    fn collect(&mut self, document: &'a ExecutableDocument, set: &'a Positioned<SelectionSet>) {
        for selection in &set.node.items {
            self.conditional |= !selection.node.directives().is_empty();
            match &selection.node {
                Selected::Field(field) => self.fields.push(field),
                Selected::InlineFragment(fragment) => {
                    self.nested = true;
                    self.collect(document, &fragment.node.selection_set);
                }
                Selected::FragmentSpread(spread) => {
                    self.nested = true;
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && self.seen.insert(name)
                    {
                        self.collect(document, &fragment.node.selection_set);
                    }
                }
            }
        }
    }
}

/// Whether two fields are the same one, of which what both select is shown together.
fn are_one(one: &Field, other: &Field) -> bool {
    let given = |argument| other.arguments.contains(argument);
    one.response_key().node == other.response_key().node
        && one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(given)
}

/// Whether an operation shows of an event, and of what it is about, only what is so for everybody.
fn is_common(document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
    let sets = |field: &'_ Field| field.selection_set.clone();
    let mut events = Vec::new();
    for root in fields(document, &operation.selection_set) {
        events.extend(fields(document, &sets(&root)));
    }
    events.iter().filter(|field| leads_on(field)).all(|field| {
        COMMON.contains(&field.name.node.as_str())
            && !fields(document, &field.selection_set).iter().any(leads_on)
    })
}

fn leads_on(field: &Field) -> bool {
    !field.selection_set.node.items.is_empty()
}

/// The fields of a selection, those of its fragments too.
fn fields(document: &ExecutableDocument, set: &Positioned<SelectionSet>) -> Vec<Field> {
    let mut found = Vec::new();
    for selection in &set.node.items {
        match &selection.node {
            Selected::Field(field) => found.push(field.node.clone()),
            Selected::InlineFragment(fragment) => {
                found.extend(fields(document, &fragment.node.selection_set));
            }
            Selected::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    found.extend(fields(document, &fragment.node.selection_set));
                }
            }
        }
    }
    found
}

/// Collects the variables that a document refers to.
fn mention(document: &ExecutableDocument, names: &mut HashSet<Name>) {
    for (_, operation) in document.operations.iter() {
        mention_directives(&operation.node.directives, names);
        mention_set(&operation.node.selection_set, names);
    }
    for fragment in document.fragments.values() {
        mention_directives(&fragment.node.directives, names);
        mention_set(&fragment.node.selection_set, names);
    }
}

fn mention_set(set: &Positioned<SelectionSet>, names: &mut HashSet<Name>) {
    for selection in &set.node.items {
        mention_directives(selection.node.directives(), names);
        match &selection.node {
            Selected::Field(field) => {
                mention_values(&field.node.arguments, names);
                mention_set(&field.node.selection_set, names);
            }
            Selected::InlineFragment(fragment) => {
                mention_set(&fragment.node.selection_set, names);
            }
            Selected::FragmentSpread(_) => {}
        }
    }
}

fn mention_directives(directives: &[Positioned<Directive>], names: &mut HashSet<Name>) {
    for directive in directives {
        mention_values(&directive.node.arguments, names);
    }
}

fn mention_values(values: &[(Positioned<Name>, Positioned<Written>)], names: &mut HashSet<Name>) {
    for (_, value) in values {
        let _ = value.node.clone().into_const_with(|name| {
            names.insert(name);
            Ok::<_, ()>(Value::Null)
        });
    }
}
