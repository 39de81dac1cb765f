//! Reads a GraphQL request from HTTP: a body by POST, the name of a persisted query by GET; or from a
//! message.

use async_graphql::{Request, Variables};
use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use url::form_urlencoded;

use super::{
    guard::{Extensions, ReadOnly},
    refusal::Refusal,
};
use crate::error::{Code, Reason};

/// What a body must look like.
const SHAPE: &str = "Send a JSON object with `query` (text) or `extensions.persistedQuery` \
                     (object), and if needed `operationName` (text) and `variables` (object).";

/// Reads one operation from a body.
pub fn by_post(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Request, Refusal> {
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
    read("body", &body)
}

/// Reads one operation from a message.
pub fn by_message(payload: &str) -> Result<Request, Refusal> {
    read("payload", payload.as_bytes())
}

fn read(field: &'static str, json: &[u8]) -> Result<Request, Refusal> {
    let sent: Sent = parse(field, json, SHAPE)?;
    let Sent {
        query,
        operation_name,
        variables,
        extensions,
    } = sent;
    request(
        query,
        operation_name,
        variables,
        extensions.unwrap_or_default(),
    )
}

/// What a client sends. Other keys are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
    extensions: Option<Extensions>,
}

/// Reads the name of a persisted query from the address; `None` if there is none. Nothing else is
/// taken by GET: addresses are written into logs and histories, and texts may hold secrets.
pub fn by_get(query: &str) -> Option<Result<Request, Refusal>> {
    let mut parameters = Parameters::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let parameter = match &*name {
            "query" => &mut parameters.query,
            "operationName" => &mut parameters.operation_name,
            "variables" => &mut parameters.variables,
            "extensions" => &mut parameters.extensions,
            _ => continue,
        };
        *parameter = Some(value.into_owned());
    }
    let extensions = parameters.extensions.take()?;
    Some(parameters.read(&extensions))
}

#[derive(Default)]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    fn read(self, extensions: &str) -> Result<Request, Refusal> {
        if self.query.is_some_and(|query| !query.is_empty()) {
            return Err(Refusal::wrong_method(&Method::GET));
        }
        let text = "Send `extensions` as a JSON object with `persistedQuery`.";
        let extensions: Extensions = parse("extensions", extensions.as_bytes(), text)?;
        let variables = match self.variables.filter(|variables| !variables.is_empty()) {
            Some(text) => parse(
                "variables",
                text.as_bytes(),
                "Send `variables` as a JSON object.",
            )?,
            None => Variables::default(),
        };
        let request = request(None, self.operation_name, variables, extensions)?;
        Ok(request.data(ReadOnly))
    }
}

fn request(
    query: Option<String>,
    operation_name: Option<String>,
    variables: Variables,
    Extensions { persisted_query }: Extensions,
) -> Result<Request, Refusal> {
    if query.is_none() && persisted_query.is_none() {
        return Err(Refusal::input("query", Reason::Required, SHAPE));
    }
    let mut request = Request::new(query.unwrap_or_default()).variables(variables);
    if let Some(persisted) = persisted_query {
        request = request.data(persisted);
    }
    // Some clients send an empty name for "the only one".
    request.operation_name = operation_name.filter(|name| !name.is_empty());
    Ok(request)
}

fn parse<T: DeserializeOwned>(field: &'static str, json: &[u8], shape: &str) -> Result<T, Refusal> {
    serde_json::from_slice(json).map_err(|error| {
        if error.classify() == Category::Data {
            return Refusal::input(field, Reason::WrongType, shape);
        }
        let text = format!("The {field} is not well-formed JSON.");
        Refusal::input(field, Reason::MalformedJson, &text)
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}
