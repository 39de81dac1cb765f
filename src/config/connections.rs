//! Settings of connections and of the requests on them: how large, how slow, how many.

use std::time::Duration;

use clap::{Args, value_parser};

use super::{Problems, Proxies};

/// What a person wrote about connections.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionSettings {
    /// Longest URL in bytes; longer ones are answered with 414.
    #[arg(long, env = "MAX_URL_BYTES", global = true, value_name = "N")]
    #[arg(default_value_t = 8192, value_parser = value_parser!(u16).range(256..=16_384))]
    #[arg(hide_short_help = true)]
    pub max_url_bytes: u16,

    /// Most headers of a request; more are answered with 431.
    #[arg(long, env = "MAX_HEADERS", global = true, value_name = "N")]
    #[arg(default_value_t = 64, value_parser = value_parser!(u8).range(8..=99))]
    #[arg(hide_short_help = true)]
    pub max_headers: u8,

    /// Largest headers of a request in bytes, all together; larger ones are answered with 431.
    #[arg(long, env = "MAX_HEADER_BYTES", global = true, value_name = "N")]
    #[arg(default_value_t = 16_384, value_parser = value_parser!(u32).range(1024..=65_536))]
    #[arg(hide_short_help = true)]
    pub max_header_bytes: u32,

    /// How many seconds the body of a request may take to arrive; later ones are answered with 408.
    /// Longer than `REQUEST_TIMEOUT_SECONDS` it has no effect.
    #[arg(
        long,
        env = "BODY_READ_TIMEOUT_SECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 20, value_parser = value_parser!(u64).range(1..), hide_short_help = true)]
    pub body_read_timeout_seconds: u64,

    /// For how many seconds a client may take in nothing of an answer before its connection is
    /// closed.
    #[arg(long, env = "WRITE_TIMEOUT_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 30, value_parser = value_parser!(u64).range(1..), hide_short_help = true)]
    pub write_timeout_seconds: u64,

    /// How many connections one address (of IPv6: one network of 64 bits) may have open; more are
    /// closed at once. Does not hold for `TRUSTED_PROXIES`.
    #[arg(
        long,
        env = "MAX_CONNECTIONS_PER_ADDRESS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 1000, value_parser = value_parser!(u32).range(1..))]
    #[arg(hide_short_help = true)]
    pub max_connections_per_address: u32,

    /// Addresses and networks of the proxies in front of the server, separated by commas, e.g.
    /// `10.0.0.0/8`: from them, and nobody else, it takes a client's address out of `Forwarded` or
    /// `X-Forwarded-For` [default: none].
    #[arg(long, env = "TRUSTED_PROXIES", global = true, value_name = "LIST")]
    pub trusted_proxies: Option<String>,
}

/// Connections.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Longest URL.
    pub max_url_bytes: usize,
    /// Most headers.
    pub max_headers: usize,
    /// Largest headers, all together.
    pub max_header_bytes: usize,
    /// When a request is given up whose body does not arrive.
    pub body_read_timeout: Duration,
    /// When a connection is given up whose client takes in nothing.
    pub write_timeout: Duration,
    /// How many connections one address may have open.
    pub max_per_address: u32,
    /// Whose word is taken for a client's address.
    pub trusted_proxies: Proxies,
}

impl ConnectionSettings {
    /// Checks and completes.
    pub(super) fn resolve(self, problems: &mut Problems) -> Connections {
        Connections {
            max_url_bytes: self.max_url_bytes.into(),
            max_headers: self.max_headers.into(),
            max_header_bytes: self.max_header_bytes as usize,
            body_read_timeout: Duration::from_secs(self.body_read_timeout_seconds),
            write_timeout: Duration::from_secs(self.write_timeout_seconds),
            max_per_address: self.max_connections_per_address,
            trusted_proxies: Proxies::resolve(self.trusted_proxies.as_deref(), problems),
        }
    }
}
