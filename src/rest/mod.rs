//! The REST door: `/api/v1` as clients in the field know it (`contract/rest.md`), and the service's own
//! routes. Reads requests into the domain's inputs, calls one use case, and
//! shows what came of it; holds no rules and asks the database nothing.
//!
//! One file per feature. `form` reads input, `views` shows objects, `envelope` and
//! `error` wrap them.

mod auth;
mod billing;
pub mod envelope;
pub mod error;
pub mod error_body;
mod extract;
mod form;
mod health;
mod invitations;
mod members;
mod openapi;
mod provisioning;
mod tenants;
mod views;

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// All routes of this door. They read who asks from the request's extensions, where
/// [`crate::server`] puts it.
pub fn router() -> Router {
    operations()
        .split_for_parts()
        .0
        .fallback(extract::not_found)
}

/// The description of this door; needs no application, so it is printed without a server.
pub fn openapi() -> utoipa::openapi::OpenApi {
    operations().into_openapi()
}

fn operations() -> OpenApiRouter {
    let features = OpenApiRouter::new()
        .merge(auth::routes())
        .merge(tenants::routes())
        .merge(members::routes())
        .merge(invitations::routes())
        .merge(billing::routes())
        .merge(provisioning::routes());
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .merge(health::routes())
        .nest("/api/v1", features)
}
