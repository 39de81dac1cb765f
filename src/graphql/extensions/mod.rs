//! What holds for every operation: limits, time, panics, codes, logs. One schema extension with a
//! fresh state per request; what it decides is in the files beside it.

mod absent;
mod classify;
mod facts;
mod limits;
mod measure;
mod nulls;
mod report;
mod scan;

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
    Request, Response, ServerResult, Value,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest,
        NextRequest, NextResolve, ResolveInfo,
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

pub use measure::MAX_NESTING;

/// Watches over every operation; give it to the schema once.
pub struct Guard {
    /// Knows the limits.
    pub app: App,
}

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Watch {
            app: self.app.clone(),
            started: Instant::now(),
            scope: OnceLock::new(),
            operation: OnceLock::new(),
            executing: AtomicBool::new(false),
            nulls: nulls::Nulls::default(),
        })
    }
}

/// Watches over one operation.
struct Watch {
    app: App,
    started: Instant,
    scope: OnceLock<Scope>,
    operation: OnceLock<limits::Operation>,
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
        let checked = limits::check(&self.app.config.graphql, request);
        if let Some(operation) = checked.operation {
            self.operation.get_or_init(|| operation);
        }
        next.run(ctx, checked.verdict?).await
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
