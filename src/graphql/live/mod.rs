//! How events travel: over a WebSocket, in either of two subprotocols, or as server-sent events.
//!
//! Who subscribes is a [`Subscriber`]. Those who see the same of the same stream make up a group
//! (`groups`), for which each event is rendered once.

pub mod events;
mod group;
mod groups;
mod line;
mod operations;
mod protocol;
mod shown;
pub mod socket;
mod subscriber;

use std::sync::Arc;

use async_graphql::ServerError;

use self::{groups::Groups, subscriber::Subscriber};
use super::{
    error::{Failure, refusal},
    guard::{Guard, Selection},
    subscription::Opened,
};
use crate::{
    app::App,
    domain::{cx::Cx, realtime::Ended, throttle::Clients},
    error::{Error, Result},
};

/// What live connections need.
#[derive(Clone)]
pub struct Live {
    app: App,
    guard: Arc<Guard>,
    groups: Arc<Groups>,
    clients: Arc<Clients>,
}

impl Live {
    /// With nobody on it yet; an operation on a socket counts like a request.
    pub fn new(app: App, guard: Arc<Guard>, clients: Arc<Clients>) -> Self {
        let groups = Arc::new(Groups::new(app.clone(), Arc::clone(&guard)));
        Self {
            app,
            guard,
            groups,
            clients,
        }
    }

    async fn subscribe(&self, opened: Opened, selection: Arc<Selection>) -> Result<Subscriber> {
        Subscriber::begin(Arc::clone(&self.groups), opened, selection).await
    }
}

/// Why somebody hears no more.
fn farewell(why: Ended, request_id: &str) -> ServerError {
    told(
        refusal(why.refusal().code(), why.message(), None),
        request_id,
    )
}

/// Why there is no answer.
fn unanswered(why: Error, cx: &Cx) -> ServerError {
    told(Failure::from(why).into_server_error(None), cx.request_id())
}

/// With the request's id, as every error has it.
fn told(mut error: ServerError, request_id: &str) -> ServerError {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("requestId", request_id);
    error
}
