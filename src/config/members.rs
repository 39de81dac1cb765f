//! Settings of invitations.

use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};
use url::Url;

use super::Problems;

/// What happens when somebody without an account is invited (ruling 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InviteUnknown {
    /// They get a letter with a link.
    Invite,
    /// The request is answered with "not found".
    Refuse,
}

/// What a person wrote about invitations.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Invitations")]
pub struct MembersSettings {
    /// Whether an address without an account gets a letter or is refused.
    #[arg(
        long,
        env = "INVITE_UNKNOWN",
        global = true,
        value_enum,
        default_value = "invite"
    )]
    #[arg(ignore_case = true, hide_short_help = true)]
    pub invite_unknown: InviteUnknown,

    /// How many days the link in an invitation works.
    #[arg(long, env = "INVITATION_EXPIRE_DAYS", global = true, value_name = "N")]
    #[arg(default_value_t = 7, value_parser = value_parser!(u64).range(1..=365))]
    #[arg(hide_short_help = true)]
    pub invitation_expire_days: u64,

    /// Page that an invitation links to; the token follows as `#fragment` [default:
    /// `PUBLIC_URL/join`].
    #[arg(
        long,
        env = "INVITATION_URL",
        global = true,
        value_name = "URL",
        hide_short_help = true
    )]
    pub invitation_url: Option<String>,
}

/// Invitations.
#[derive(Clone, Debug)]
pub struct Members {
    /// What happens when somebody without an account is invited.
    pub invite_unknown: InviteUnknown,
    /// How long the link in a letter works.
    pub invitation_ttl: Duration,
    /// The page it opens; the token is appended as fragment.
    pub invitation_url: Url,
}

impl MembersSettings {
    /// Checks and completes.
    pub(super) fn resolve(self, public_url: &Url, problems: &mut Problems) -> Members {
        let own = public_url
            .join("join")
            .expect("a relative path joins to any web address");
        let invitation_url = match self.invitation_url.filter(|text| !text.trim().is_empty()) {
            None => own,
            Some(text) => page(text.trim()).unwrap_or_else(|advice| {
                problems.add("INVITATION_URL", advice);
                own
            }),
        };
        Members {
            invite_unknown: self.invite_unknown,
            invitation_ttl: Duration::from_hours(24 * self.invitation_expire_days),
            invitation_url,
        }
    }
}

fn page(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must start with http:// or https://".into());
    }
    if url.fragment().is_some() {
        return Err("must not contain `#`: the token goes there".into());
    }
    Ok(url)
}
