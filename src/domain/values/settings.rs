//! The JSON object that belongs to a tenant.

use serde_json::Value;

use super::Parsed;
use crate::{domain::fields::FieldProblem, error::Reason};

/// Largest settings object, in bytes of JSON.
pub const SETTINGS_MAX_BYTES: usize = 64 * 1024;

/// A tenant's settings: a JSON object that belongs to the tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings(Value);

impl Settings {
    /// An object of at most 64 KiB without NUL characters, which PostgreSQL cannot hold.
    pub fn parse(value: Value) -> Parsed<Self> {
        if !value.is_object() {
            return Err(FieldProblem::new(
                Reason::WrongType,
                "Settings are a JSON object.",
            ));
        }
        if has_nul(&value) {
            return Err(Reason::ControlCharacter.into());
        }
        if value.to_string().len() > SETTINGS_MAX_BYTES {
            return Err(FieldProblem::new(
                Reason::TooLarge,
                format!("Settings take at most {SETTINGS_MAX_BYTES} bytes of JSON."),
            ));
        }
        Ok(Self(value))
    }

    /// No settings.
    pub fn empty() -> Self {
        Self(Value::Object(serde_json::Map::new()))
    }

    /// The object.
    pub fn into_json(self) -> Value {
        self.0
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T: std::fmt::Debug>(parsed: Parsed<T>) -> Reason {
        parsed.expect_err("refused").reason
    }

    #[test]
    fn settings_are_an_object_that_postgresql_can_hold() {
        assert_eq!(
            reason(Settings::parse(serde_json::json!([]))),
            Reason::WrongType
        );
        let nul = serde_json::json!({"a": [{"b\0": 1}]});
        assert_eq!(reason(Settings::parse(nul)), Reason::ControlCharacter);
        let large = serde_json::json!({"a": "x".repeat(SETTINGS_MAX_BYTES)});
        assert_eq!(reason(Settings::parse(large)), Reason::TooLarge);
    }
}
