//! What a request says, read field by field: every problem is written down, none ends the reading,
//! so that the client hears all of them at once and in order of declaration (`rest.md` 1.3).
//!
//! Knows presence and types; what a good value is, the domain's `parse` functions know.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    error::Failure,
    error_body::{InputError, kind},
};
use crate::{
    domain::{fields::FieldProblem, patch::Patch},
    error::Reason,
};

/// Something that is read from a request. One struct is both the reader and the schema of a body.
pub trait Read: Sized {
    /// Whether the request's body is read for it.
    const BODY: bool = false;

    /// Reads all of it. Read every field before the first `?`, or later problems stay hidden.
    fn read(form: &mut Form) -> Checked<Self>;
}

/// A value, or word that what is wrong with it was written down in the form.
pub type Checked<T> = Result<T, Refused>;

/// At least one problem was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The parts of a request that carry input, and the problems found in them so far.
#[derive(Debug, Default)]
pub struct Form {
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// `None` when there is no object to read fields from.
    body: Option<Map<String, Value>>,
    /// What is wrong with the body as a whole, until its first field is asked for.
    body_error: Option<InputError>,
    errors: Vec<InputError>,
}

/// Where a value stood.
#[derive(Clone, Copy)]
enum Place {
    Path,
    Query,
    Body,
}

impl Place {
    fn field(self, name: &str) -> String {
        let place = match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Body => "body",
        };
        format!("{place} -> {name}")
    }
}

impl Form {
    /// A request's path and query parameters, decoded.
    pub fn new(path: Vec<(String, String)>, query: Vec<(String, String)>) -> Self {
        Self {
            path,
            query,
            ..Self::default()
        }
    }

    /// Adds the body, or what is wrong with it as a whole.
    pub fn set_body(&mut self, body: Result<Map<String, Value>, InputError>) {
        match body {
            Ok(object) => self.body = Some(object),
            Err(error) => self.body_error = Some(error),
        }
    }

    /// The value, or every problem that was written down while it was read.
    pub fn finish<T>(self, value: Checked<T>) -> Result<T, Failure> {
        value.map_err(|Refused| Failure::input(self.errors))
    }

    /// A text that must be there.
    pub fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Checked<T> {
        match self.take(name)? {
            Some(value) => self.text(name, &value, parse),
            None => self.refuse(Place::Body, name, Reason::Required.into(), None),
        }
    }

    /// A text that may be absent or null.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Checked<Option<T>> {
        match self.take(name)? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.text(name, &value, parse).map(Some),
        }
    }

    /// A text of a partial update that may be absent, but not null.
    pub fn changed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Checked<Option<T>> {
        match self.take(name)? {
            None => Ok(None),
            Some(value) => self.text(name, &value, parse).map(Some),
        }
    }

    /// An object of a partial update.
    pub fn patch_object<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(Value) -> Result<T, FieldProblem>,
    ) -> Checked<Patch<T>> {
        match self.take(name)? {
            None => Ok(Patch::Absent),
            Some(Value::Null) => Ok(Patch::Null),
            Some(value) => match parse(value) {
                Ok(value) => Ok(Patch::Value(value)),
                Err(problem) if problem.reason == Reason::WrongType => {
                    self.refuse(Place::Body, name, problem, Some("dict_type"))
                }
                Err(problem) => self.refuse(Place::Body, name, problem, None),
            },
        }
    }

    /// An id that must be in the body.
    pub fn required_id<T: From<Uuid>>(&mut self, name: &str) -> Checked<T> {
        self.required(name, uuid).map(T::from)
    }

    /// An id that may be absent or null.
    pub fn optional_id<T: From<Uuid>>(&mut self, name: &str) -> Checked<Option<T>> {
        let id = self.optional(name, uuid)?;
        Ok(id.map(T::from))
    }

    /// An id in the path.
    pub fn path_id<T: From<Uuid>>(&mut self, name: &str) -> Checked<T> {
        let text = find(&self.path, name).unwrap_or_default();
        match uuid(&text) {
            Ok(id) => Ok(id.into()),
            Err(problem) => self.refuse(Place::Path, name, problem, None),
        }
    }

    /// A whole number in the query. One too large to hold becomes the largest, because the numbers
    /// of pages are clamped, not refused (`rest.md` 1.6).
    pub fn query_number(&mut self, name: &str) -> Checked<Option<i64>> {
        let Some(text) = find(&self.query, name) else {
            return Ok(None);
        };
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let text = "This value must be a whole number.";
            let problem = FieldProblem::new(Reason::WrongType, text);
            return self.refuse(Place::Query, name, problem, Some("int_parsing"));
        }
        let extreme = if text.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        };
        Ok(Some(text.parse().unwrap_or(extreme)))
    }

    /// The field's value if the body has it. What is wrong with a body that is no object is written
    /// down here, once, so that it stands behind what is wrong with the path.
    fn take(&mut self, name: &str) -> Checked<Option<Value>> {
        self.errors.extend(self.body_error.take());
        Ok(self.body.as_mut().ok_or(Refused)?.remove(name))
    }

    fn text<T>(
        &mut self,
        name: &str,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Checked<T> {
        let parsed = match value {
            Value::String(text) => parse(text),
            Value::Null => Err(Reason::NotNull.into()),
            _ => Err(FieldProblem::new(
                Reason::WrongType,
                "This value must be a string.",
            )),
        };
        match parsed {
            Ok(value) => Ok(value),
            Err(problem) => self.refuse(Place::Body, name, problem, None),
        }
    }

    /// Writes a problem down. `word` is the `type` where the reader knows better than the reason.
    fn refuse<T>(
        &mut self,
        place: Place,
        name: &str,
        problem: FieldProblem,
        word: Option<&'static str>,
    ) -> Checked<T> {
        self.errors.push(InputError {
            field: place.field(name),
            kind: word.unwrap_or_else(|| kind(problem.reason)),
            reason: problem.reason,
            message: problem.message,
        });
        Err(Refused)
    }
}

