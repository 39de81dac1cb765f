//! Whatever is sent, the answer is a clear refusal in the common body, nothing changes and nothing
//! leaks. A 5xx is never the client's fault, so none may be seen here.

mod graphql;
mod http;
mod provisioning;
mod rest;

use crate::support::Reply;

/// What no answer may ever hold: words of the database, of drivers, of the source.
const INNARDS: [&str; 12] = [
    "sqlx",
    "SQLSTATE",
    "SQLITE",
    "sqlite_",
    "SELECT ",
    "INSERT ",
    "constraint",
    "panicked",
    ".rs:",
    "argon2",
    "serde",
    "called `",
];

#[track_caller]
pub fn assert_tells_nothing(reply: &Reply) {
    for word in INNARDS {
        assert!(!reply.body.contains(word), "{word} in {reply}");
    }
}
