//! Settings of the metrics: where they are read, and by whom.

use std::net::SocketAddr;

use clap::{Args, value_parser};
use secrecy::SecretString;

use super::{Environment, Problems};

/// Shorter ones are guessed.
const TOKEN_MIN: usize = 16;

/// What a person wrote about the metrics.
#[expect(
    clippy::struct_field_names,
    reason = "a field's name is the name of its flag"
)]
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsSettings {
    /// Address on which `/metrics` is served, apart from everything else, e.g. 127.0.0.1:9090
    /// [default: on the public port to whoever shows `METRICS_TOKEN`; without that nowhere].
    #[arg(long, env = "METRICS_ADDR", global = true, value_name = "ADDRESS")]
    pub metrics_addr: Option<SocketAddr>,

    /// What the reader of `/metrics` must show as bearer token, at least 16 characters.
    #[arg(
        long,
        env = "METRICS_TOKEN",
        global = true,
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub metrics_token: Option<String>,

    /// How many names of GraphQL operations are counted apart; further ones count as `other`.
    #[arg(long, env = "METRICS_OPERATION_NAMES", global = true, value_name = "N")]
    #[arg(default_value_t = 200, value_parser = value_parser!(u16).range(..=10_000))]
    #[arg(hide_short_help = true)]
    pub metrics_operation_names: u16,
}

/// Metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Where they are served; otherwise on the public port, if there is a token.
    pub address: Option<SocketAddr>,
    /// What their reader must show.
    pub token: Option<SecretString>,
    /// How many names of GraphQL operations are counted apart.
    pub operation_names: usize,
}

impl MetricsSettings {
    /// Checks.
    pub(super) fn resolve(
        self,
        public: SocketAddr,
        environment: Environment,
        problems: &mut Problems,
    ) -> Metrics {
        let token = self.metrics_token.filter(|token| !token.trim().is_empty());
        if token.as_ref().is_some_and(|token| token.len() < TOKEN_MIN) {
            problems.add(
                "METRICS_TOKEN",
                "is shorter than 16 characters; make one with `openssl rand -hex 32`",
            );
        }
        if let Some(address) = self.metrics_addr {
            if address.port() != 0 && address == public {
                let advice = "is where everything else is served; choose another port";
                problems.add("METRICS_ADDR", advice);
            }
            if environment.is_production() && address.ip().is_unspecified() && token.is_none() {
                problems.add(
                    "METRICS_ADDR",
                    "is open to every network without METRICS_TOKEN; set that too, or name an \
                     address that only the reader reaches",
                );
            }
        }
        Metrics {
            address: self.metrics_addr,
            token: token.map(Into::into),
            operation_names: self.metrics_operation_names.into(),
        }
    }
}
