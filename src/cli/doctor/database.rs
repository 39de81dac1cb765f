//! What is in the database, or would be: the server, its clock, the schema, the outbox.

use std::time::Duration;

use chrono::TimeDelta;

use super::{
    Facts,
    check::{Check, bounded},
};
use crate::{
    boot::{
        migrations::{self, State},
        probe::{self, Look, Trouble},
    },
    config::DatabaseKind,
};

/// A clock that is wrong by more spoils the order of what happens in several processes.
const SKEW_NOTED: TimeDelta = TimeDelta::seconds(2);
/// A clock that is wrong by more makes tokens and invitations expire at the wrong time.
const SKEW_MAX: TimeDelta = TimeDelta::seconds(60);
/// Jobs that wait for longer wait for somebody.
const LAG_NOTED: Duration = Duration::from_mins(5);
/// Connections that `PostgreSQL` keeps for its administrators.
const RESERVED: i32 = 3;

/// Looks at all of it, as far as one can get.
pub(super) async fn look(facts: &Facts) -> Vec<Check> {
    if let Some(problem) = facts.problem("DATABASE_URL") {
        return vec![Check::failed(
            "database",
            "not tried: DATABASE_URL cannot be used",
            problem.to_string(),
        )];
    }
    let database = &facts.config.database;
    let mut seen = None;
    let first = bounded("database", async {
        match probe::knock(database).await {
            Err(Trouble::Absent(file)) => Check::warning(
                "database",
                format!("SQLite, {} is not there yet", file.display()),
                "`erpmax serve` makes it at the first start",
            ),
            Err(Trouble::Refused { reason, advice }) => Check::failed(
                "database",
                format!("{}: {reason}", database.describe()),
                advice,
            ),
            Ok(()) => match probe::look(database).await {
                Ok(look) => {
                    let check = server(facts, &look);
                    seen = Some(look);
                    check
                }
                Err(error) => Check::failed(
                    "database",
                    format!("{}: {error}", database.describe()),
                    "check DATABASE_URL and the file or server it names",
                ),
            },
        }
    });
    let mut checks = vec![first.await];
    if let Some(look) = seen {
        checks.extend(clock(&look));
        let (schema, queue) = tokio::join!(
            bounded("migrations", schema(facts)),
            bounded("queue", queue(facts))
        );
        checks.extend([schema, queue]);
    } else {
        let why = "not tried: there is no database to look at";
        checks.extend(["migrations", "queue"].map(|name| Check::off(name, why)));
    }
    checks
}

fn server(facts: &Facts, look: &Look) -> Check {
    let database = &facts.config.database;
    let place = format!(
        "{}, version {}, answers in {:.1} ms",
        database.describe(),
        look.version,
        look.round_trip.as_secs_f64() * 1000.0
    );
    if let Some(why) = &look.read_only {
        let advice = match database.kind() {
            DatabaseKind::Sqlite => "let the server's user write the file and its directory",
            DatabaseKind::Postgres => "grant the user the right to write, and name no read replica",
        };
        return Check::failed(
            "database",
            format!("{place}, cannot be written to: {why}"),
            advice,
        );
    }
    let pool = i32::try_from(database.max_connections).unwrap_or(i32::MAX);
    if let Some(max) = look.max_connections.filter(|max| pool > max - RESERVED) {
        return Check::warning(
            "database",
            format!("{place}; it allows {max} connections, and each process may open {pool}"),
            "lower DATABASE_MAX_CONNECTIONS, or raise max_connections of the server",
        );
    }
    Check::ok("database", format!("{place}, can be written to"))
}

fn clock(look: &Look) -> Option<Check> {
    let ahead = look.ahead?;
    let away = ahead.abs();
    let seconds = away.as_seconds_f64();
    let direction = if ahead < TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    let reason = format!("the database's is {seconds:.1} s {direction} this machine's");
    let advice = "let both machines take their time from NTP";
    Some(if away > SKEW_MAX {
        Check::failed("clock", reason, advice)
    } else if away > SKEW_NOTED {
        Check::warning("clock", reason, advice)
    } else {
        Check::ok("clock", format!("{seconds:.1} s from the database's"))
    })
}

async fn schema(facts: &Facts) -> Check {
    let database = &facts.config.database;
    let states = match migrations::status(database).await {
        Ok(states) => states,
        Err(error) => {
            let advice = "let the user of DATABASE_URL read the table seaql_migrations";
            return Check::failed("migrations", error.to_string(), advice);
        }
    };
    let named = |which: fn(&State) -> bool| -> Vec<&str> {
        let states = states.iter().filter(|state| which(state));
        states.map(|state| state.name.as_str()).collect()
    };
    let known = states.iter().filter(|state| state.known).count();
    let pending = named(|state| state.applied_at.is_none());
    let foreign = named(|state| !state.known);
    match (pending.as_slice(), foreign.as_slice()) {
        ([], []) => Check::ok("migrations", format!("all {known} are applied")),
        ([], [.., newest]) => Check::warning(
            "migrations",
            format!("the database is of a newer version, which has applied {newest}"),
            "use the newer version; this one keeps working meanwhile",
        ),
        ([..], [.., newest]) => Check::failed(
            "migrations",
            format!(
                "the database is of another version, which has applied {newest}; {} of this one \
                 are pending",
                pending.len()
            ),
            "use the version that migrated the database last",
        ),
        ([first, ..], []) => {
            let reason = format!("{} of {known} are pending, from {first} on", pending.len());
            if database.run_migrations {
                let advice = "`erpmax serve` applies them at start, `erpmax migrate up` now";
                Check::warning("migrations", reason, advice)
            } else {
                let advice = "run `erpmax migrate up`; RUN_MIGRATIONS=false keeps `serve` from it";
                Check::failed("migrations", reason, advice)
            }
        }
    }
}

async fn queue(facts: &Facts) -> Check {
    let backlog = match probe::backlog(&facts.config.database).await {
        Ok(Some(backlog)) => backlog,
        Ok(None) => return Check::off("queue", "there is no outbox yet; the migrations make it"),
        Err(error) => {
            let reason = format!("the outbox cannot be read: {error}");
            let advice = "let the user of DATABASE_URL read the table `outbox`";
            return Check::failed("queue", reason, advice);
        }
    };
    let waiting = match backlog.waiting {
        0 => "no job waits".to_owned(),
        1 => format!("1 job waits, for {} s", backlog.lag.as_secs()),
        count => format!(
            "{count} jobs wait, the oldest for {} s",
            backlog.lag.as_secs()
        ),
    };
    if backlog.dead > 0 {
        return Check::warning(
            "queue",
            format!("{} given up; {waiting}", backlog.dead),
            "`erpmax queue dead list` says why; mend that, then `erpmax queue dead redrive --all`",
        );
    }
    if backlog.lag > LAG_NOTED {
        let advice = "see whether `erpmax serve` or `erpmax worker` runs, and in its log why jobs are \
                      not done; letters wait for outgoing mail";
        return Check::warning("queue", waiting, advice);
    }
    let way = match facts.config.rabbitmq {
        Some(_) => "through RabbitMQ",
        None => "in the process",
    };
    Check::ok("queue", format!("{way}, from the outbox: {waiting}"))
}
