//! Axum extractors of the REST door: who asks ([`Visitor`], [`SignedIn`]) and what is asked
//! ([`Input`]). A handler names the caller first, so credentials are checked before input
//! (ruling 7).

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, HeaderName, StatusCode, header::CONTENT_TYPE, request::Parts},
};
use entity::ids::{InvitationId, ProvisioningJobId, TenantId, UserId};
use serde_json::{Map, Value, json};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{
    error::Failure,
    error_body::{InputError, kind},
    form::{Checked, Form, Read},
};
use crate::{
    domain::{
        cx::Cx,
        fields::FieldProblem,
        idempotency::{IdempotencyKey, KEY_MAX},
        page::Offset,
    },
    error::{Code, Error, Reason},
};

/// Names a request, so that repeating it does nothing again.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Anybody. Credentials, good or bad, are not looked at (ruling 4).
#[derive(Clone)]
pub struct Visitor(pub Cx);

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Put there by `server`, so that its log line can name the user and tenant.
        let cx = parts.extensions.get::<Cx>().cloned();
        cx.map(Self)
            .ok_or_else(|| Error::internal("the request has no context").into())
    }
}

/// Somebody whose credentials hold.
#[derive(Clone)]
pub struct SignedIn(pub Cx);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Visitor(cx) = Visitor::from_request_parts(parts, state).await?;
        cx.identity().await?;
        Ok(Self(cx))
    }
}

/// Somebody whose credentials hold, with the name that the client gave the request (ruling 32): a
/// repeat of it gets the same answer.
#[derive(Clone)]
pub struct Keyed(pub Cx);

impl<S: Send + Sync> FromRequestParts<S> for Keyed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let SignedIn(cx) = SignedIn::from_request_parts(parts, state).await?;
        Ok(Self(cx.keyed(idempotency_key(&parts.headers)?)))
    }
}

/// Anybody, with the name that the client gave the request.
#[derive(Clone)]
pub struct KeyedVisitor(pub Cx);

impl<S: Send + Sync> FromRequestParts<S> for KeyedVisitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Visitor(cx) = Visitor::from_request_parts(parts, state).await?;
        Ok(Self(cx.keyed(idempotency_key(&parts.headers)?)))
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Failure> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let key = match keys.next() {
        None => IdempotencyKey::parse(&String::from_utf8_lossy(key.as_bytes())),
        Some(_) => Err(FieldProblem::new(
            Reason::MutuallyExclusive,
            "Send one Idempotency-Key.",
        )),
    };
    key.map(Some).map_err(|problem| {
        Failure::input(vec![InputError {
            field: "header -> Idempotency-Key".to_owned(),
            message: problem.message,
            kind: kind(problem.reason),
            reason: problem.reason,
        }])
    })
}

/// The header of ruling 32, for the documents of the operations that read it.
pub struct IdempotencyHeader;

impl IntoParams for IdempotencyHeader {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(KEY_MAX))
            .pattern(Some("^[!-~]+$"));
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some(
                "Your own name for this request, e.g. a UUID. For 24 hours a repeat with the same \
                 name gets the same answer and does nothing again; the same name with another \
                 request is a CONFLICT (IDEMPOTENCY_KEY_REUSED).",
            ))
            .schema(Some(schema))
            .build();
        vec![header]
    }
}

/// What is asked: path, query and body as `T` reads them.
pub struct Input<T>(pub T);

impl<S: Send + Sync, T: Read> FromRequest<S> for Input<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let mut form = Form::new(path(&mut parts, state).await, query(&parts));
        if T::BODY {
            let headers = parts.headers.clone();
            let bytes = Bytes::from_request(Request::from_parts(parts, body), state)
                .await
                .map_err(|rejection| Failure::of_status(rejection.status()))?;
            form.set_body(object(&headers, &bytes));
        }
        let value = T::read(&mut form);
        form.finish(value).map(Self)
    }
}

