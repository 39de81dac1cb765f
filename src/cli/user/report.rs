//! Tells what came of it: to a person as lines, to a program as JSON (`json.rs`).

use entity::{Timestamp, membership::TenantRole, tenant, user};

use super::json;
use crate::{
    cli::terminal,
    domain::{
        auth::manage::{Accounts, Change, Created, Outcome, Shown},
        tenants::TenantMembership,
        values::Password,
    },
    error::BoxError,
};

/// What came of it. A password is one that was made, and is told this once.
pub(super) enum Report {
    /// An account was made.
    Created(Box<Created>, Option<Password>),
    /// An account's standing changed, or was as wished.
    Changed(Change, Outcome),
    /// A password was set.
    PasswordSet(Outcome, Option<Password>),
    /// An account was looked at.
    Shown(Shown),
    /// Accounts were looked for.
    Listed(Accounts),
}

/// A line: what it is about, and the fact.
type Line = (&'static str, String);

/// Tells it. Why nothing came of it is told to a person elsewhere, as by every command.
pub(super) fn tell(as_json: bool, done: &Result<Report, BoxError>) {
    match (as_json, done) {
        (true, Ok(report)) => terminal::say(format_args!("{:#}", json::report(report))),
        (true, Err(error)) => terminal::say(format_args!("{:#}", json::refusal(error))),
        (false, Ok(report)) => report.say(),
        (false, Err(_)) => {}
    }
}

impl Report {
    fn say(&self) {
        let lines = match self {
            Self::Created(created, password) => {
                let Created { user, company } = &**created;
                let mut lines = vec![("created", named(user)), ("id", user.id.to_string())];
                lines.extend(
                    company
                        .iter()
                        .map(|place| ("company", company_named(place))),
                );
                lines.extend(password.iter().map(told));
                lines
            }
            Self::Changed(change, outcome) => {
                let mut lines = vec![change_line(*change, outcome)];
                lines.extend(outcome.left_alone.iter().map(left_alone));
                lines
            }
            Self::PasswordSet(changed, password) => {
                let ended = sessions_ended(changed.sessions_ended);
                let mut lines = vec![("set", format!("{}; {ended}", named(&changed.user)))];
                lines.extend(password.iter().map(told));
                lines
            }
            Self::Shown(shown) => shown_lines(shown),
            Self::Listed(accounts) => return say_list(accounts),
        };
        for (name, fact) in lines {
            terminal::say(format_args!("{name:10}{fact}"));
        }
    }
}

fn told(password: &Password) -> Line {
    let password = password.expose();
    ("password", format!("{password}  (shown this once)"))
}

fn change_line(change: Change, changed: &Outcome) -> Line {
    let Outcome {
        user,
        changed,
        sessions_ended: ended,
        ..
    } = changed;
    let (done, already) = match change {
        Change::Promote => ("promoted", "a superuser already"),
        Change::Demote => ("demoted", "no superuser anyway"),
        Change::Disable => ("disabled", "disabled already"),
        Change::Enable => ("enabled", "enabled already"),
    };
    let who = format!("{}, {}", user.email, user.full_name);
    match (changed, change) {
        (false, _) => ("unchanged", format!("{who}: {already}")),
        (true, Change::Disable) => (done, format!("{who}; {}", sessions_ended(*ended))),
        (true, Change::Promote | Change::Demote | Change::Enable) => (done, who),
    }
}

fn left_alone(tenant: &tenant::Model) -> Line {
    let tenant::Model { name, slug, .. } = tenant;
    let fact = format!("{name} ({slug}) has no owner any more who can sign in");
    ("company", fact)
}

fn shown_lines(shown: &Shown) -> Vec<Line> {
    let Shown {
        user,
        memberships,
        sessions,
    } = shown;
    let proven = match user.email_verified_at {
        Some(at) => format!("proven {}", day(at)),
        None => "not proven".to_owned(),
    };
    let mut lines = vec![
        ("account", named(user)),
        ("id", user.id.to_string()),
        ("address", proven),
        ("made", day(user.created_at)),
        ("sessions", sessions.to_string()),
    ];
    lines.extend(
        memberships
            .iter()
            .map(|place| ("company", company_named(place))),
    );
    lines
}

fn say_list(Accounts { users, more }: &Accounts) {
    let width = users.iter().map(|user| user.email.chars().count()).max();
    let width = width.unwrap_or_default();
    for user in users {
        let (made, email, name) = (day(user.created_at), &user.email, &user.full_name);
        let marks = marks(user);
        terminal::say(format_args!("{made}  {email:width$}  {name}{marks}"));
    }
    match (users.len(), more) {
        (0, _) => terminal::say("no account matches"),
        (1, false) => terminal::say("1 account"),
        (count, false) => terminal::say(format_args!("{count} accounts")),
        (count, true) => terminal::say(format_args!(
            "the newest {count}; there are more, see --search and --limit"
        )),
    }
}

fn named(user: &user::Model) -> String {
    format!("{}, {}{}", user.email, user.full_name, marks(user))
}

fn marks(user: &user::Model) -> String {
    let marks = [
        (user.is_superuser, "superuser"),
        (!user.is_active, "disabled"),
    ];
    let marks: Vec<_> = marks.into_iter().filter(|(is, _)| *is).collect();
    let words: Vec<_> = marks.into_iter().map(|(_, word)| word).collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join(", "))
    }
}

fn company_named(place: &TenantMembership) -> String {
    let TenantMembership { tenant, membership } = place;
    let role = match membership.role {
        TenantRole::Owner => "owner",
        TenantRole::Admin => "admin",
        TenantRole::Member => "member",
    };
    format!("{} ({}), {role}", tenant.name, tenant.slug)
}

fn sessions_ended(count: usize) -> String {
    match count {
        0 => "there was no session to end".to_owned(),
        1 => "1 session ended".to_owned(),
        count => format!("{count} sessions ended"),
    }
}

fn day(at: Timestamp) -> String {
    at.format("%Y-%m-%d").to_string()
}
