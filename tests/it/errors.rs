//! The page of error codes, printed from the code.

use std::{fmt::Write, time::Duration};

use axum::response::IntoResponse;
use erpmax::{
    error::{Code, Credentials, Error, FieldError, Reason, Subject},
    rest::error::Failure,
};

use crate::support::snapshot;

/// An error of each kind that the domain knows.
fn samples() -> Vec<Error> {
    vec![
        Error::Unauthenticated(Credentials::Missing),
        Error::Forbidden("".into()),
        Error::NotFound(Subject::Member),
        Error::NotFound(Subject::Tenant),
        Error::Conflict(Reason::EmailTaken),
        Error::Conflict(Reason::OwnerProtected),
        Error::InvalidInput(vec![FieldError::new("field", Reason::Required)]),
        Error::LimitReached("".into()),
        Error::PaymentRequired("".into()),
        Error::too_often(Duration::from_secs(1)),
        Error::Upstream {
            service: "a partner",
            source: "down".into(),
        },
        Error::internal("a fault"),
    ]
}

fn statuses(code: Code) -> String {
    let mut statuses: Vec<_> = samples()
        .into_iter()
        .filter(|error| error.code() == code)
        .map(|error| Failure::from(error).into_response().status().as_u16())
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut statuses = match (code, statuses.as_slice()) {
        (Code::RouteNotFound, _) => vec![404],
        (Code::MethodNotAllowed, _) => vec![405],
        (Code::PayloadTooLarge, _) => vec![413],
        (Code::UnsupportedMediaType, _) => vec![415],
        (Code::Timeout, _) => vec![408, 503],
        (Code::InvalidInput, told) => [&[414, 431], told].concat(),
        (_, told) => told.to_vec(),
    };
    statuses.sort_unstable();
    statuses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn the_printed_page_lists_every_code_and_reason() {
    let mut page = "# Errors\n\n\
        Every failure carries a stable code: `error.code` over REST, `errors[].extensions.code` in \
        GraphQL. Written by\n`UPDATE_SNAPSHOTS=1 cargo test errors` from `src/error.rs`; do not \
        edit.\n\n## Codes\n\n| Code | REST status | Meaning |\n| --- | --- | --- |\n"
        .to_owned();
    for code in Code::ALL {
        let (word, text) = (code.as_str(), code.description());
        let _ = writeln!(page, "| `{word}` | {} | {text} |", statuses(*code));
    }
    page.push_str(
        "\nA code without a status is GraphQL's own: its answers are 200, or 400 and 401 for \
         clients that accept\n`application/graphql-response+json`. A tenant that is unknown or \
         foreign is 403 over REST; OWNER_PROTECTED and\nSELF_REMOVAL are 400, other conflicts 409.\
         \n\n## Reasons\n\nThe finer cause of a `CONFLICT` or `INVALID_INPUT`: `error.reason` over \
         REST, `extensions.reason` in GraphQL, and\nper field in `errors[].reason` and \
         `extensions.fields[].reason`.\n\n| Reason | Meaning |\n| --- | --- |\n",
    );
    for reason in Reason::ALL {
        let _ = writeln!(page, "| `{}` | {} |", reason.as_str(), reason.message());
    }
    snapshot::check("docs/ERRORS.md", &page);
}

#[test]
fn words_are_stable_and_unique() {
    let mut words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    words.extend(Reason::ALL.iter().map(|reason| reason.as_str()));
    let shaped = |word: &&str| word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    assert!(words.iter().all(shaped), "{words:?}");
    let all = words.len();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), all);
}

#[test]
fn what_is_ours_stays_ours() {
    let secret = "password of the database: hunter2";
    for error in [
        Error::internal(secret),
        Error::Upstream {
            service: "stripe",
            source: secret.into(),
        },
    ] {
        assert!(!error.message().contains("hunter2"));
        assert!(error.to_string().contains("hunter2"), "the log is told");
    }
}
