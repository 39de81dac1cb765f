//! What holds for every operation: limits, time, panics, codes, nulls, logs. It stands around the
//! schema; as an extension inside it, it would be asked at every field, which cost more than most
//! fields do. What it decides is in the files beside this one.

mod absent;
mod classify;
mod document;
mod empties;
mod facts;
mod flat;
mod footprint;
mod limits;
mod listen;
mod measure;
mod nulls;
mod persisted;
mod report;
mod scan;
mod selections;
mod store;
mod values;
mod weight;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use async_graphql::{Request, Response, ServerError, ValidationMode};
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

pub use document::Hash;
pub use limits::ReadOnly;
pub use listen::Begun;
pub use measure::MAX_NESTING;
pub use persisted::Extensions;
pub use selections::Selection;

/// Executes operations, and watches over each.
pub struct Guard {
    app: App,
    documents: store::Documents,
    /// What running subscriptions show.
    selections: Arc<selections::Selections>,
    /// Validates what it executes.
    strict: Schema,
    /// The same for what is known to be valid.
    trusting: Schema,
}

/// One operation under way.
struct Watch {
    app: App,
    scope: Scope,
    started: Instant,
    operation: Option<limits::Operation>,
}

/// An operation that was looked at, and may run or may not.
pub struct Admitted {
    watch: Watch,
    verdict: Verdict,
}

type Verdict = Result<(Request, limits::Validity), ServerError>;

impl Admitted {
    /// Whether it listens rather than answers.
    pub fn listens(&self) -> bool {
        let operation = self.watch.operation.as_ref();
        operation.is_some_and(|operation| operation.kind == "subscription")
    }
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
            selections: Arc::new(selections::Selections::new(
                &app.config.realtime,
                app.metrics.realtime.clone(),
            )),
            strict: schema(ValidationMode::Strict),
            trusting: schema(ValidationMode::Fast),
            app,
        }
    }

    /// Executes one operation that answers.
    pub async fn execute(&self, scope: Scope, request: Request) -> Response {
        self.answer(self.admit(scope, request)).await
    }

    /// Looks at an operation.
    pub fn admit(&self, scope: Scope, request: Request) -> Admitted {
        let started = Instant::now();
        let request = request.data(scope.clone());
        let checked = limits::check(&self.app.config.graphql, &self.documents, request);
        Admitted {
            watch: Watch {
                app: self.app.clone(),
                scope,
                started,
                operation: checked.operation,
            },
            verdict: checked.verdict,
        }
    }

    /// Executes an operation that answers.
    pub async fn answer(&self, admitted: Admitted) -> Response {
        let listens = admitted.listens();
        let Admitted { watch, verdict } = admitted;
        let run = async {
            match verdict {
                Ok(_) if listens => {
                    let text = "Send subscriptions over a WebSocket, or by POST with \
                                `Accept: text/event-stream`.";
                    let error = refusal(Code::GraphqlValidationFailed, text, None);
                    Response::from_errors(vec![error])
                }
                Ok((request, validity)) => self.run(request, validity).await,
                Err(error) => Response::from_errors(vec![error]),
            }
        };
        report::finish(&watch, self.in_time(run).await)
    }

    /// Waits for an answer for so long as it may take.
    async fn in_time(&self, run: impl Future<Output = Response>) -> Response {
        let run = AssertUnwindSafe(run).catch_unwind();
        match tokio::time::timeout(self.app.config.graphql.timeout, run).await {
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
        }
    }

    async fn run(&self, request: Request, validity: limits::Validity) -> Response {
        let schema = self.schema(&validity);
        let name = request.operation_name.clone();
        let mut response = schema.execute(request).await;
        if was_executed(&response) {
            self.remember(&validity);
            let document = &validity.document;
            if let Ok((_, operation)) = document.choose(name.as_deref()) {
                if !response.errors.is_empty() {
                    nulls::fill(&mut response, &document.parsed, operation);
                }
                empties::fill(&mut response, &document.parsed, operation);
            }
        }
        response
    }

    /// Validates what was not found valid before.
    fn schema(&self, validity: &limits::Validity) -> &Schema {
        if validity.known {
            &self.trusting
        } else {
            &self.strict
        }
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
