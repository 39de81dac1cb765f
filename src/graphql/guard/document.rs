//! What is known of a document whatever its variables: parsed, bounded, and for which shapes of
//! request it was found valid. Made once per text; requests that send the same text share it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_graphql::{
    Name, Pos, ServerError, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};
use sha2::{Digest, Sha256};

use super::{
    facts::Facts,
    footprint::footprint,
    measure::{Measure, Ruler, Unmeasurable},
    scan::{Fault, Scanned, scan},
};
use crate::{
    config,
    error::Code,
    graphql::error::{refusal, set_code},
};

/// Most selections, directives and values in a document once its fragments are spread out.
const MAX_NODES: u64 = 3_000;
/// Lists that lead from types to types, nested so deep, ask for the schema many times over.
const MAX_INTROSPECTION: usize = 2;
/// What a document takes beside its content, its place in the store and its shapes included.
const BASE_WEIGHT: usize = 1_024;
/// The most that a document weighs beside its text, given the bounds on its tokens and parts. A test
/// holds it against the heaviest ones.
pub const MAX_WEIGHT: usize = 1_000_000;
/// Shapes remembered of one document; a client sends one or two.
const MAX_SHAPES: usize = 8;

/// The SHA-256 of a document's text.
pub type Hash = [u8; 32];

/// The hash that names a document.
pub fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// A document that may run, if its variables are right.
#[derive(Debug)]
pub struct Document {
    /// Of its text.
    pub hash: Hash,
    /// Its content.
    pub parsed: ExecutableDocument,
    /// About how many bytes it takes.
    pub weight: usize,
    /// Whether it may be kept. A mutation's text may be a password that should have been sent in a
    /// variable.
    pub may_be_kept: bool,
    valid: Mutex<Vec<Shape>>,
}

/// All that the library's validation depends on beside the document itself and the values of its
/// variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    operation: Option<Name>,
    /// Which of the defined variables were sent, one bit each.
    sent: u64,
}

impl Document {
    /// Parses a text and bounds what it asks for.
    pub fn parse(limits: &config::Graphql, text: &str, hash: Hash) -> Result<Self, ServerError> {
        let Scanned { texts } = scan(text).map_err(|fault| match fault {
            Fault::Tokens => costly("The document is too long."),
            Fault::Brackets => deep("The document is nested too deeply.", None),
            Fault::Unclosed => {
                let text = "The document is not well formed: a block string does not end.";
                refusal(Code::GraphqlParseFailed, text, None)
            }
        })?;
        if text.len() > limits.max_document_bytes {
            return Err(costly(format!(
                "The document is {} bytes long; at most {} are allowed. Send values as variables.",
                text.len(),
                limits.max_document_bytes
            )));
        }
        let parsed = parse_query(text).map_err(|error| {
            let mut error = ServerError::from(error);
            // The parser draws a picture of the place, with the whole line; clients have
            // `locations`.
            let why = error.message.rsplit("\n  = ").next().unwrap_or_default();
            error.message = format!("The document is not well formed: {why}");
            set_code(&mut error, Code::GraphqlParseFailed, None);
            error
        })?;
        bound(&parsed)?;
        let mutates = |operation: &OperationDefinition| operation.ty == OperationType::Mutation;
        let mutates = parsed.operations.iter().any(|(_, of)| mutates(&of.node));
        // The parser leaves room in its lists, up to four times what is in them; a copy does not.
        let parsed = parsed.clone();
        Ok(Self {
            hash,
            weight: BASE_WEIGHT + footprint(&parsed),
            may_be_kept: !(mutates && texts),
            valid: Mutex::default(),
            parsed,
        })
    }

    /// The operation to run.
    pub fn choose(
        &self,
        wanted: Option<&str>,
    ) -> Result<(Option<&Name>, &OperationDefinition), ServerError> {
        let found = match (&self.parsed.operations, wanted) {
            (DocumentOperations::Single(operation), None) => Some((None, operation)),
            (DocumentOperations::Multiple(operations), Some(name)) => operations
                .get_key_value(name)
                .map(|(name, of)| (Some(name), of)),
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
                operations.iter().next().map(|(name, of)| (Some(name), of))
            }
            _ => None,
        };
        found
            .map(|(name, operation)| (name, &operation.node))
            .ok_or_else(|| {
                let text = match wanted {
                    Some(name) => format!("The document has no operation named \"{name}\"."),
                    None => {
                        "The document has several operations: name one in operationName.".to_owned()
                    }
                };
                refusal(Code::GraphqlValidationFailed, text, None)
            })
    }

    /// The shape of a request; `None` if the document defines more variables than a shape holds.
    pub fn shape(&self, operation: Option<&Name>, variables: &Variables) -> Option<Shape> {
        let mut sent = 0;
        let operations = self.parsed.operations.iter();
        let defined = operations.flat_map(|(_, of)| &of.node.variable_definitions);
        for (place, definition) in defined.enumerate() {
            let bit = 1_u64.checked_shl(place.try_into().ok()?)?;
            if variables.contains_key(&definition.node.name.node) {
                sent |= bit;
            }
        }
        Some(Shape {
            operation: operation.cloned(),
            sent,
        })
    }

    /// Whether a request of this shape was found valid before.
    pub fn is_valid(&self, shape: &Shape) -> bool {
        self.shapes().contains(shape)
    }

    /// Remembers that a request of this shape is valid.
    pub fn note_valid(&self, shape: Shape) {
        let mut shapes = self.shapes();
        if shapes.len() < MAX_SHAPES && !shapes.contains(&shape) {
            shapes.push(shape);
        }
    }

    fn shapes(&self) -> MutexGuard<'_, Vec<Shape>> {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bounds what the library's validation has to walk through: every operation and every fragment,
/// wanted or not.
fn bound(document: &ExecutableDocument) -> Result<(), ServerError> {
    let variables = Variables::default();
    let mut ruler = Ruler::new(Facts::of_schema(), document, &variables);
    let mut nodes = 0_u64;
    let mut bound = |part: Measure| {
        nodes = nodes.saturating_add(part.load.nodes);
        if nodes > MAX_NODES {
            return Err(costly(format!(
                "The document has more than {MAX_NODES} parts once its fragments are spread out."
            )));
        }
        if part.introspection > MAX_INTROSPECTION {
            return Err(deep("The document asks for types of types of types.", None));
        }
        Ok(())
    };
    bound(ruler.fragments().map_err(unmeasurable)?)?;
    for (_, operation) in document.operations.iter() {
        bound(ruler.operation(&operation.node).map_err(unmeasurable)?)?;
    }
    Ok(())
}

/// Why a document could not be measured, for the client.
pub fn unmeasurable(why: Unmeasurable) -> ServerError {
    match why {
        Unmeasurable::Nesting(pos) => deep("The document is nested too deeply.", Some(pos)),
        Unmeasurable::Cycle(name, pos) => {
            let text = format!("The fragment \"{name}\" contains itself.");
            refusal(Code::GraphqlValidationFailed, text, Some(pos))
        }
    }
}

/// The document asks for too much.
pub fn costly(text: impl Into<String>) -> ServerError {
    refusal(Code::QueryTooCostly, text, None)
}

/// The document is nested too deeply.
pub fn deep(text: impl Into<String>, pos: Option<Pos>) -> ServerError {
    refusal(Code::QueryTooDeep, text, pos)
}

#[cfg(test)]
mod tests;
