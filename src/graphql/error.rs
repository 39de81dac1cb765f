//! The domain's error in GraphQL's form. The only file that names the library's own error type.
//!
//! The library would turn any `Display` type into a message for the client, without a code. So
//! resolvers return [`Failure`], which deliberately has no `Display`.

use std::{any::Any, borrow::Cow, sync::Arc};

use async_graphql::{ErrorExtensionValues, Name, Pos, ServerError, Value, indexmap::IndexMap};

use crate::error::{Code, Error, FieldError, Reason, whole_seconds};

/// What a resolver answers.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// A failure on its way to the client. Cheap to clone: a loader hands one to every waiting field.
#[derive(Clone, Debug)]
pub struct Failure(Arc<Error>);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(Failure(error): Failure) -> Self {
        Self {
            message: message(&error),
            extensions: Some(extensions(&error)),
            source: Some(error),
        }
    }
}

impl Failure {
    /// As an error of the whole request, outside any field.
    pub fn into_server_error(self, pos: Option<Pos>) -> ServerError {
        let error = async_graphql::Error::from(self);
        ServerError {
            extensions: error.extensions,
            source: error.source,
            ..ServerError::new(error.message, pos)
        }
    }
}

/// An error that only this door knows, as an error of the whole request.
pub fn refusal(code: Code, message: impl Into<String>, pos: Option<Pos>) -> ServerError {
    let mut error = ServerError::new(message, pos);
    set_code(&mut error, code, None);
    error
}

/// Gives a library error the code it lacks.
pub fn set_code(error: &mut ServerError, code: Code, reason: Option<Reason>) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code.as_str());
    if let Some(reason) = reason {
        extensions.set("reason", reason.as_str());
    }
}

/// Makes an error of the library one about a wrong input, as the domain would have told it.
pub fn set_wrong_input(error: &mut ServerError, field: Option<&str>, reason: Reason) {
    set_code(error, Code::InvalidInput, Some(reason));
    if let Some(field) = field {
        let entry = entry(field, &error.message, reason);
        error
            .extensions
            .get_or_insert_default()
            .set("fields", vec![entry]);
    }
}

/// The code an error carries, if it carries one.
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// The domain's error behind an error of the response, for the log.
pub fn cause(error: &ServerError) -> Option<&Arc<dyn Any + Send + Sync>> {
    error.source.as_ref()
}

/// `code`, and what else the error has to say.
fn extensions(error: &Error) -> ErrorExtensionValues {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", error.code().as_str());
    if let Some(reason) = error.reason() {
        extensions.set("reason", reason.as_str());
    }
    if !error.fields().is_empty() {
        extensions.set(
            "fields",
            error.fields().iter().map(field).collect::<Vec<_>>(),
        );
    }
    if let Some(wait) = error.retry_after() {
        extensions.set("retryAfter", whole_seconds(wait));
    }
    extensions
}

/// The text for the client; wrong inputs go by the names they have in the schema.
fn message(error: &Error) -> String {
    if error.fields().is_empty() {
        return error.message().into_owned();
    }
    let fields = error.fields().iter();
    let texts = fields.map(|wrong| format!("{}: {}", camel_case(&wrong.field), wrong.message));
    texts.collect::<Vec<_>>().join(" ")
}

fn field(error: &FieldError) -> Value {
    let FieldError {
        field,
        reason,
        message,
    } = error;
    entry(&camel_case(field), message, *reason)
}

fn entry(field: &str, message: &str, reason: Reason) -> Value {
    Value::Object(IndexMap::from([
        (Name::new("field"), Value::from(field)),
        (Name::new("message"), Value::from(message)),
        (Name::new("reason"), Value::from(reason.as_str())),
    ]))
}

/// The domain's `snake_case` as GraphQL clients know the field.
fn camel_case(snake: &str) -> Cow<'_, str> {
    if !snake.contains('_') {
        return Cow::Borrowed(snake);
    }
    let mut camel = String::with_capacity(snake.len());
    let mut raise = false;
    for c in snake.chars() {
        if c == '_' {
            raise = true;
        } else if std::mem::take(&mut raise) {
            camel.extend(c.to_uppercase());
        } else {
            camel.push(c);
        }
    }
    Cow::Owned(camel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_those_of_the_schema() {
        assert_eq!(camel_case("email"), "email");
        assert_eq!(camel_case("full_name"), "fullName");
        assert_eq!(
            camel_case("billing.valid_until_day"),
            "billing.validUntilDay"
        );
    }

    #[test]
    fn every_wrong_field_is_told() {
        let error = Error::InvalidInput(vec![
            FieldError::new("email", Reason::InvalidEmail),
            FieldError::new("full_name", Reason::Blank),
        ]);
        let error = Failure::from(error).into_server_error(None);
        let json = serde_json::to_value(&error).expect("serializes");
        assert!(
            json["message"]
                .as_str()
                .expect("text")
                .contains("fullName: ")
        );
        assert_eq!(json["extensions"]["code"], "INVALID_INPUT");
        assert_eq!(json["extensions"]["reason"], "INVALID_EMAIL");
        assert_eq!(json["extensions"]["fields"][1]["field"], "fullName");
        assert_eq!(json["extensions"]["fields"][1]["reason"], "BLANK");
    }

    #[test]
    fn an_internal_cause_stays_inside() {
        let error = Failure::from(Error::internal("password of the database: hunter2"));
        let error = error.into_server_error(None);
        assert!(
            !serde_json::to_string(&error)
                .expect("serializes")
                .contains("hunter2")
        );
        assert!(cause(&error).is_some());
    }
}
