//! What notifications say. Plain text: names in it are other people's, show it as text.

use entity::{membership::TenantRole, provisioning_job::JobType};

use super::map::Says;

/// Longest headline, in characters.
const TITLE_MAX: usize = 300;
/// Longest text, in characters.
const MESSAGE_MAX: usize = 2000;

/// The names that a text needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    /// Of the tenant.
    pub tenant: &'a str,
    /// Of whom it is about.
    pub person: &'a str,
    /// Of who did it, if that was a person.
    pub actor: Option<&'a str>,
}

/// Headline and text.
pub(super) fn compose(says: &Says, names: Names<'_>) -> (String, String) {
    let Names {
        tenant,
        person,
        actor,
    } = names;
    let by = actor.unwrap_or("The system");
    let (title, message) = match says {
        Says::Added(role) => (
            format!("You are now in {tenant}"),
            format!(
                "{by} has added you to {tenant} as {}.",
                role_with_article(*role)
            ),
        ),
        Says::Joined(_, role) => (
            format!("{person} joined {tenant}"),
            format!("{person} is now {} of {tenant}.", role_with_article(*role)),
        ),
        Says::Role(role) => (
            format!("Your role in {tenant} has changed"),
            format!(
                "{by} has made you {} of {tenant}.",
                role_with_article(*role)
            ),
        ),
        Says::Removed => (
            format!("You are no longer in {tenant}"),
            format!("{by} has removed you from {tenant}."),
        ),
        Says::Left(_) => (
            format!("{person} left {tenant}"),
            format!("{person} is no longer a member of {tenant}."),
        ),
        Says::OwnerNow(_) => (
            format!("You are now an owner of {tenant}"),
            format!("{person} has transferred the ownership of {tenant} to you."),
        ),
        Says::OwnerNoLonger(_) => (
            format!("{person} is now an owner of {tenant}"),
            format!(
                "You have transferred the ownership of {tenant} to {person} and are an admin now."
            ),
        ),
        Says::Completed(job, url) => completed(*job, url.as_deref(), tenant),
        Says::Failed(job, error) => (
            format!("{} of {tenant} failed", noun(*job)),
            error.trim().to_owned(),
        ),
        Says::Cancelled(job) => (
            format!("{} of {tenant} was cancelled", noun(*job)),
            match actor {
                Some(by) => format!("{by} has cancelled it."),
                None => "It was cancelled.".to_owned(),
            },
        ),
        Says::Reused => (
            "A session was ended for your safety".to_owned(),
            "Somebody used a sign-in of yours that had been renewed already. If that was not you, \
             somebody may have copied it: sign out everywhere and change your password."
                .to_owned(),
        ),
    };
    (cut(&title, TITLE_MAX), cut(&message, MESSAGE_MAX))
}

fn completed(job: JobType, url: Option<&str>, tenant: &str) -> (String, String) {
    let title = match job {
        JobType::Create => format!("The site of {tenant} is ready"),
        JobType::Update => format!("The site of {tenant} was updated"),
        JobType::Delete => format!("The site of {tenant} was deleted"),
        JobType::Backup => format!("The site of {tenant} was backed up"),
        JobType::Restore => format!("The site of {tenant} was restored"),
        JobType::Suspend => format!("The site of {tenant} was suspended"),
        JobType::Resume => format!("The site of {tenant} is back"),
    };
    let message = match (job, url) {
        (JobType::Create | JobType::Resume | JobType::Restore | JobType::Update, Some(url)) => {
            format!("You find it at {url}.")
        }
        _ => format!("{} of {tenant} is complete.", noun(job)),
    };
    (title, message)
}

/// What a job does, at the start of a sentence, before "of Acme".
fn noun(job: JobType) -> &'static str {
    match job {
        JobType::Create => "The new site",
        JobType::Update => "The update of the site",
        JobType::Delete => "The deletion of the site",
        JobType::Backup => "The backup of the site",
        JobType::Restore => "The restoration of the site",
        JobType::Suspend => "The suspension of the site",
        JobType::Resume => "The return of the site",
    }
}

fn role_with_article(role: TenantRole) -> &'static str {
    match role {
        TenantRole::Owner => "an owner",
        TenantRole::Admin => "an admin",
        TenantRole::Member => "a member",
    }
}

/// As much as fits; names are as long as people like, and a text that does not fit must not keep
/// from happening what it tells of.
fn cut(text: &str, max: usize) -> String {
    let clean = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let mut cut: String = text.chars().map(clean).take(max).collect();
    if text.chars().nth(max).is_some() {
        cut.pop();
        cut.push('…');
    }
    if cut.trim().is_empty() {
        "No more is known.".clone_into(&mut cut);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_nothing_is_blank() {
        let long = "ж".repeat(255);
        let names = Names {
            tenant: &long,
            person: &long,
            actor: Some(&long),
        };
        let (title, message) = compose(&Says::Left(uuid::Uuid::nil().into()), names);
        assert_eq!(title.chars().count(), TITLE_MAX);
        assert!(title.ends_with('…') && message.chars().count() < MESSAGE_MAX);
        let failed = |error: &str| compose(&Says::Failed(JobType::Backup, error.into()), names).1;
        assert_eq!(failed(" \n"), "No more is known.");
        assert_eq!(failed("disk\0 full"), "disk  full");
        assert_eq!(failed(&long.repeat(10)).chars().count(), MESSAGE_MAX);
    }
}
