//! Decides whether a request may run: finds or parses its document, measures what it asks for with
//! these variables, compares with the configured limits. Resolvers know nothing of limits.

use std::sync::{Arc, LazyLock};

use async_graphql::{
    Request, ServerError, Value, Variables,
    parser::types::{OperationDefinition, OperationType},
};

use super::{
    absent::drop_absent,
    document::{Document, Hash, Shape, costly, deep, hash, unmeasurable},
    facts::Facts,
    measure::{Measure, Ruler},
    persisted::{self, PersistedQuery},
    store::Documents,
    values, weight,
};
use crate::{
    config,
    error::{Code, Reason},
    graphql::error::{refusal, set_wrong_input},
};

/// How many values an answer may hold for every object that it may cost.
const VALUES_PER_OBJECT: usize = 10;
/// How many bytes of values may be repeated, beside each value once.
const MAX_REPEATED_BYTES: u64 = 1 << 20;
/// Longest name of an operation that is written into logs.
const MAX_NAME: usize = 100;

/// What is known of an operation before it runs.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name, if it has one; the start of it, if it is long.
    pub name: Option<String>,
    /// `query`, `mutation` or `subscription`.
    pub kind: &'static str,
    /// What it costs.
    pub cost: u64,
}

/// Given to requests that must change nothing, because of how they came.
#[derive(Clone, Copy, Debug)]
pub struct ReadOnly;

/// A request that was looked at: what is known of it, and whether it may run.
pub struct Checked {
    /// The operation that was asked for, if it could be found.
    pub operation: Option<Operation>,
    /// The request with its parsed document, or why it may not run.
    pub verdict: Result<(Request, Validity), ServerError>,
}

/// What is known about the validity of a request.
#[derive(Debug)]
pub struct Validity {
    /// Its document.
    pub document: Arc<Document>,
    /// Its shape, unless it has too many variables.
    pub shape: Option<Shape>,
    /// Whether a request like it was found valid before.
    pub known: bool,
}

/// Looks at a request.
pub fn check(limits: &config::Graphql, documents: &Documents, mut request: Request) -> Checked {
    let mut operation = None;
    let verdict = find(limits, documents, &request).and_then(|document| {
        let (name, chosen) = document.choose(request.operation_name.as_deref())?;
        let kind = kind(chosen.ty);
        let mut ruler = Ruler::new(Facts::of_schema(), &document.parsed, &request.variables);
        let measure = ruler.operation(chosen).map_err(unmeasurable)?;
        operation = Some(Operation {
            name: name.map(|name| name.chars().take(MAX_NAME).collect()),
            kind,
            cost: measure.cost,
        });
        if request
            .data
            .contains_key(&std::any::TypeId::of::<ReadOnly>())
            && kind != "query"
        {
            let text = format!("A {kind} is not for GET. Send it by POST.");
            return Err(refusal(Code::MethodNotAllowed, text, None));
        }
        compare(limits, &measure)?;
        repeats(&measure, &document, &request.variables)?;
        values_for_variables(chosen, &request.variables)?;
        let shape = document.shape(name, &request.variables);
        let known = shape.as_ref().is_some_and(|shape| document.is_valid(shape))
            && values::fit(Facts::of_schema(), chosen, &request.variables);
        Ok(Validity {
            shape,
            known,
            document: Arc::clone(&document),
        })
    });
    let verdict = verdict.map(|validity| {
        let mut parsed = validity.document.parsed.clone();
        drop_absent(&mut parsed, &request.variables);
        request.set_parsed_query(parsed);
        (request, validity)
    });
    Checked { operation, verdict }
}

