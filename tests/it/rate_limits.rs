//! The table of rate limits as it is printed for users of the API.

use std::{fmt::Write, time::Duration};

use erpmax::{
    config::catalogue,
    domain::throttle::{Axis, RateClass, TABLE},
};

use crate::support::snapshot;

/// What holds for all of the table.
const MORE: &str = "
## Any request

Beside the table, a client may send GENERAL requests of any kind per minute (`CLIENT_REQUESTS_PER_MINUTE`, of
which so many may come at once), enough for an office behind one address. Each server counts these for
itself. One too many is answered with status 429 on both doors, before anything is looked at; in GraphQL the
body has `errors` as usual. An operation on a WebSocket of GraphQL and a CONNECT of Socket.IO that shows a token
count as requests do. `/health`, `/health/ready` and `/metrics` do not count. In the metrics it is class `request`.

## Behind proxies

The client is whoever the connection comes from. Where that is one of `TRUSTED_PROXIES`, the client's address is
taken from `X-Forwarded-For` or `Forwarded`: read from the right, the first address that is no trusted
proxy's. What stands left of it was written by the client and has no effect. An entry that is no address ends
the reading at the last proxy before it. All proxies must write the same one of the two headers; where both are
there and disagree, neither is believed. The address counts for limits, logs, sessions and the audit log alike.

Without `TRUSTED_PROXIES` the headers have no effect, and all clients behind a proxy share one client's limits;
the server warns once in its log when it sees such a request.

## Without Redis

While Redis does not answer, requests are served and each server counts for itself, from full limits on. A
command waits half a second at most; then nobody waits, but for one request a second that looks whether Redis
is back. From then on servers count together again, and what was counted meanwhile is forgotten.
`GET /health/ready` answers 200 with `degraded` and the parts concerned, the metric `erpmax_redis_up` is 0, and
the log says once that it went and once that it is back.
";

#[test]
fn the_printed_table_is_the_table() {
    let mut page = "# Rate limits\n\n\
        How often things may be done. Written by `UPDATE_SNAPSHOTS=1 cargo test rate_limits` from the \
        table in\n`src/domain/throttle/table.rs`; do not edit.\n\n\
        A limit of *10 in 15 min* is ten at once; then one comes back every minute and a half. What is \
        refused does\nnot count. The refusal is `RATE_LIMITED`: over REST status 429 with `Retry-After` \
        and\n`error.details.retry_after`, in GraphQL `extensions.retryAfter`, in seconds. A repeat after \
        that time is\ngranted, unless others have used the limit up meanwhile. All servers count \
        together. Each operation of a\nGraphQL document counts, aliases too. `RATE_LIMIT_SCALE` \
        multiplies every limit; none can be switched off.\n\n"
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
    let general = catalogue()
        .into_iter()
        .find(|setting| setting.name == "CLIENT_REQUESTS_PER_MINUTE")
        .and_then(|setting| setting.default)
        .expect("it has a default");
    page.push_str(&MORE.replace("GENERAL", &general));
    snapshot::check("docs/RATE_LIMITS.md", &page);
}

fn words(window: Duration) -> String {
    match window.as_secs() {
        minutes if minutes < 3_600 => format!("{} min", minutes / 60),
        hours => format!("{} h", hours / 3_600),
    }
}
