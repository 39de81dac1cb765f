//! Pages for people: the API's description at `/docs` and `/openapi.json`, and `/join`, where a
//! letter's link leads. Everything they load comes from here, under a strict content policy.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    extract::Path,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            REFERRER_POLICY, X_FRAME_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use utoipa_swagger_ui::Config;

use super::{
    error::Failure,
    extract::{Visitor, not_found},
};
use crate::{domain::cx::Cx, error::Error};

/// Nothing but its own script, style and API, in no frame, with no form that a browser would send.
const JOIN_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Swagger UI styles its elements in place; its scripts are files.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
     'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; \
     form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    super::openapi()
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
        .route("/docs", get(docs))
        .route("/docs/{file}", get(docs_file))
        .route("/join", get(join))
        .route("/join.js", get(join_script))
        .route("/join.css", get(join_style))
}

async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// The page names its files relative to itself; the base makes that right with and without the
/// slash at the end, so that neither needs a redirect.
async fn docs(Visitor(cx): Visitor) -> Response {
    let page = match swagger("index.html") {
        Ok(Some((_, page))) => page,
        Ok(None) => return not_found().await.into_response(),
        Err(failure) => return failure.into_response(),
    };
    let head = format!(
        "<base href=\"{}docs/\"><title>ERPMax API</title>",
        base(&cx)
    );
    let page = String::from_utf8_lossy(&page).replace("<title>Swagger UI</title>", &head);
    (
        policy(DOCS_POLICY),
        [(CONTENT_TYPE, "text/html; charset=utf-8")],
        page,
    )
        .into_response()
}

async fn docs_file(Path(file): Path<String>) -> Response {
    match swagger(&file) {
        Ok(Some((headers, bytes))) => (headers, bytes).into_response(),
        Ok(None) => not_found().await.into_response(),
        Err(failure) => failure.into_response(),
    }
}

/// A file of Swagger UI, which comes inside its crate.
fn swagger(file: &str) -> Result<Option<(HeaderMap, Vec<u8>)>, Failure> {
    let found = utoipa_swagger_ui::serve(file, Arc::clone(&SWAGGER));
    let Some(file) = found.map_err(|error| Error::internal(error.to_string()))? else {
        return Ok(None);
    };
    let mut headers = policy(DOCS_POLICY);
    let kind = HeaderValue::from_str(&file.content_type).map_err(Error::internal)?;
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    if file.gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(Some((headers, file.bytes.into_owned())))
}

async fn join(Visitor(cx): Visitor) -> Response {
    let page = include_str!("join/page.html").replace("{base}", base(&cx));
    let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (policy(JOIN_POLICY), kind, page).into_response()
}

/// Where the service begins for a browser, since a proxy may serve it below a path.
fn base(cx: &Cx) -> &str {
    cx.app().config.server.public_url.path()
}

async fn join_script() -> Response {
    let kind = [(CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (policy(JOIN_POLICY), kind, include_str!("join/script.js")).into_response()
}

async fn join_style() -> Response {
    let kind = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    (policy(JOIN_POLICY), kind, include_str!("join/style.css")).into_response()
}

/// What a page may do. Not kept, because a page and its script must be of one version; and no
/// address that held a token is told to others.
fn policy(content: &'static str) -> HeaderMap {
    let pairs: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, content),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
}
