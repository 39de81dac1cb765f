//! Settings of RabbitMQ: jobs for workers in any number of processes.

use std::num::NonZero;

use clap::{Args, value_parser};
use secrecy::SecretString;
use url::Url;

use super::{Environment, Problems};

/// The longest prefix; names of queues end at 255 bytes.
const PREFIX_MAX: usize = 100;

/// What a person wrote about RabbitMQ.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "RabbitMQ")]
pub struct RabbitMqSettings {
    /// Where jobs wait for workers, e.g. `amqp://localhost:5672` [default: in the process].
    #[arg(
        long,
        env = "RABBITMQ_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true
    )]
    pub rabbitmq_url: Option<String>,

    /// What the name of every queue in RabbitMQ starts with.
    #[arg(long, env = "RABBITMQ_PREFIX", global = true, value_name = "TEXT")]
    #[arg(default_value = "erpmax", hide_short_help = true)]
    pub rabbitmq_prefix: String,

    /// How many quick jobs a worker takes from RabbitMQ at a time; more of them wait for others.
    #[arg(long, env = "QUEUE_PREFETCH", global = true, value_name = "N")]
    #[arg(default_value = "8", hide_short_help = true)]
    pub queue_prefetch: NonZero<u16>,

    /// How often RabbitMQ hands out a job whose worker dies before it is put aside. The queues are made
    /// with it: to change it later, stop all processes and delete the queues; the outbox fills them
    /// again.
    #[arg(long, env = "QUEUE_DELIVERY_LIMIT", global = true, value_name = "N")]
    #[arg(default_value_t = 10, value_parser = value_parser!(u32).range(1..=1000))]
    #[arg(hide_short_help = true)]
    pub queue_delivery_limit: u32,
}

/// RabbitMQ.
#[derive(Clone, Debug)]
pub struct RabbitMq {
    /// Where it is.
    pub url: SecretString,
    /// What names begin with.
    pub prefix: String,
    /// How many quick jobs a worker takes at a time.
    pub prefetch: u16,
    /// How often a job is handed out.
    pub delivery_limit: u32,
}

impl RabbitMqSettings {
    /// Checks and completes; nothing without an address.
    pub(super) fn resolve(
        self,
        environment: Environment,
        problems: &mut Problems,
    ) -> Option<RabbitMq> {
        let Self {
            rabbitmq_url,
            rabbitmq_prefix: prefix,
            queue_prefetch,
            queue_delivery_limit: delivery_limit,
        } = self;
        let url = rabbitmq_url.filter(|url| !url.trim().is_empty());
        match &url {
            Some(url) if !is_rabbitmq(url) => problems.add(
                "RABBITMQ_URL",
                "is not the address of a RabbitMQ server; write it like \
                 amqp://user:password@localhost:5672",
            ),
            None if environment.is_production() => problems.add(
                "RABBITMQ_URL",
                "is missing; without RabbitMQ, jobs are done by the process that serves. Set it to \
                 amqp://… or amqps://…",
            ),
            _ => {}
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if prefix.is_empty() || prefix.len() > PREFIX_MAX || !prefix.chars().all(plain) {
            problems.add(
                "RABBITMQ_PREFIX",
                format!("must be 1 to {PREFIX_MAX} letters, digits, dots, dashes or underscores"),
            );
        }
        Some(RabbitMq {
            url: SecretString::from(url?),
            prefix,
            prefetch: queue_prefetch.get(),
            delivery_limit,
        })
    }
}

fn is_rabbitmq(url: &str) -> bool {
    Url::parse(url.trim())
        .is_ok_and(|url| ["amqp", "amqps"].contains(&url.scheme()) && url.has_host())
}
