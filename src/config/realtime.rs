//! Settings of real time: how many may listen, how much they may miss, how long events are kept.

use std::{num::NonZero, time::Duration};

use clap::{Args, value_parser};

/// What a person wrote about real time.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Real time")]
pub struct RealtimeSettings {
    /// For how many days events are kept for those who were away; who was away longer must load the
    /// state anew.
    #[arg(long, env = "EVENT_RETENTION_DAYS", global = true, value_name = "N")]
    #[arg(default_value_t = 7, value_parser = value_parser!(u64).range(1..=3_650))]
    #[arg(hide_short_help = true)]
    pub event_retention_days: u64,

    /// How many missed events one who comes back is told at most, before they must load the state anew.
    #[arg(long, env = "REALTIME_REPLAY_MAX", global = true, value_name = "N")]
    #[arg(default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    #[arg(hide_short_help = true)]
    pub realtime_replay_max: u32,

    /// How many live connections this process takes: sockets, streams, and each namespace of Socket.IO.
    #[arg(
        long,
        env = "REALTIME_MAX_CONNECTIONS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value = "20000", hide_short_help = true)]
    pub realtime_max_connections: NonZero<u32>,

    /// How many of them one person may have.
    #[arg(
        long,
        env = "REALTIME_CONNECTIONS_PER_USER",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value = "64", hide_short_help = true)]
    pub realtime_connections_per_user: NonZero<u32>,

    /// How many events wait for a listener who is slow, before they are read from the log instead.
    #[arg(long, env = "REALTIME_BACKLOG", global = true, value_name = "N")]
    #[arg(default_value_t = 256, value_parser = value_parser!(u32).range(1..=65_536))]
    #[arg(hide_short_help = true)]
    pub realtime_backlog: u32,

    /// After how many milliseconds the log is looked at though nobody called, as when Redis is away.
    #[arg(
        long,
        env = "REALTIME_POLL_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 1_000, value_parser = value_parser!(u64).range(50..=2_000))]
    #[arg(hide_short_help = true)]
    pub realtime_poll_milliseconds: u64,

    /// The largest packet of a client of Socket.IO in bytes; who sends a larger one is disconnected.
    #[arg(
        long,
        env = "REALTIME_MAX_PAYLOAD_BYTES",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 1_000_000, value_parser = value_parser!(u32).range(4_096..=16_000_000))]
    #[arg(hide_short_help = true)]
    pub realtime_max_payload_bytes: u32,

    /// How many events a second a client of Socket.IO may send in a namespace, and twice as many at once;
    /// who sends more is disconnected.
    #[arg(
        long,
        env = "REALTIME_EVENTS_PER_SECOND",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 20, value_parser = value_parser!(u32).range(1..=10_000))]
    #[arg(hide_short_help = true)]
    pub realtime_events_per_second: u32,

    /// For how many seconds a socket may be open without being connected to a namespace; or, on GraphQL, without
    /// `connection_init`, or with nobody signed in and nothing under way.
    #[arg(
        long,
        env = "REALTIME_CONNECT_TIMEOUT_SECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 10, value_parser = value_parser!(u64).range(1..=300))]
    #[arg(hide_short_help = true)]
    pub realtime_connect_timeout_seconds: u64,

    /// After how many seconds a live connection is given a sign of life; a socket that answers none of three
    /// is closed.
    #[arg(
        long,
        env = "REALTIME_KEEP_ALIVE_SECONDS",
        global = true,
        value_name = "SECONDS"
    )]
    #[arg(default_value_t = 20, value_parser = value_parser!(u64).range(1..=600))]
    #[arg(hide_short_help = true)]
    pub realtime_keep_alive_seconds: u64,

    /// How many GraphQL operations may be under way on one socket.
    #[arg(
        long,
        env = "REALTIME_OPERATIONS_PER_SOCKET",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value = "32", hide_short_help = true)]
    pub realtime_operations_per_socket: NonZero<u32>,

    /// How many bytes of memory the selection of one GraphQL subscription may take: a field takes about 250.
    #[arg(
        long,
        env = "REALTIME_SELECTION_BYTES",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 64 << 10, value_parser = value_parser!(u32).range(4_096..=1 << 20))]
    #[arg(hide_short_help = true)]
    pub realtime_selection_bytes: u32,

    /// How many bytes the selections of all running subscriptions may take; those that are the same count once.
    #[arg(
        long,
        env = "REALTIME_SELECTIONS_BYTES",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 64 << 20, value_parser = value_parser!(u32).range(1 << 20..))]
    #[arg(hide_short_help = true)]
    pub realtime_selections_bytes: u32,

    /// How many of them the selections of one person may take.
    #[arg(
        long,
        env = "REALTIME_SELECTIONS_BYTES_PER_USER",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 2 << 20, value_parser = value_parser!(u32).range(64 << 10..))]
    #[arg(hide_short_help = true)]
    pub realtime_selections_bytes_per_user: u32,

    /// How many messages a second one socket may send; what sends more is closed.
    #[arg(
        long,
        env = "REALTIME_MESSAGES_PER_SECOND",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value = "50", hide_short_help = true)]
    pub realtime_messages_per_second: NonZero<u32>,
}

/// Real time.
#[derive(Clone, Debug)]
pub struct Realtime {
    /// For how long events are kept.
    pub retention: Duration,
    /// How many missed events are told.
    pub replay_max: u32,
    /// How many connections there may be.
    pub connections: usize,
    /// How many of one person.
    pub connections_per_user: usize,
    /// How many events wait for a listener.
    pub backlog: usize,
    /// How often the log is looked at.
    pub poll: Duration,
    /// The largest packet that a client may send.
    pub max_payload: usize,
    /// How many events a client may send each second.
    pub events_per_second: u32,
    /// How long a socket may be open for nothing.
    pub connect_timeout: Duration,
    /// How often a live connection is given a sign of life.
    pub keep_alive: Duration,
    /// How many operations may be under way on a socket.
    pub operations_per_socket: usize,
    /// How much memory the selection of a subscription may take.
    pub selection_bytes: usize,
    /// How much those of all may.
    pub selections_bytes: usize,
    /// How much those of one person may.
    pub selections_bytes_per_user: usize,
    /// How many messages a second a socket may send.
    pub messages_per_second: u32,
}

impl RealtimeSettings {
    /// Completes.
    pub(super) fn resolve(self) -> Realtime {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Realtime {
            retention: Duration::from_hours(24 * self.event_retention_days),
            replay_max: self.realtime_replay_max,
            connections: size(self.realtime_max_connections.get()),
            connections_per_user: size(self.realtime_connections_per_user.get()),
            backlog: size(self.realtime_backlog),
            poll: Duration::from_millis(self.realtime_poll_milliseconds),
            max_payload: size(self.realtime_max_payload_bytes),
            events_per_second: self.realtime_events_per_second,
            connect_timeout: Duration::from_secs(self.realtime_connect_timeout_seconds),
            keep_alive: Duration::from_secs(self.realtime_keep_alive_seconds),
            operations_per_socket: size(self.realtime_operations_per_socket.get()),
            selection_bytes: size(self.realtime_selection_bytes),
            selections_bytes: size(self.realtime_selections_bytes),
            selections_bytes_per_user: size(self.realtime_selections_bytes_per_user),
            messages_per_second: self.realtime_messages_per_second.get(),
        }
    }
}
