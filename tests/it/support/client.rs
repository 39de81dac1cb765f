//! People who talk to the server over both doors, and the answers they get.

use std::sync::Arc;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use super::sdl;

/// How to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/api/v1`.
    Rest,
    /// `/graphql`.
    Graphql,
}

impl Door {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Rest, Self::Graphql];
}

/// Somebody with a program: signed in when there is an access token.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Where the server listens, without a slash at the end.
    pub base: Arc<str>,
    /// The connection pool that all actors of a test share.
    pub http: reqwest::Client,
    /// The address the account has; empty for a visitor.
    pub email: String,
    /// The account's id; empty for a visitor.
    pub id: String,
    /// What is sent as the bearer.
    pub access: Option<String>,
    /// What the next refresh sends.
    pub refresh: String,
}

impl Actor {
    /// Sends a request below `/api/v1`.
    pub async fn rest(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.send(method, &format!("/api/v1{path}"), body).await
    }

    /// Sends a request to any path.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        Reply::of(format!("{method} {path}"), self.signed(request)).await
    }

    /// Adds the bearer, if there is one.
    pub fn signed(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.access {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// `GET` below `/api/v1`.
    pub async fn get(&self, path: &str) -> Reply {
        self.rest(Method::GET, path, None).await
    }

    /// `POST` below `/api/v1`.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.rest(Method::POST, path, Some(body)).await
    }

    /// `PATCH` below `/api/v1`.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.rest(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE` below `/api/v1`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.rest(Method::DELETE, path, None).await
    }

    /// Sends a GraphQL document.
    pub async fn gql(&self, query: &str, variables: Value) -> Reply {
        self.send(
            Method::POST,
            "/graphql",
            Some(json!({ "query": query, "variables": variables })),
        )
        .await
    }

    /// The same person without the bearer.
    pub fn signed_out(&self) -> Self {
        Self {
            access: None,
            ..self.clone()
        }
    }

    /// The same person with another bearer.
    pub fn with_access(&self, token: &str) -> Self {
        Self {
            access: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same person in a new session.
    pub async fn sign_in(&self) -> Self {
        let body = json!({ "email": self.email, "password": super::PASSWORD });
        let reply = self.signed_out().post("/auth/login", body).await;
        self.with_tokens(reply.expect(200))
    }

    /// The same person holding the pair of an answer.
    pub fn with_tokens(&self, data: &Value) -> Self {
        Self {
            access: Some(text(data, "/access_token")),
            refresh: text(data, "/refresh_token"),
            ..self.clone()
        }
    }
}

/// The string at a place that must hold one.
#[track_caller]
pub fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        other => panic!("expected a string at {pointer}, found {other:?} in {value:#}"),
    }
}

/// What the server said.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Method and path, for the message of a failure.
    pub what: String,
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The body when it is JSON, else null.
    pub json: Value,
    /// The body as it came.
    pub body: String,
}

impl Reply {
    /// Sends and reads to the end.
    pub async fn of(what: String, request: reqwest::RequestBuilder) -> Self {
        let response = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response
            .text()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let json = serde_json::from_str(&body).unwrap_or(Value::Null);
        Self {
            what,
            status,
            headers,
            json,
            body,
        }
    }

    /// The `data` of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{self}");
        assert!(self.json["errors"].is_null(), "{self}");
        &self.json["data"]
    }

    /// The `data` of a GraphQL answer without errors.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        self.expect(200)
    }

    /// A header's text, if the header is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("not text"))
    }

    /// Whether this is GraphQL's answer and not REST's.
    fn is_graphql(&self) -> bool {
        self.what.ends_with("/graphql")
    }

    /// Whether the server refused, in either door's way.
    pub fn refused(&self) -> bool {
        self.status >= 400 || (self.is_graphql() && self.json["errors"].is_array())
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = if self.json.is_null() {
            &self.body
        } else {
            &format!("{:#}", self.json)
        };
        write!(f, "{} answered {}: {shown}", self.what, self.status)
    }
}

/// A failure as both doors tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The stable code.
    pub code: String,
    /// The finer reason, where there is one.
    pub reason: Option<String>,
    /// The wrong inputs by their `snake_case` names, in order.
    pub fields: Vec<String>,
    /// The text for a person.
    pub message: String,
}

impl Reply {
    /// The failure in this answer; panics when there is none.
    #[track_caller]
    pub fn failure(&self) -> Answer {
        assert!(self.refused(), "expected a refusal: {self}");
        if self.is_graphql() {
            self.graphql_failure()
        } else {
            self.rest_failure()
        }
    }

    #[track_caller]
    fn rest_failure(&self) -> Answer {
        assert_eq!(self.json["status"], "error", "{self}");
        assert_eq!(self.json["data"], Value::Null, "{self}");
        assert_eq!(self.json["detail"], self.json["message"], "{self}");
        assert_eq!(
            self.header("x-request-id"),
            self.json["request_id"].as_str(),
            "{self}"
        );
        let error = &self.json["error"];
        let fields = self.json["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Answer {
            code: text(error, "/code"),
            reason: error["reason"].as_str().map(str::to_owned),
            fields: fields
                .iter()
                .map(|field| field_name(&text(field, "/field")))
                .collect(),
            message: text(error, "/message"),
        }
    }

    #[track_caller]
    fn graphql_failure(&self) -> Answer {
        let error = &self.json["errors"][0];
        let extensions = &error["extensions"];
        assert_eq!(
            self.header("x-request-id"),
            extensions["requestId"].as_str(),
            "{self}"
        );
        let fields = extensions["fields"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Answer {
            code: text(extensions, "/code"),
            reason: extensions["reason"].as_str().map(str::to_owned),
            fields: fields
                .iter()
                .map(|field| snake(&text(field, "/field")))
                .collect(),
            message: text(error, "/message"),
        }
    }
}

/// `body -> full_name` names `full_name`.
fn field_name(place: &str) -> String {
    place.rsplit(" -> ").next().unwrap_or(place).to_owned()
}

/// `fullName` names `full_name`; a path names its last part.
fn snake(name: &str) -> String {
    sdl::snake(name.rsplit('.').next().unwrap_or(name))
}

/// Asserts a refusal with this code and, unless it is empty, this reason.
#[track_caller]
pub fn assert_code(reply: &Reply, code: &str, reason: &str) {
    let failure = reply.failure();
    assert_eq!(failure.code, code, "{reply}");
    assert_eq!(
        failure.reason.as_deref().unwrap_or_default(),
        reason,
        "{reply}"
    );
}

/// Asserts that nobody could tell two answers apart but by the request id.
#[track_caller]
pub fn assert_same(left: &Reply, right: &Reply) {
    assert_eq!(left.status, right.status, "{left}\n{right}");
    assert_eq!(without_request_id(left), without_request_id(right));
    let names = |reply: &Reply| {
        let mut names: Vec<_> = reply
            .headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(left), names(right));
}

/// The body but for what names the request itself.
pub fn without_request_id(reply: &Reply) -> Value {
    let mut json = reply.json.clone();
    if let Some(id) = json.get_mut("request_id") {
        *id = json!("-");
    }
    if let Some(errors) = json.get_mut("errors").and_then(Value::as_array_mut) {
        for error in errors {
            if let Some(id) = error.pointer_mut("/extensions/requestId") {
                *id = json!("-");
            }
        }
    }
    json
}
