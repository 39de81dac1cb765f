//! The one body of every error (`rest.md` 1.3, ruling 5): readable by clients of the original
//! (`detail`, `errors`), by the published app (`message`) and by those who branch on `error.code`.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType},
};

use crate::error::{Code, FieldError, Reason};

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// Always `error`.
    #[schema(schema_with = status)]
    status: &'static str,
    /// What went wrong, in words.
    detail: String,
    /// The same as `detail`; some clients read this key.
    message: String,
    error: ErrorDetail,
    /// Each wrong input in order of declaration; only with status 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<InputError>,
    /// Always null.
    #[schema(schema_with = super::envelope::null)]
    data: (),
    /// Which request it was; also in the header `X-Request-Id`. Quote it when asking for help.
    request_id: String,
}

/// What a program reads.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable code to branch on.
    #[schema(schema_with = codes)]
    code: &'static str,
    /// The same as `message` above.
    message: String,
    /// The finer cause of a `CONFLICT` or `INVALID_INPUT`.
    #[schema(schema_with = reason_or_null, required)]
    reason: Option<&'static str>,
    /// Facts that belong to the code, e.g. `retry_after` in seconds.
    #[schema(value_type = Option<Object>, required)]
    details: Option<Value>,
}

/// One wrong input.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InputError {
    /// Where it stands, e.g. `body -> password`, `query -> page`, `path -> tenant_id`.
    #[schema(example = "body -> password")]
    pub field: String,
    /// What is wrong, in words.
    #[schema(example = "A password has at least 8 characters.")]
    pub message: String,
    /// The kind of problem, in the words of the original system.
    #[serde(rename = "type")]
    #[schema(example = "string_too_short")]
    pub kind: &'static str,
    /// The kind of problem, as every door of this service names it.
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = reasons)]
    pub reason: Reason,
}

impl InputError {
    /// Field and problem as one sentence; the published app shows nothing else.
    pub fn in_words(&self) -> String {
        let name = self
            .field
            .rsplit(" -> ")
            .find(|name| name.parse::<usize>().is_err());
        format!("{}: {}", name.unwrap_or("body"), self.message)
    }
}

impl From<&FieldError> for InputError {
    /// The domain knows fields, not where they stood: what it finds wrong came in the body.
    fn from(error: &FieldError) -> Self {
        Self {
            field: format!("body -> {}", error.field.replace('.', " -> ")),
            message: error.message.clone(),
            kind: kind(error.reason),
            reason: error.reason,
        }
    }
}

/// The `type` word of `rest.md` 1.3 for a reason.
pub fn kind(reason: Reason) -> &'static str {
    match reason {
        Reason::Required => "missing",
        Reason::NotNull | Reason::WrongType => "string_type",
        Reason::TooShort => "string_too_short",
        Reason::TooLong => "string_too_long",
        Reason::UnknownWord => "enum",
        Reason::InvalidId => "uuid_parsing",
        Reason::MalformedJson => "json_invalid",
        _ => "value_error",
    }
}

impl ErrorBody {
    /// The body of a failure whose request is not known yet.
    pub fn new(
        code: Code,
        reason: Option<Reason>,
        message: String,
        details: Option<Value>,
        errors: &[InputError],
    ) -> Self {
        Self {
            status: "error",
            detail: message.clone(),
            error: ErrorDetail {
                code: code.as_str(),
                message: message.clone(),
                reason: reason.map(Reason::as_str),
                details,
            },
            message,
            errors: errors.to_vec(),
            data: (),
            request_id: String::new(),
        }
    }

    /// Names the request.
    #[must_use]
    pub fn for_request(mut self, request_id: &str) -> Self {
        request_id.clone_into(&mut self.request_id);
        self
    }

    /// An example for the documentation.
    pub fn example(code: Code, message: &str, errors: &[InputError]) -> Value {
        let reason = errors.first().map(|error| error.reason);
        let body = Self::new(code, reason, message.to_owned(), None, errors)
            .for_request("0199b6a0-5d2c-7c30-9d1e-6a1f0f4d2b11");
        json!(body)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn as_word<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

fn words(words: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
}

fn status() -> RefOr<Schema> {
    super::envelope::word("error")
}

fn codes() -> RefOr<Schema> {
    words(Code::ALL.iter().map(|code| code.as_str())).into()
}

fn reasons() -> RefOr<Schema> {
    words(Reason::ALL.iter().map(|reason| reason.as_str())).into()
}

fn reason_or_null() -> RefOr<Schema> {
    let words = Reason::ALL.iter().map(|reason| json!(reason.as_str()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.chain([Value::Null])))
        .into()
}