fn uuid(text: &str) -> Result<Uuid, FieldProblem> {
    Uuid::parse_str(text).map_err(|_| Reason::InvalidId.into())
}

/// The last value given under a name, as the original reads repeated parameters.
fn find(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs
        .iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

macro_rules! read_together {
    ($($part:ident),+) => {
        /// Reads all parts, also behind a wrong one, so that all problems are told.
        impl<$($part: Read),+> Read for ($($part,)+) {
            const BODY: bool = $($part::BODY)||+;

            #[expect(non_snake_case, reason = "the type's name stands for its value")]
            fn read(form: &mut Form) -> Checked<Self> {
                $(let $part = $part::read(form);)+
                Ok(($($part?,)+))
            }
        }
    };
}
read_together!(A, B);
read_together!(A, B, C);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(body: Value) -> Form {
        let mut form = Form::new(Vec::new(), vec![("page".into(), "1".into())]);
        let Value::Object(body) = body else {
            panic!("an object")
        };
        form.set_body(Ok(body));
        form
    }

    fn kinds(form: &Form) -> Vec<(&str, &str)> {
        form.errors
            .iter()
            .map(|error| (error.field.as_str(), error.kind))
            .collect()
    }

    fn anything(text: &str) -> Result<String, FieldProblem> {
        if text.is_empty() {
            Err(Reason::Blank.into())
        } else {
            Ok(text.to_owned())
        }
    }

    #[test]
    fn every_problem_is_told_in_order() {
        let mut form = form(json!({ "b": 1, "c": null, "d": "x" }));
        for name in ["a", "b", "c"] {
            assert_eq!(form.required(name, anything), Err(Refused));
        }
        assert_eq!(form.required_id::<Uuid>("d"), Err(Refused));
        let expected = [
            ("body -> a", "missing"),
            ("body -> b", "string_type"),
            ("body -> c", "string_type"),
            ("body -> d", "uuid_parsing"),
        ];
        assert_eq!(kinds(&form), expected);
    }

    #[test]
    fn absent_null_and_value_are_told_apart() {
        let mut form = form(json!({ "null": null, "value": "x" }));
        assert_eq!(form.changed("absent", anything), Ok(None));
        assert_eq!(form.changed("value", anything), Ok(Some("x".into())));
        assert_eq!(form.patch_object("absent", Ok), Ok(Patch::Absent));
        assert_eq!(form.optional("null", anything), Ok(None));
    }

    #[test]
    fn of_a_body_that_is_none_only_that_is_told() {
        let mut form = Form::new(vec![("id".into(), "x".into())], Vec::new());
        form.set_body(Err(InputError {
            field: "body".into(),
            message: String::new(),
            kind: "missing",
            reason: Reason::Required,
        }));
        assert_eq!(form.path_id::<Uuid>("id"), Err(Refused));
        assert_eq!(form.required("a", anything), Err(Refused));
        assert_eq!(form.required("b", anything), Err(Refused));
        assert_eq!(
            kinds(&form),
            [("path -> id", "uuid_parsing"), ("body", "missing")]
        );
    }

    #[test]
    fn numbers_are_clamped_and_words_refused() {
        let number = |text: &str| {
            let mut form = Form::new(Vec::new(), vec![("page".into(), text.into())]);
            let number = form.query_number("page");
            number.map_err(|Refused| form.errors[0].kind)
        };
        assert_eq!(number("7"), Ok(Some(7)));
        assert_eq!(number("99999999999999999999"), Ok(Some(i64::MAX)));
        assert_eq!(number("-99999999999999999999"), Ok(Some(i64::MIN)));
        for wrong in ["", "x", "1.5", "--1", "0x10", "\0"] {
            assert_eq!(number(wrong), Err("int_parsing"), "{wrong:?}");
        }
    }
}
