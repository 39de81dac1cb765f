//! Subscriptions: begun like any operation, through all limits; then each event is an execution of its
//! own, of what was begun.

use std::sync::Arc;

use async_graphql::{Request, Response, Value};
use futures::StreamExt;

use super::{
    Admitted, Guard, empties,
    flat::Flat,
    limits::Validity,
    nulls, report,
    selections::{Draft, Selection},
};
use crate::{
    domain::{
        cx::Cx,
        realtime::{Heard, Presence},
    },
    graphql::{
        Schema,
        context::Scope,
        error::Failure,
        subscription::{Opened, Opening, Source},
    },
};

/// What came of beginning.
pub enum Begun {
    /// Somebody listens.
    Listening(Opened, Arc<Selection>),
    /// Nobody does, and this is why.
    Refused(Response),
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
    ) -> Result<Arc<Selection>, Response> {
        let refused = |error| Response::from_errors(vec![error]);
        let cx = scope.cx().clone();
        let name = validity.document.choose(request.operation_name.as_deref());
        let (name, _) = name.map_err(refused)?;
        let parsed = request.parsed_query().map_err(refused)?;
        let flat = Flat::of(parsed, name).map_err(refused)?;
        let begins = Source::Opening(Arc::clone(opening));
        // The library overlooks a field that stands in a fragment, and begins twice what is asked for twice.
        // Once the document is known to be valid, its one field is asked for.
        let (source, again) = if flat.was_spread {
            let mut again = Request::new("").variables(request.variables.clone());
            again.set_parsed_query(flat.document.clone());
            (Source::Checking, Some(again.data(scope).data(begins)))
        } else {
            (begins, None)
        };
        let draft = Draft::new(
            flat.begun(),
            name,
            &request.variables,
            validity.document.hash,
        );
        self.selections.admit(&draft).map_err(refused)?;
        first(self.schema(&validity), request.data(source)).await?;
        if let Some(again) = again {
            first(&self.trusting, again).await?;
        }
        self.remember(&validity);
        let who = cx.identity().await;
        let who = who.map_err(|error| refused(Failure::from(error).into_server_error(None)))?;
        self.selections.keep(who.user.id, draft).map_err(refused)
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
        if let Some((_, operation)) = selection.document.operations.iter().next() {
            if failed {
                nulls::fill(&mut response, &selection.document, &operation.node);
            }
            empties::fill(&mut response, &selection.document, &operation.node);
        }
        if failed {
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
