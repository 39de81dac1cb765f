//! Subscriptions: begun like any operation, through all limits; then each event is an execution of its
//! own, of what was begun.

use std::{collections::HashSet, sync::Arc};

use async_graphql::{
    Name, Positioned, Request, Response, ServerError, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition,
        Selection as Selected, SelectionSet,
    },
};
use async_graphql_value::Value as Written;
use futures::StreamExt;

use super::{Admitted, Guard, document::Hash, limits::Validity, nulls, report};
use crate::{
    domain::{
        cx::Cx,
        realtime::{Heard, Presence},
    },
    error::Code,
    graphql::{
        Schema,
        context::Scope,
        error::refusal,
        subscription::{Opened, Opening, Source},
    },
};

/// The arguments that matter at the beginning only.
const AT_FIRST: [&str; 2] = ["after", "jobId"];
/// How long the variables that matter for an event may be: they are kept for as long as somebody listens, many
/// times by one who listens to much.
const MAX_WRITTEN: usize = 4 * 1024;
/// What an event leads to that is the same for everybody of one role in the tenant.
const COMMON: [&str; 4] = ["amount", "job", "lines", "subscription"];

/// What came of beginning.
pub enum Begun {
    /// Somebody listens.
    Listening(Opened, Selection),
    /// Nobody does, and this is why.
    Refused(Response),
}

/// What is to be shown of each event.
#[derive(Debug)]
pub struct Selection {
    document: ExecutableDocument,
    variables: Variables,
    /// The text of the document.
    pub hash: Hash,
    /// Which of its operations, and the variables that matter for an event.
    pub written: String,
    /// Whether it looks the same for everybody who has the same role in the tenant.
    pub common: bool,
}

impl Guard {
    /// Begins to listen; on somebody's connection, or on one that nobody is known to have yet.
    pub async fn begin(&self, admitted: Admitted, presence: Option<Arc<Presence>>) -> Begun {
        let Admitted { watch, verdict } = admitted;
        let opening = Arc::new(Opening::new(presence));
        let mut selection = None;
        let run = async {
            let opened = match verdict {
                Ok((request, validity)) => {
                    let scope = watch.scope.clone();
                    self.open(scope, request, validity, &opening).await
                }
                Err(error) => Err(Response::from_errors(vec![error])),
            };
            match opened {
                Ok(read) => {
                    selection = Some(read);
                    Response::new(Value::Null)
                }
                Err(response) => response,
            }
        };
        let response = report::finish(&watch, self.in_time(run).await);
        match (opening.take(), selection) {
            (Some(opened), Some(selection)) => Begun::Listening(opened, selection),
            _ => Begun::Refused(response),
        }
    }

    async fn open(
        &self,
        scope: Scope,
        mut request: Request,
        validity: Validity,
        opening: &Arc<Opening>,
    ) -> Result<Selection, Response> {
        let refused = |error| Response::from_errors(vec![error]);
        let name = validity.document.choose(request.operation_name.as_deref());
        let (name, _) = name.map_err(refused)?;
        let parsed = request.parsed_query().map_err(refused)?;
        let flat = Flat::of(parsed, name).map_err(refused)?;
        let source = || Source::Opening(Arc::clone(opening));
        // The library overlooks a field that stands in a fragment; what is asked again is valid.
        let again = flat.was_nested.then(|| {
            let mut again = Request::new("").variables(request.variables.clone());
            again.set_parsed_query(flat.document.clone());
            again.data(scope).data(source())
        });
        let selection = flat.into_selection(name, &request.variables, validity.document.hash);
        if selection.written.len() > MAX_WRITTEN {
            let text = format!("The variables of a subscription may take {MAX_WRITTEN} bytes.");
            return Err(refused(refusal(Code::QueryTooCostly, text, None)));
        }
        first(self.schema(&validity), request.data(source())).await?;
        if let Some(again) = again {
            first(&self.trusting, again).await?;
        }
        self.remember(&validity);
        Ok(selection)
    }

    /// Shows an event to somebody; also whether that failed.
    pub async fn render(
        &self,
        cx: Cx,
        selection: &Selection,
        heard: Arc<Heard>,
    ) -> (Response, bool) {
        let request_id = cx.request_id().to_owned();
        let mut request = Request::new("")
            .variables(selection.variables.clone())
            .data(Scope::new(cx))
            .data(Source::One(heard));
        request.set_parsed_query(selection.document.clone());
        let run = async {
            let mut shown = self.trusting.execute_stream(request);
            shown.next().await.unwrap_or_default()
        };
        let mut response = self.in_time(Box::pin(run)).await;
        let failed = response.is_err();
        if failed {
            if let Some((_, operation)) = selection.document.operations.iter().next() {
                nulls::fill(&mut response, &selection.document, &operation.node);
            }
            report::mask(&mut response, &request_id);
        }
        (response, failed)
    }
}

/// Runs what only begins; an answer would be an error.
async fn first(schema: &Schema, request: Request) -> Result<(), Response> {
    match schema.execute_stream(request).next().await {
        Some(refused) => Err(refused),
        None => Ok(()),
    }
}

/// A document with one operation, and in that one field.
struct Flat {
    document: ExecutableDocument,
    was_nested: bool,
}

impl Flat {
    /// The chosen operation of a document, if it is a subscription to one thing (specification of GraphQL,
    /// section 5.2.3.1).
    fn of(parsed: &ExecutableDocument, name: Option<&Name>) -> Result<Self, ServerError> {
        let mut operations = parsed.operations.iter();
        let chosen = operations.find(|(other, _)| *other == name);
        let (_, chosen) = chosen.ok_or_else(|| one_field(None))?;
        let mut roots = Roots::default();
        roots.collect(parsed, &chosen.node.selection_set);
        let pos = Some(chosen.pos);
        let [field] = roots.fields.as_slice() else {
            return Err(one_field(pos));
        };
        if roots.conditional || field.node.name.node.starts_with("__") {
            return Err(one_field(pos));
        }
        let mut chosen = chosen.clone();
        let item = Positioned::new(Selected::Field((*field).clone()), field.pos);
        chosen.node.selection_set.node = SelectionSet { items: vec![item] };
        Ok(Self {
            document: ExecutableDocument {
                operations: DocumentOperations::Single(chosen),
                fragments: parsed.fragments.clone(),
            },
            was_nested: roots.nested,
        })
    }

    fn into_selection(mut self, name: Option<&Name>, sent: &Variables, hash: Hash) -> Selection {
        let mut common = false;
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
        if let DocumentOperations::Single(operation) = &self.document.operations {
            common = is_common(&self.document, &operation.node);
        }
        let mut mentioned = HashSet::new();
        mention(&self.document, &mut mentioned);
        let mut variables = sent.clone();
        let unused: Vec<_> = variables
            .keys()
            .filter(|name| !mentioned.contains(*name))
            .cloned()
            .collect();
        for name in unused {
            variables.remove(&name);
        }
        let written = serde_json::to_string(&(name, &variables)).unwrap_or_default();
        Selection {
            document: self.document,
            variables,
            hash,
            written,
            common,
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
}

impl<'a> Roots<'a> {
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
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node)
                    {
                        self.collect(document, &fragment.node.selection_set);
                    }
                }
            }
        }
    }
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
