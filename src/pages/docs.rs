//! `/openapi.json`, the description of the REST routes, and `/docs`, where one can try them: Swagger
//! UI, which comes inside its crate.

use std::sync::{Arc, LazyLock};

use axum::{
    Extension, Router,
    extract::Path,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::{base, html, not_found};
use crate::{
    domain::cx::Cx,
    error::Error,
    rest::{self, error::Failure},
};

/// Swagger UI styles its elements in place; its scripts are files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
     'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; \
     form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    rest::openapi()
        .to_json()
        .expect("the document is made of strings, lists and maps")
});

static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    Arc::new(
        Config::from("../openapi.json")
            .try_it_out_enabled(true)
            .persist_authorization(false),
    )
});

/// The routes of this file.
pub fn routes() -> Router {
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(page))
        .route("/docs/{file}", get(part))
}

async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// The page names its files relative to itself; the base makes that right with and without the
/// slash at the end, so that neither needs a redirect.
async fn page(Extension(cx): Extension<Cx>) -> Result<Response, Failure> {
    let page = swagger("index.html")?;
    let head = format!(
        "<base href=\"{}docs/\"><title>ERPMax API</title>",
        base(&cx)
    );
    let page = String::from_utf8_lossy(&page.bytes).replace("<title>Swagger UI</title>", &head);
    Ok(html(POLICY, page))
}

async fn part(Path(name): Path<String>) -> Result<Response, Failure> {
    let file = swagger(&name)?;
    let kind = HeaderValue::from_str(&file.content_type).map_err(Error::internal)?;
    let mut response = file.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CONTENT_TYPE, kind);
    // The names hold no version.
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    if file.gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn swagger(name: &str) -> Result<SwaggerFile<'static>, Failure> {
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&SWAGGER));
    let found = found.map_err(|error| Error::internal(error.to_string()))?;
    found.ok_or_else(not_found)
}
