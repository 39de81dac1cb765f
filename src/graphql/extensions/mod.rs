//! What holds for every operation: limits, time, panics, codes, logs. One schema extension with a
//! fresh state per request; what it decides is in the files beside it.

mod absent;
mod classify;
mod document;
mod facts;
mod limits;
mod measure;
mod nulls;
mod persisted;
mod report;
mod scan;
mod store;
mod values;
mod weight;

use std::{
    any::TypeId,
    panic::AssertUnwindSafe,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use async_graphql::{
    CacheControl, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest,
        NextRequest, NextResolve, NextValidation, ResolveInfo,
    },
};
use async_trait::async_trait;
use futures::FutureExt;

use super::{
    context::Scope,
    error::{Failure, refusal},
};
use crate::{
    app::App,
    error::{Code, Error},
};

pub use limits::ReadOnly;
pub use measure::MAX_NESTING;
pub use persisted::Extensions;

/// Watches over every operation; give it to the schema once.
pub struct Guard {
    app: App,
    documents: Arc<store::Documents>,
}

impl Guard {
    /// With the limits of the configuration, and no document yet.
    pub fn new(app: App) -> Self {
        let documents = Arc::new(store::Documents::new(&app.config.graphql));
        Self { app, documents }
    }
}

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Watch {
            app: self.app.clone(),
            documents: Arc::clone(&self.documents),
            started: Instant::now(),
            scope: OnceLock::new(),
            operation: OnceLock::new(),
            validity: OnceLock::new(),
            executing: AtomicBool::new(false),
            nulls: nulls::Nulls::default(),
        })
    }
}

/// Watches over one operation.
struct Watch {
    app: App,
    documents: Arc<store::Documents>,
    started: Instant,
    scope: OnceLock<Scope>,
    operation: OnceLock<limits::Operation>,
    validity: OnceLock<limits::Validity>,
    executing: AtomicBool,
    nulls: nulls::Nulls,
}

#[async_trait]
impl Extension for Watch {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let run = AssertUnwindSafe(next.run(ctx)).catch_unwind();
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
        report::finish(self, response)
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let scope = request.data.get(&TypeId::of::<Scope>());
        if let Some(scope) = scope.and_then(|scope| scope.downcast_ref::<Scope>()) {
            self.scope.get_or_init(|| scope.clone());
        }
        let checked = limits::check(&self.app.config.graphql, &self.documents, request);
        if let Some(operation) = checked.operation {
            self.operation.get_or_init(|| operation);
        }
        let (request, validity) = checked.verdict?;
        self.validity.get_or_init(|| validity);
        next.run(ctx, request).await
    }

    /// Validates what is not known to be valid, and keeps what is.
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let Some(validity) = self.validity.get() else {
            return next.run(ctx).await;
        };
        if validity.known {
            // The limits are our own, and nothing is cached on the way.
            return Ok(ValidationResult {
                cache_control: CacheControl::default(),
                complexity: 0,
                depth: 0,
            });
        }
        let result = next.run(ctx).await?;
        if let Some(shape) = &validity.shape {
            validity.document.note_valid(shape.clone());
        }
        self.documents.keep(&validity.document);
        Ok(result)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        self.executing.store(true, Ordering::Relaxed);
        let mut response = next.run(ctx, operation_name).await;
        response.data = self.nulls.apply(response.data);
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (place, ty) = (info.path_node, info.return_type);
        let resolved = next.run(ctx, info).await;
        self.nulls.note(place, ty, resolved.is_err());
        resolved
    }
}
