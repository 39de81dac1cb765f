//! Gives a code to what the library itself says. Resolvers give every error a code, so an error
//! without one comes from the library: the document is wrong, an input could not be read, or it is
//! our fault.

use async_graphql::ServerError;

use crate::{
    error::{Code, Error, Reason},
    graphql::error::{set_code, set_wrong_input},
};

/// Classifies an error that has no code yet.
pub fn classify(error: &mut ServerError, executed: bool, request_id: &str) {
    if let Some((field, reason)) = wrong_input(&error.message) {
        set_wrong_input(error, field.as_deref(), reason);
    } else if executed {
        let text = &error.message;
        tracing::error!(
            request.id = request_id,
            error = text,
            "graphql error without a code"
        );
        error.message = Error::internal("masked").message().into_owned();
        set_code(error, Code::Internal, None);
    } else {
        set_code(error, Code::GraphqlValidationFailed, None);
    }
}

/// Which input the text is about, and what is wrong with it. These are the forms in which
/// async-graphql 7 tells it (`validation/utils.rs`, `error.rs`, `context.rs` there).
fn wrong_input(text: &str) -> Option<(Option<String>, Reason)> {
    if let Some(rest) = text.strip_prefix("Invalid value for argument \"") {
        let (path, what) = rest.split_once("\", ")?;
        return Some(wrong_argument(path, what));
    }
    if text.starts_with("Failed to parse \"") || text.starts_with("Expected input type \"") {
        return Some((None, Reason::WrongType));
    }
    (text.starts_with("Variable ") && text.ends_with(" is not defined."))
        .then_some((None, Reason::Required))
}

fn wrong_argument(path: &str, what: &str) -> (Option<String>, Reason) {
    // The argument that holds the inputs goes without saying, as it does in the domain's errors.
    let (first, inner) = path.split_once('.').unwrap_or((path, ""));
    let path = match first {
        "input" | "filter" => inner,
        _ => path,
    };
    let named = |start: &str| what.strip_prefix(start)?.split('"').next();
    let inside = |field: &str| match path {
        "" => field.to_owned(),
        path => format!("{path}.{field}"),
    };
    if let Some(unknown) = named("unknown field \"") {
        (Some(inside(unknown)), Reason::UnknownWord)
    } else if let Some(missing) = named("field \"") {
        (Some(inside(missing)), Reason::Required)
    } else {
        let word = what.starts_with("enumeration type ");
        let field = (!path.is_empty()).then(|| path.to_owned());
        (
            field,
            if word {
                Reason::UnknownWord
            } else {
                Reason::WrongType
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_librarys_words_are_understood() {
        let understood = |text: &str| {
            let (field, reason) = wrong_input(text).expect("about an input");
            (field.unwrap_or_default(), reason)
        };
        let argument = |what: &str| understood(&format!("Invalid value for argument \"{what}"));
        let word = "input.role\", enumeration type \"TenantRole\" does not contain the value \"x\"";
        assert_eq!(argument(word), ("role".to_owned(), Reason::UnknownWord));
        let missing = "input\", field \"email\" of type \"String!\" is required but not provided";
        assert_eq!(argument(missing), ("email".to_owned(), Reason::Required));
        let unknown = "input\", unknown field \"mail\" of type \"LoginInput\"";
        assert_eq!(argument(unknown), ("mail".to_owned(), Reason::UnknownWord));
        let wrong = "first\", expected type \"Int\"";
        assert_eq!(argument(wrong), ("first".to_owned(), Reason::WrongType));
        let found = "Expected input type \"LoginInput\", found 1.";
        assert_eq!(understood(found), (String::new(), Reason::WrongType));
        assert_eq!(wrong_input("Unknown field \"a\" on type \"Query\"."), None);
    }
}
