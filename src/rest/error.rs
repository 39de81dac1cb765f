//! Failures of the REST door and of the layers before every door: which status, which headers.
//! The only place that turns a domain [`Error`] into HTTP; how the body looks is `error_body.rs`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::error_body::{ErrorBody, InputError};
use crate::error::{Code, Error, Reason, Subject, whole_seconds};

/// What a handler answers.
pub type Answer<T> = Result<T, Failure>;

/// A failed request. As a response it is a bare status until [`render`] writes the body, which
/// names the request and so can only be written by the layer that knows it.
#[derive(Clone, Debug)]
pub struct Failure(Arc<Refusal>);

/// What a failure says.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: Code,
    reason: Option<Reason>,
    message: String,
    details: Option<Value>,
    errors: Vec<InputError>,
    retry_after: Option<Duration>,
    /// For the log, where the failure is ours or a partner's.
    cause: Option<Error>,
}

impl Failure {
    /// A failure of the way in: no route, wrong method, body too large, too slow.
    pub fn door(status: StatusCode, code: Code) -> Self {
        let message = match code {
            // The original's words.
            Code::RouteNotFound => "Not Found",
            Code::MethodNotAllowed => "Method Not Allowed",
            _ => code.description(),
        };
        Self::refusal(status, code, message.to_owned())
    }

    /// A request that the way in refuses, in words of its own.
    pub fn refused(
        status: StatusCode,
        code: Code,
        reason: Option<Reason>,
        message: String,
    ) -> Self {
        Self(Arc::new(Refusal {
            reason,
            ..Refusal::new(status, code, message)
        }))
    }

    /// Inputs that could not be read; never empty.
    pub fn input(errors: Vec<InputError>) -> Self {
        let message = in_words(&errors);
        Self(Arc::new(Refusal {
            reason: errors.first().map(|error| error.reason),
            errors,
            ..Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                Code::InvalidInput,
                message,
            )
        }))
    }

    /// The service cannot work at present; `details` says which part, in public words.
    pub fn not_ready(message: String, details: Value) -> Self {
        Self(Arc::new(Refusal {
            details: Some(details),
            ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Code::Upstream, message)
        }))
    }

    /// What a bare error status of a library means, so that it too gets the common body.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::door(status, Code::Unauthenticated),
            StatusCode::FORBIDDEN => Self::door(status, Code::Forbidden),
            StatusCode::NOT_FOUND => Self::door(status, Code::RouteNotFound),
            StatusCode::METHOD_NOT_ALLOWED => Self::door(status, Code::MethodNotAllowed),
            StatusCode::REQUEST_TIMEOUT => Self::door(status, Code::Timeout),
            StatusCode::PAYLOAD_TOO_LARGE => Self::door(status, Code::PayloadTooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::door(status, Code::UnsupportedMediaType),
            _ if status.is_server_error() => Self::door(status, Code::Internal),
            _ => Self::refusal(
                status,
                Code::InvalidInput,
                status
                    .canonical_reason()
                    .unwrap_or("Bad Request")
                    .to_owned(),
            ),
        }
    }

    fn refusal(status: StatusCode, code: Code, message: String) -> Self {
        Self(Arc::new(Refusal::new(status, code, message)))
    }

    /// Logs what is not the client's doing, once and with its causes.
    fn log(&self, request_id: &str) {
        let Some(cause) = &self.0.cause else { return };
        let causes = causes(cause);
        if self.0.code == Code::Internal {
            tracing::error!(request.id = request_id, causes, "request failed: {cause}");
        } else {
            tracing::warn!(request.id = request_id, causes, "request failed: {cause}");
        }
    }
}

impl Refusal {
    fn new(status: StatusCode, code: Code, message: String) -> Self {
        Self {
            status,
            code,
            reason: None,
            message,
            details: None,
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let retry_after = error.retry_after();
        let details = retry_after.map(|wait| json!({ "retry_after": whole_seconds(wait) }));
        let errors: Vec<_> = error.fields().iter().map(InputError::from).collect();
        let message = if errors.is_empty() {
            error.message().into_owned()
        } else {
            in_words(&errors)
        };
        let refusal = Refusal {
            reason: error.reason(),
            details,
            errors,
            retry_after,
            ..Refusal::new(status(&error), error.code(), message)
        };
        let cause = matches!(error, Error::Internal(_) | Error::Upstream { .. }).then_some(error);
        Self(Arc::new(Refusal { cause, ..refusal }))
    }
}

fn in_words(errors: &[InputError]) -> String {
    errors
        .iter()
        .map(InputError::in_words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Statuses of ARCHITECTURE section 5, with rulings 9 (a tenant that is not there) and 41.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) | Error::NotFound(Subject::Tenant) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Conflict(Reason::OwnerProtected | Reason::SelfRemoval) => StatusCode::BAD_REQUEST,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::InvalidInput(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::LimitReached(_) | Error::PaymentRequired(_) => StatusCode::PAYMENT_REQUIRED,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Resync => StatusCode::GONE,
        Error::Upstream { .. } => StatusCode::BAD_GATEWAY,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The chain of causes below an error, for the log.
fn causes(error: &Error) -> String {
    let first = std::error::Error::source(error).and_then(std::error::Error::source);
    std::iter::successors(first, |cause| cause.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        let headers = response.headers_mut();
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.0.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of a failure into its response, and logs it where the fault is not the client's.
/// Other responses pass untouched, except error statuses that a library answered without JSON. `shape`
/// adds what the clients of another door look for.
pub fn render(
    mut response: Response,
    request_id: &str,
    shape: impl FnOnce(Value) -> Value,
) -> Response {
    let failure = match response.extensions_mut().remove::<Failure>() {
        Some(failure) => failure,
        None if is_bare(&response) => Failure::of_status(response.status()),
        None => return response,
    };
    failure.log(request_id);
    let refusal = &failure.0;
    let body = ErrorBody::new(
        refusal.code,
        refusal.reason,
        refusal.message.clone(),
        refusal.details.clone(),
        &refusal.errors,
    );
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = shape(json!(body.for_request(request_id)));
    let body = Json(body).into_response().into_body();
    Response::from_parts(parts, body)
}

fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let json = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.contains("json") || kind.starts_with("text/html"));
    (status.is_client_error() || status.is_server_error()) && !json
}
