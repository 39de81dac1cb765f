//! The last look at an answer: every error gets its code and the request's id, nothing internal
//! leaves, the cost is told, and one line is logged.

use std::{error::Error as StdError, sync::Arc};

use async_graphql::{Name, Response, ServerError, Value, indexmap::IndexMap};

use super::{Watch, classify::classify, was_executed};
use crate::{
    error::{Code, Error},
    graphql::error::{cause, code_of},
};

/// Most errors told of a document that is wrong; one could make tens of thousands.
const MAX_ERRORS: usize = 20;
/// Longest message, in bytes: the library quotes values in full.
const MAX_MESSAGE: usize = 500;

/// Completes the answer and logs the operation.
pub fn finish(watch: &Watch, mut response: Response) -> Response {
    mask(&mut response, watch.scope.cx().request_id());
    log_operation(watch, &response);
    let requested = watch
        .operation
        .as_ref()
        .map_or(0, |operation| operation.cost);
    response.extension("cost", cost(requested, watch.app.config.graphql.max_cost))
}

/// Completes the errors, and logs what lies behind them.
pub fn mask(response: &mut Response, request_id: &str) {
    let executed = was_executed(response);
    if !executed {
        response.errors.truncate(MAX_ERRORS);
    }
    for error in &mut response.errors {
        shorten(&mut error.message);
        if code_of(error).is_none() {
            classify(error, executed, request_id);
        }
        error
            .extensions
            .get_or_insert_default()
            .set("requestId", request_id);
    }
    log_causes(&response.errors, request_id);
}

fn shorten(message: &mut String) {
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push('…');
    }
}

/// Logs what lies behind failures that are our or a partner's fault; each once, although a loader
/// may have handed it to many fields.
fn log_causes(errors: &[ServerError], request_id: &str) {
    let mut logged = Vec::new();
    for source in errors.iter().filter_map(cause) {
        let address = Arc::as_ptr(source).cast::<()>();
        let Some(error) = source.downcast_ref::<Error>() else {
            continue;
        };
        if !matches!(error.code(), Code::Internal | Code::Upstream) || logged.contains(&address) {
            continue;
        }
        logged.push(address);
        tracing::error!(
            request.id = request_id,
            code = error.code().as_str(),
            error = chain(error),
            "graphql operation failed"
        );
    }
}

/// An error and everything it was caused by.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // An internal error shows its cause's own text.
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

fn log_operation(watch: &Watch, response: &Response) {
    let operation = watch.operation.as_ref();
    let mut codes: Vec<_> = response.errors.iter().filter_map(code_of).collect();
    codes.sort_unstable();
    codes.dedup();
    let caller = watch.scope.cx().noted();
    let duration_ms = watch.started.elapsed().as_secs_f64() * 1_000.0;
    watch.app.metrics.graphql.operation(
        operation.and_then(|operation| operation.name.as_deref()),
        caller.is_some(),
        response.errors.first().and_then(code_of),
        watch.started.elapsed(),
    );
    tracing::info!(
        operation = operation.and_then(|operation| operation.name.as_deref()),
        kind = operation.map(|operation| operation.kind),
        outcome = if codes.is_empty() { "ok" } else { "error" },
        codes = (!codes.is_empty()).then(|| codes.join(",")),
        cost = operation.map(|operation| operation.cost),
        duration_ms = (duration_ms * 1_000.0).round() / 1_000.0,
        user.id = caller.map(|(user, _)| user.to_string()),
        tenant.id = caller
            .and_then(|(_, tenant)| tenant)
            .map(|tenant| tenant.to_string()),
        "graphql operation"
    );
}

fn cost(requested: u64, available: usize) -> Value {
    Value::Object(IndexMap::from([
        (Name::new("requested"), Value::from(requested)),
        (Name::new("available"), Value::from(available)),
    ]))
}