/// The document that was sent or named.
fn find(
    limits: &config::Graphql,
    documents: &Documents,
    request: &Request,
) -> Result<Arc<Document>, ServerError> {
    let text = request.query.as_str();
    let named = request.data.get(&std::any::TypeId::of::<PersistedQuery>());
    let named = named.and_then(|named| named.downcast_ref::<PersistedQuery>());
    let hash = match named {
        Some(named) if text.is_empty() => {
            return documents
                .get(&named.hash()?)
                .ok_or_else(persisted::not_found);
        }
        // What is too long is refused below, and not worth a hash.
        _ if text.len() > limits.max_document_bytes => Hash::default(),
        Some(named) => named.check(text)?,
        None => hash(text),
    };
    match documents.get(&hash) {
        Some(document) => Ok(document),
        None => Ok(Arc::new(Document::parse(limits, text, hash)?)),
    }
}

/// Refuses the request before anything is executed if a variable lacks its value (specification of
/// GraphQL, section 6.1.2); the library would notice only at the field that uses it.
fn values_for_variables(
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), ServerError> {
    let definitions = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node);
    let missing = definitions.filter(|definition| {
        let value = variables
            .get(&definition.name.node)
            .or_else(|| definition.default_value());
        !definition.var_type.node.nullable && value.is_none_or(|value| *value == Value::Null)
    });
    let missing: Vec<_> = missing
        .map(|definition| format!("${}", definition.name.node))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!("These variables need a value: {}.", missing.join(", "));
    let mut error = ServerError::new(text, None);
    set_wrong_input(&mut error, Some("variables"), Reason::Required);
    Err(error)
}

fn compare(limits: &config::Graphql, measure: &Measure) -> Result<(), ServerError> {
    let Measure {
        cost,
        values,
        schema,
        depth,
        aliases,
        top,
        ..
    } = *measure;
    if !limits.introspection && measure.asks_schema {
        let text = "The schema cannot be asked for here: introspection is off.";
        return Err(refusal(Code::GraphqlValidationFailed, text, None));
    }
    if depth > limits.max_depth {
        let text = format!(
            "The query is {depth} levels deep; at most {} are allowed.",
            limits.max_depth
        );
        return Err(deep(text, None));
    }
    let limited = [
        ("aliases", aliases, limits.max_aliases),
        ("fields at the top", top, limits.max_root_fields),
        (
            "values in its answer",
            values,
            limits.max_cost * VALUES_PER_OBJECT,
        ),
    ];
    for (what, asked, limit) in limited {
        if exceeds(asked, limit) {
            return Err(costly(format!(
                "The query has {asked} {what}; at most {limit} are allowed."
            )));
        }
    }
    if exceeds(cost, limits.max_cost) {
        return Err(costly(format!(
            "The query costs {cost}; at most {} is allowed. Ask for shorter pages or fewer fields.",
            limits.max_cost
        )));
    }
    if schema > *MAX_SCHEMA {
        return Err(costly("The query asks for the schema several times over."));
    }
    Ok(())
}

/// What the standard query of the introspection asks for, and a quarter more for clients that add
/// to it.
static MAX_SCHEMA: LazyLock<u64> = LazyLock::new(|| {
    let standard = async_graphql::parser::parse_query(include_str!("introspection.graphql"))
        .expect("the standard query parses");
    let variables = Variables::default();
    let mut ruler = Ruler::new(Facts::of_schema(), &standard, &variables);
    let operations = standard.operations.iter();
    let measures = operations.filter_map(|(_, of)| ruler.operation(&of.node).ok());
    measures.map(|measure| measure.schema * 5 / 4).sum()
});

/// Refuses large values that the document puts into many places, each of which would copy them.
fn repeats(
    measure: &Measure,
    document: &Document,
    variables: &Variables,
) -> Result<(), ServerError> {
    if measure.load.bytes <= MAX_REPEATED_BYTES {
        return Ok(());
    }
    let once = weight::of_all(variables).saturating_add(document.weight as u64);
    if measure.load.bytes.saturating_sub(once) > MAX_REPEATED_BYTES {
        return Err(costly("The query repeats large values too often."));
    }
    Ok(())
}

fn exceeds(asked: u64, limit: usize) -> bool {
    usize::try_from(asked).map_or(true, |asked| asked > limit)
}

fn kind(ty: OperationType) -> &'static str {
    match ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

#[cfg(test)]
pub mod tests;
