//! Settings of accounts and tokens.

use std::{num::NonZero, path::Path, time::Duration};

use clap::{Args, value_parser};
use secrecy::SecretString;

use super::{Environment, Problems, secret};

/// What a person wrote about accounts and tokens.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Accounts and tokens")]
pub struct AuthSettings {
    /// Key that signs the tokens, at least 32 random bytes, e.g. from `openssl rand -hex 32`
    /// [default in development: made once and kept in `DATA_DIR`].
    #[arg(
        long,
        env = "SECRET_KEY",
        global = true,
        value_name = "KEY",
        hide_env_values = true
    )]
    pub secret_key: Option<String>,

    /// Keys that sign nothing and still verify, separated by commas: the next key before a rotation,
    /// the last one after it (docs/KEYS.md).
    #[arg(
        long,
        env = "SECRET_KEYS_PREVIOUS",
        global = true,
        value_name = "KEYS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub secret_keys_previous: Option<String>,

    /// How many minutes an access token works.
    #[arg(
        long,
        env = "ACCESS_TOKEN_EXPIRE_MINUTES",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 15, value_parser = value_parser!(u64).range(1..=1440))]
    pub access_token_expire_minutes: u64,

    /// How many days a session lasts without being used.
    #[arg(
        long,
        env = "REFRESH_TOKEN_EXPIRE_DAYS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 7, value_parser = value_parser!(u64).range(1..=365))]
    pub refresh_token_expire_days: u64,

    /// For how many seconds a used refresh token still answers with the pair it was exchanged
    /// for, so that lost replies and parallel refreshes sign nobody out; 0: single use.
    #[arg(
        long,
        env = "REFRESH_REUSE_WINDOW_SECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 60, hide_short_help = true)]
    pub refresh_reuse_window_seconds: u64,

    /// For how many days a session that has ended is still listed in the database.
    #[arg(long, env = "SESSION_RETENTION_DAYS", global = true, value_name = "N")]
    #[arg(default_value_t = 7, value_parser = value_parser!(u64).range(0..=3650))]
    #[arg(hide_short_help = true)]
    pub session_retention_days: u64,

    /// How many sessions an account may have; a further sign-in ends the one that was not used for
    /// longest.
    #[arg(
        long,
        env = "MAX_SESSIONS_PER_ACCOUNT",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 100, value_parser = value_parser!(u16).range(1..=1000))]
    #[arg(hide_short_help = true)]
    pub max_sessions_per_account: u16,

    /// How many passwords are hashed at once [default: one less than there are cores].
    #[arg(
        long,
        env = "HASHING_PERMITS",
        global = true,
        value_name = "N",
        hide_short_help = true
    )]
    pub hashing_permits: Option<NonZero<u16>>,

    /// How many sign-ins may wait for a place to hash before the next is told to come back.
    #[arg(long, env = "HASHING_QUEUE", global = true, value_name = "N")]
    #[arg(default_value_t = 64, hide_short_help = true)]
    pub hashing_queue: u16,
}

/// Accounts and tokens.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Signs the tokens.
    pub secret_key: SecretString,
    /// Verify tokens of before a rotation, and sign none.
    pub previous_keys: Vec<SecretString>,
    /// How long an access token works.
    pub access_token_ttl: Duration,
    /// How long a session lasts without being refreshed.
    pub refresh_token_ttl: Duration,
    /// For how long a used refresh token is forgiven (ruling 11).
    pub refresh_reuse_window: Duration,
    /// For how long a session that has ended is kept.
    pub session_retention: Duration,
    /// How many sessions an account may have.
    pub max_sessions: u64,
    /// How many passwords are hashed at once.
    pub hashing_permits: usize,
    /// How many more may wait.
    pub hashing_queue: usize,
}

impl AuthSettings {
    /// Checks and completes; in development the key may be made here.
    pub(super) fn resolve(
        self,
        environment: Environment,
        data_dir: &Path,
        problems: &mut Problems,
    ) -> Auth {
        let previous = self.secret_keys_previous.as_deref();
        let auth = Auth {
            previous_keys: secret::previous(previous, environment, problems),
            secret_key: secret::key(self.secret_key, environment, data_dir, problems),
            access_token_ttl: Duration::from_mins(self.access_token_expire_minutes),
            refresh_token_ttl: Duration::from_hours(24 * self.refresh_token_expire_days),
            refresh_reuse_window: Duration::from_secs(self.refresh_reuse_window_seconds),
            session_retention: Duration::from_hours(24 * self.session_retention_days),
            max_sessions: self.max_sessions_per_account.into(),
            hashing_permits: self
                .hashing_permits
                .map_or_else(spare_cores, |n| n.get().into()),
            hashing_queue: self.hashing_queue.into(),
        };
        // The live pair that a forgiven repeat gets must still have a working access token.
        if auth.refresh_reuse_window >= auth.access_token_ttl {
            problems.add(
                "REFRESH_REUSE_WINDOW_SECONDS",
                "must be shorter than ACCESS_TOKEN_EXPIRE_MINUTES; 60 is a good value",
            );
        }
        auth
    }
}

/// Hashing keeps a core busy; one is left for everything else.
fn spare_cores() -> usize {
    std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .saturating_sub(1)
        .max(1)
}
