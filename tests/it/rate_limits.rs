//! The table of rate limits as it is printed for users of the API.

use std::{fmt::Write, time::Duration};

use erpmax::domain::throttle::{Axis, RateClass, TABLE};

use crate::support::snapshot;

#[test]
fn the_printed_table_is_the_table() {
    let mut page = "# Rate limits\n\n\
        How often things may be done. Written by `UPDATE_SNAPSHOTS=1 cargo test rate_limits` from the \
        table in\n`src/domain/throttle/table.rs`; do not edit.\n\n\
        A limit of *10 in 15 min* is ten at once; then one comes back every minute and a half. What is \
        refused does\nnot count. The refusal is `RATE_LIMITED`: over REST status 429 with `Retry-After` \
        and\n`error.details.retry_after`, in GraphQL `extensions.retryAfter`, in seconds. A repeat after \
        that time is\ngranted, unless others have used the limit up meanwhile. All servers count \
        together. Each operation of a\nGraphQL document counts. `RATE_LIMIT_SCALE` multiplies every \
        limit.\n\n"
        .to_owned();
    page.push_str("| Class | What it is | Limits |\n| --- | --- | --- |\n");
    for class in RateClass::ALL {
        let limits: Vec<_> = TABLE
            .iter()
            .filter(|limit| limit.class == *class)
            .map(|limit| {
                let (times, window) = (limit.times, words(limit.window));
                format!("`{}` {times} in {window}", limit.axis.as_str())
            })
            .collect();
        let (name, text) = (class.as_str(), class.description());
        writeln!(page, "| `{name}` | {text} | {} |", limits.join("<br>")).unwrap();
    }
    page.push_str(
        "\nWhom or what each of these limits counts for:\n\n| Counted by | |\n| --- | --- |\n",
    );
    for axis in Axis::ALL {
        writeln!(page, "| `{}` | {} |", axis.as_str(), axis.description()).unwrap();
    }
    snapshot::check("docs/RATE_LIMITS.md", &page);
}

fn words(window: Duration) -> String {
    match window.as_secs() {
        minutes if minutes < 3_600 => format!("{} min", minutes / 60),
        hours => format!("{} h", hours / 3_600),
    }
}