/// The path's parameters. There are none on routes without them, and none are handed on when one is
/// not UTF-8: whoever misses an id calls it malformed.
async fn path<S: Send + Sync>(parts: &mut Parts, state: &S) -> Vec<(String, String)> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params
        .as_ref()
        .map(|params| params.iter())
        .into_iter()
        .flatten();
    params
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn query(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// The JSON object in a body, or what is wrong with the body as a whole.
fn object(headers: &HeaderMap, bytes: &[u8]) -> Result<Map<String, Value>, InputError> {
    let wrong = |kind, reason: Reason, message: &str| InputError {
        field: "body".to_owned(),
        message: message.to_owned(),
        kind,
        reason,
    };
    if bytes.is_empty() {
        return Err(wrong(
            "missing",
            Reason::Required,
            Reason::Required.message(),
        ));
    }
    if !is_json(headers) {
        let message = "Send a JSON object with Content-Type: application/json.";
        return Err(wrong("model_attributes_type", Reason::WrongType, message));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => {
            let message = "The body must be a JSON object.";
            Err(wrong("model_attributes_type", Reason::WrongType, message))
        }
        Err(error) => {
            let offset = offset(bytes, error.line(), error.column());
            let field = format!("body -> {offset}");
            let message = format!("This is not well-formed JSON (near character {offset}).");
            Err(InputError {
                field,
                message,
                ..wrong("json_invalid", Reason::MalformedJson, "")
            })
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
    else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Where in the text a line and column are, counted in bytes from 0.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let before = bytes
        .split(|byte| *byte == b'\n')
        .take(line.saturating_sub(1));
    let lines: usize = before.map(|line| line.len() + 1).sum();
    (lines + column.saturating_sub(1)).min(bytes.len())
}

/// Which page of a list, `DEFAULT` objects long unless the client says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Page<const DEFAULT: i64>(pub Offset);

/// The page of companies (specification: 10).
pub type PageOf10 = Page<10>;
/// The page of anything else.
pub type PageOf20 = Page<20>;

impl<const DEFAULT: i64> Read for Page<DEFAULT> {
    fn read(form: &mut Form) -> Checked<Self> {
        let (page, size) = (form.query_number("page"), form.query_number("size"));
        Ok(Self(Offset::new(
            page?.unwrap_or(1),
            size?.unwrap_or(DEFAULT),
        )))
    }
}

impl<const DEFAULT: i64> IntoParams for Page<DEFAULT> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, description: &str, default: i64| {
            let schema = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .default(Some(json!(default)));
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        vec![
            parameter("page", "Which page, from 1; smaller numbers count as 1.", 1),
            parameter("size", "Objects on a page: 1 to 100, clamped.", DEFAULT),
        ]
    }
}

macro_rules! path_ids {
    ($($id:ident $name:literal),+) => {$(
        impl Read for $id {
            fn read(form: &mut Form) -> Checked<Self> {
                form.path_id($name)
            }
        }
    )+};
}
path_ids!(TenantId "tenant_id", UserId "user_id", InvitationId "invitation_id", ProvisioningJobId "job_id");

/// The answer to a path that leads nowhere.
pub async fn not_found() -> Failure {
    Failure::door(StatusCode::NOT_FOUND, Code::RouteNotFound)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn problem(kind: Option<&'static str>, body: &[u8]) -> (String, &'static str) {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let error = object(&headers, body).expect_err("refused");
        (error.field, error.kind)
    }

    #[test]
    fn bodies_are_json_objects() {
        let json = Some("application/json; charset=utf-8");
        assert_eq!(problem(json, b""), ("body".into(), "missing"));
        for wrong in ["[]", "null", "1", "\"x\""] {
            assert_eq!(
                problem(json, wrong.as_bytes()),
                ("body".into(), "model_attributes_type")
            );
        }
        for kind in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
        ] {
            assert_eq!(
                problem(kind, b"{}"),
                ("body".into(), "model_attributes_type")
            );
        }
    }

    #[test]
    fn broken_json_is_told_by_its_place() {
        let json = Some("application/json");
        assert_eq!(
            problem(json, b"{\n \"a\": x}"),
            ("body -> 8".into(), "json_invalid")
        );
        assert_eq!(problem(json, b"{"), ("body -> 0".into(), "json_invalid"));
        assert_eq!(problem(json, b"{\"a\":\"\xff\"}").1, "json_invalid");
        let deep = "[".repeat(100_000);
        assert_eq!(problem(json, deep.as_bytes()).1, "json_invalid");
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let read = object(&headers, br#"{"a":1,"a":2}"#).expect("an object");
        assert_eq!(read["a"], 2);
    }
}
