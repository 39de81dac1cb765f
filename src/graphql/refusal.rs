//! What is refused on `/graphql` before there is an operation, in a body that GraphQL clients and
//! plain HTTP clients both understand.

use async_graphql::ServerError;
use axum::{
    Json,
    http::{HeaderValue, Method, StatusCode, header::ALLOW},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::error::{Failure, code_of, refusal};
use crate::{
    domain::cx::Cx,
    error::{Code, Error, FieldError, Reason},
};

/// A request that is none of GraphQL.
pub struct Refusal {
    status: StatusCode,
    error: Box<ServerError>,
    /// The methods to use instead.
    allow: Option<HeaderValue>,
}

impl Refusal {
    /// With a status and a code.
    pub fn new(status: StatusCode, code: Code, text: impl Into<String>) -> Self {
        Self {
            status,
            error: Box::new(refusal(code, text, None)),
            allow: None,
        }
    }

    /// A method that is not for this.
    pub fn wrong_method(method: &Method) -> Self {
        let text = "Send operations by POST; GET is for persisted queries.";
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, text);
        let others = if method == Method::GET {
            "POST"
        } else {
            "GET, HEAD, POST"
        };
        Self {
            allow: Some(HeaderValue::from_static(others)),
            ..refusal
        }
    }

    /// An input that is wrong.
    pub fn input(field: &'static str, reason: Reason, text: &str) -> Self {
        let error = FieldError {
            field: field.into(),
            reason,
            message: text.to_owned(),
        };
        let error = Failure::from(Error::InvalidInput(vec![error])).into_server_error(None);
        Self {
            status: StatusCode::BAD_REQUEST,
            allow: None,
            error: Box::new(ServerError {
                message: text.into(),
                ..error
            }),
        }
    }

    /// What is wrong, for who sent it over a socket.
    pub fn into_error(self, request_id: &str) -> ServerError {
        let mut error = *self.error;
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("requestId", request_id);
        error
    }

    /// `errors` for GraphQL clients, the rest for whoever reads the errors of the other doors
    /// (ruling 5).
    pub fn answer(self, cx: &Cx) -> Response {
        let Self {
            status,
            mut error,
            allow,
        } = self;
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
        if let Some(allow) = allow {
            response.headers_mut().insert(ALLOW, allow);
        }
        response
    }
}

/// Adds `errors` for GraphQL clients to the body of a failure that happened before this door: too
/// slow, too large, too often.
pub fn with_errors(mut body: Value) -> Value {
    let error = &body["error"];
    let mut extensions = json!({ "code": error["code"], "requestId": body["request_id"] });
    if error["reason"].is_string() {
        extensions["reason"] = error["reason"].clone();
    }
    if let Some(wait) = error.pointer("/details/retry_after") {
        extensions["retryAfter"] = wait.clone();
    }
    body["errors"] = json!([{ "message": body["message"], "extensions": extensions }]);
    body
}
