//! Subscriptions as server-sent events (graphql-sse, "distinct connections"): one operation, one answer that
//! goes on. Queries and mutations are answered in the same form.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_graphql::ServerError;
use axum::{
    body::{Body, Bytes},
    http::{
        HeaderName, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::Response,
};
use futures::{
    future::BoxFuture,
    stream::{self, BoxStream, StreamExt},
};
use tokio::time::sleep;

use super::{Live, farewell, subscriber::Said};
use crate::{
    domain::{cx::Cx, realtime::Ended},
    graphql::{
        body::{self, write},
        error::Failure,
        guard::{Admitted, Begun},
    },
};

/// The end of an operation. The empty data is for `EventSource`, which drops events without any.
const COMPLETE: &str = "event: complete\ndata:\n\n";
/// A sign of life; clients overlook it.
const KEEP_ALIVE: &str = ":\n\n";
/// Tells nginx not to collect what is sent.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Executes one operation.
pub async fn respond(live: &Live, cx: Cx, admitted: Admitted) -> Response {
    if !admitted.listens() {
        let answer = live.guard.answer(admitted).await;
        return events(Body::from(next(&body::text(&answer)) + COMPLETE));
    }
    let (opened, selection) = match live.guard.begin(admitted, None).await {
        Begun::Listening(opened, selection) => (opened, selection),
        Begun::Refused(answer) => {
            return events(Body::from(next(&body::text(&answer)) + COMPLETE));
        }
    };
    match live.subscribe(opened, selection).await {
        Ok(subscriber) => {
            let presence = Arc::clone(subscriber.presence());
            let shutdown = live.app.shutdown.clone();
            let going = Going {
                request_id: cx.request_id().to_owned(),
                ended: Box::pin(async move { presence.ended().await }),
                stopping: Box::pin(async move { shutdown.cancelled().await }),
                said: subscriber.into_stream(),
                keep_alive: live.app.config.realtime.keep_alive,
                over: false,
            };
            // The head goes out at once, so that a client knows that it listens.
            let start = stream::once(async { Ok(Bytes::from_static(KEEP_ALIVE.as_bytes())) });
            let going = stream::unfold(going, |mut going| async move {
                let chunk = going.next().await?;
                Some((Ok::<_, Infallible>(Bytes::from(chunk)), going))
            });
            events(Body::from_stream(start.chain(going)))
        }
        Err(error) => {
            let error = Failure::from(error).into_server_error(None);
            events(Body::from(failed(&super::told(error, cx.request_id()))))
        }
    }
}

/// An answer that goes on.
struct Going {
    request_id: String,
    said: BoxStream<'static, Said>,
    ended: BoxFuture<'static, Ended>,
    stopping: BoxFuture<'static, ()>,
    keep_alive: Duration,
    over: bool,
}

impl Going {
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        tokio::select! {
            biased;
            // Without a word of completion, so that the client comes back.
            () = &mut self.stopping => None,
            why = &mut self.ended => {
                self.over = true;
                Some(failed(&farewell(why, &self.request_id)))
            }
            said = self.said.next() => Some(match said {
                Some(Said::Next(body)) => next(&body),
                Some(Said::Failed(error)) => {
                    self.over = true;
                    failed(&error)
                }
                None => {
                    self.over = true;
                    COMPLETE.to_owned()
                }
            }),
            () = sleep(self.keep_alive) => Some(KEEP_ALIVE.to_owned()),
        }
    }
}

fn next(body: &str) -> String {
    format!("event: next\ndata: {body}\n\n")
}

fn failed(error: &ServerError) -> String {
    next(&write(&serde_json::json!({ "errors": [error] }))) + COMPLETE
}

fn events(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}
