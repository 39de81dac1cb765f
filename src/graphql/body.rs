//! How an answer is written, over HTTP and on live connections.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{Response, ServerError, Value};
use serde::Serialize;

/// The body of an answer. A request that was never executed has no `data` (specification of GraphQL,
/// section 7.1).
#[derive(Serialize)]
pub struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

impl<'a> Body<'a> {
    /// That of an answer.
    pub fn of(answer: &'a Response) -> Self {
        Self {
            data: (!was_refused(answer)).then_some(&answer.data),
            errors: &answer.errors,
            extensions: &answer.extensions,
        }
    }
}

/// Whether the request was never executed.
pub fn was_refused(answer: &Response) -> bool {
    answer.is_err() && answer.errors.iter().all(|error| error.path.is_empty())
}

/// The body as text.
pub fn text(answer: &Response) -> Arc<str> {
    write(&Body::of(answer)).into()
}

/// Something as JSON. What is written here are trees of texts and numbers, which always can be.
pub fn write(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_default()
}
