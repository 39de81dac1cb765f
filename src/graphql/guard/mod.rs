//! What holds for every operation: limits, time, panics, codes, nulls, logs. It stands around the
//! schema; as an extension inside it, it would be asked at every field, which cost more than most
//! fields do. What it decides is in the files beside this one.

mod absent;
mod classify;
mod document;
mod facts;
mod footprint;
mod limits;
mod measure;
mod nulls;
mod persisted;
mod report;
mod scan;
mod store;
mod values;
mod weight;

use std::{panic::AssertUnwindSafe, sync::OnceLock, time::Instant};

use async_graphql::{Request, Response, ValidationMode};
use futures::FutureExt;

use super::{
    Schema,
    context::Scope,
    error::{Failure, refusal},
    schema_builder,
};
use crate::{
    app::App,
    error::{Code, Error},
};

pub use limits::ReadOnly;
pub use measure::MAX_NESTING;
pub use persisted::Extensions;

/// Executes operations, and watches over each.
pub struct Guard {
    app: App,
    documents: store::Documents,
    /// Validates what it executes.
    strict: Schema,
    /// The same for what is known to be valid.
    trusting: Schema,
}

/// One operation under way.
struct Watch<'a> {
    app: &'a App,
    scope: Scope,
    started: Instant,
    operation: OnceLock<limits::Operation>,
}

impl Guard {
    /// With the limits of the configuration, and no document yet.
    pub fn new(app: App) -> Self {
        let limits = &app.config.graphql;
        let schema = |mode| {
            let mut schema = schema_builder()
                .validation_mode(mode)
                .limit_recursive_depth(MAX_NESTING);
            if !limits.introspection {
                schema = schema.disable_introspection();
            }
            if !limits.suggestions {
                schema = schema.disable_suggestions();
            }
            schema.finish()
        };
        Self {
            documents: store::Documents::new(limits),
            strict: schema(ValidationMode::Strict),
            trusting: schema(ValidationMode::Fast),
            app,
        }
    }

    /// Executes one operation.
    pub async fn execute(&self, scope: Scope, request: Request) -> Response {
        let watch = Watch {
            app: &self.app,
            scope: scope.clone(),
            started: Instant::now(),
            operation: OnceLock::new(),
        };
        let run = AssertUnwindSafe(self.run(&watch, request.data(scope))).catch_unwind();
        let response = match tokio::time::timeout(self.app.config.graphql.timeout, run).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                // What the panic said was written by the panic hook; the client learns nothing.
                let failure = Failure::from(Error::internal("a resolver panicked"));
                Response::from_errors(vec![failure.into_server_error(None)])
            }
            Err(_) => {
                let text = "The operation took too long and was given up.";
                Response::from_errors(vec![refusal(Code::Timeout, text, None)])
            }
        };
        report::finish(&watch, response)
    }

    async fn run(&self, watch: &Watch<'_>, request: Request) -> Response {
        let checked = limits::check(&self.app.config.graphql, &self.documents, request);
        if let Some(operation) = checked.operation {
            watch.operation.get_or_init(|| operation);
        }
        let (request, validity) = match checked.verdict {
            Ok(admitted) => admitted,
            Err(error) => return Response::from_errors(vec![error]),
        };
        let schema = if validity.known {
            &self.trusting
        } else {
            &self.strict
        };
        let name = request.operation_name.clone();
        let mut response = schema.execute(request).await;
        if was_executed(&response) {
            self.remember(&validity);
            if !response.errors.is_empty() {
                let document = &validity.document;
                if let Ok((_, operation)) = document.choose(name.as_deref()) {
                    nulls::fill(&mut response, &document.parsed, operation);
                }
            }
        }
        response
    }

    /// Keeps a document that was found valid.
    fn remember(&self, validity: &limits::Validity) {
        if validity.known {
            return;
        }
        if let Some(shape) = &validity.shape {
            validity.document.note_valid(shape.clone());
        }
        self.documents.keep(&validity.document);
    }
}

/// Whether the document was valid: what is wrong with it as a whole is told without a path.
fn was_executed(response: &Response) -> bool {
    response.is_ok() || response.errors.iter().any(|error| !error.path.is_empty())
}
