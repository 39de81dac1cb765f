//! Pages for people: the playground that `GET /graphql` opens in a browser, the descriptions of the
//! REST routes at `/docs`, `/redoc` and `/openapi.json`, and `/join`, where a letter's link leads.
//!
//! Everything they load comes from here, under a policy that says exactly what each page does. The one
//! exception is the stock playground of a build without `web/dist`. No rule of the business lives here:
//! what a page wants to know it asks the API, like any client.

mod assets;
mod bundle;
mod docs;
mod join;
mod playground;
mod redoc;
mod stock;

use axum::{
    Router,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

pub use {bundle::is_built, playground::open as playground};

use crate::{domain::cx::Cx, error::Code, rest::error::Failure};

/// The routes of all pages but the playground, which shares its address with the API.
pub fn routes() -> Router {
    Router::new()
        .merge(assets::routes())
        .merge(docs::routes())
        .merge(redoc::routes())
        .merge(join::routes())
}

/// A document, and what it may do. Nothing keeps it, because a page and its script must be of one
/// version; the layer around all doors says so.
fn html(policy: &'static str, page: impl Into<String>) -> Response {
    file(policy, "text/html; charset=utf-8", page.into())
}

/// Something that a document loads, under the document's policy.
fn file(policy: &'static str, kind: &'static str, content: impl IntoResponse) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Where the service begins for a browser, since a proxy may serve it below a path. Ends with a slash.
fn base(cx: &Cx) -> &str {
    cx.app().config.server.public_url.path()
}

fn not_found() -> Failure {
    Failure::door(StatusCode::NOT_FOUND, Code::RouteNotFound)
}
