//! `/graphql` over HTTP: reads one operation, executes it, answers. Refuses what is not a GraphQL
//! request in a body that GraphQL clients and plain HTTP clients both understand.

use std::sync::LazyLock;

use async_graphql::{Request, Response as Answer, ServerError, Value, Variables};
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT, ALLOW, CONTENT_TYPE, VARY, WWW_AUTHENTICATE},
    },
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::{error::Category, json};

use super::{
    Schema,
    context::Scope,
    error::{Failure, code_of, refusal},
    extensions::{Guard, MAX_NESTING},
    playground, schema_builder,
};
use crate::{
    app::App,
    domain::cx::Cx,
    error::{Code, Error, FieldError, Reason},
};

/// The media type whose status codes say how an operation went.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// What a body must look like.
const SHAPE: &str = "Send a JSON object with `query` (text), and if needed `operationName` (text) \
                     and `variables` (object).";

/// What every request needs.
#[derive(Clone)]
struct Door {
    schema: Schema,
    app: App,
}

/// The routes of this door.
pub fn router(app: App) -> Router {
    let limits = &app.config.graphql;
    let mut schema = schema_builder()
        .extension(Guard { app: app.clone() })
        .limit_recursive_depth(MAX_NESTING);
    if !limits.introspection {
        schema = schema.disable_introspection();
    }
    if !limits.suggestions {
        schema = schema.disable_suggestions();
    }
    let door = Door {
        schema: schema.finish(),
        app,
    };
    let methods = get(open).post(execute).fallback(wrong_method);
    Router::new().route("/graphql", methods).with_state(door)
}

/// Executes one operation.
async fn execute(
    State(door): State<Door>,
    Extension(cx): Extension<Cx>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = match read(&headers, body) {
        Ok(request) => request,
        Err(refusal) => return refusal.answer(&cx),
    };
    let answer = door.schema.execute(request.data(Scope::new(cx))).await;
    respond(&headers, &answer)
}

/// Opens the playground in a browser.
async fn open(
    State(door): State<Door>,
    Extension(cx): Extension<Cx>,
    headers: HeaderMap,
) -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(playground::page);
    if !accepts(&headers, "text/html") {
        return wrong_method(Extension(cx), Method::GET).await;
    }
    if !door.app.config.server.playground {
        let text = "There is no playground here. Send operations by POST.";
        return Refusal::new(StatusCode::NOT_FOUND, Code::RouteNotFound, text).answer(&cx);
    }
    (
        [(VARY, HeaderValue::from_static("accept"))],
        Html(PAGE.as_str()),
    )
        .into_response()
}

async fn wrong_method(Extension(cx): Extension<Cx>, method: Method) -> Response {
    let text = format!("{method} is not for this path. Send operations by POST.");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, text).answer(&cx)
}

/// Reads one operation from the body.
fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Request, Refusal> {
    if !is_json(headers) {
        let text = "The body must be application/json. Files cannot be uploaded here.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, Code::UnsupportedMediaType, text));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let text = "The body is larger than the server accepts.";
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, text)
        }
        _ => Refusal::input(
            "body",
            Reason::MalformedJson,
            "The body did not arrive as a whole.",
        ),
    })?;
    if body.trim_ascii_start().starts_with(b"[") {
        let text = "Send one operation per request; lists of them (batches) are not taken.";
        return Err(Refusal::input("body", Reason::WrongType, text));
    }
    let sent: Sent = serde_json::from_slice(&body).map_err(|error| match error.classify() {
        Category::Data => Refusal::input("body", Reason::WrongType, SHAPE),
        _ => Refusal::input(
            "body",
            Reason::MalformedJson,
            "The body is not well-formed JSON.",
        ),
    })?;
    let Some(query) = sent.query else {
        return Err(Refusal::input("query", Reason::Required, SHAPE));
    };
    let mut request = Request::new(query).variables(sent.variables);
    // Some clients send an empty name for "the only one".
    request.operation_name = sent.operation_name.filter(|name| !name.is_empty());
    Ok(request)
}

/// What a client sends. Other keys are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Whether the client names this media type among those it reads.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let lists = headers
        .get_all(ACCEPT)
        .into_iter()
        .filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case(media_type)
    })
}

/// The body of an answer. A request that was never executed has no `data` (specification of GraphQL,
/// section 7.1).
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

fn respond(headers: &HeaderMap, answer: &Answer) -> Response {
    let refused = answer.is_err() && answer.errors.iter().all(|error| error.path.is_empty());
    let data = (!refused).then_some(&answer.data);
    let body = Body {
        data,
        errors: &answer.errors,
        extensions: &answer.extensions,
    };
    if !accepts(headers, GRAPHQL_RESPONSE) {
        return Json(body).into_response();
    }
    let status = if answer.data == Value::Null {
        status(&answer.errors)
    } else {
        StatusCode::OK
    };
    let kind = HeaderValue::from_static(GRAPHQL_RESPONSE);
    let mut response = (status, [(CONTENT_TYPE, kind)], Json(body)).into_response();
    challenge(&mut response);
    response
}

/// The status of an answer without data, for clients that read statuses.
fn status(errors: &[ServerError]) -> StatusCode {
    let is = |code: Code| {
        errors
            .iter()
            .any(|error| code_of(error) == Some(code.as_str()))
    };
    let refused = errors.iter().all(|error| error.path.is_empty());
    if is(Code::Internal) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if is(Code::Timeout) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if is(Code::Unauthenticated) {
        StatusCode::UNAUTHORIZED
    } else if refused {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

fn challenge(response: &mut Response) {
    if response.status() == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

/// A request that is none of GraphQL.
struct Refusal {
    status: StatusCode,
    error: Box<ServerError>,
}

impl Refusal {
    fn new(status: StatusCode, code: Code, text: impl Into<String>) -> Self {
        Self {
            status,
            error: Box::new(refusal(code, text, None)),
        }
    }

    fn input(field: &'static str, reason: Reason, text: &str) -> Self {
        let error = FieldError {
            field: field.into(),
            reason,
            message: text.to_owned(),
        };
        let error = Failure::from(Error::InvalidInput(vec![error])).into_server_error(None);
        Self {
            status: StatusCode::BAD_REQUEST,
            error: Box::new(ServerError {
                message: text.into(),
                ..error
            }),
        }
    }

    /// `errors` for GraphQL clients, the rest for whoever reads the errors of the other doors
    /// (ruling 5).
    fn answer(self, cx: &Cx) -> Response {
        let Self { status, mut error } = self;
        error
            .extensions
            .get_or_insert_default()
            .set("requestId", cx.request_id());
        let code = code_of(&error).unwrap_or_default();
        let reason = error
            .extensions
            .as_ref()
            .and_then(|extensions| extensions.get("reason"));
        tracing::debug!(request.id = cx.request_id(), code, "not a graphql request");
        let body = json!({
            "errors": [error],
            "status": "error",
            "detail": error.message,
            "message": error.message,
            "error": { "code": code, "message": error.message, "reason": reason, "details": null },
            "request_id": cx.request_id(),
        });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }
}
