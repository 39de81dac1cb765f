//! File descriptors: every connection needs one, and systems begin with few (often 1024) and let
//! those have more who ask.

use crate::config::Config;

/// For everything that is no connection of a client: log, listeners, Redis, files that are read.
const OTHERS: u64 = 128;
/// Fewer connections than this are not worth serving.
const LEAST: usize = 16;

/// Asks the system for as many as the configured connections need; returns how many connections there
/// is room for, which is fewer when the system refuses.
pub(super) fn make_room(config: &Config) -> usize {
    let wanted = config.server.max_connections;
    let others = OTHERS + u64::from(config.database.max_connections);
    let needed = others + u64::try_from(wanted).unwrap_or(u64::MAX - others);
    let Some(granted) = raise(needed) else {
        return wanted;
    };
    let room = usize::try_from(granted.saturating_sub(others)).unwrap_or(usize::MAX);
    if room >= wanted {
        return wanted;
    }
    let room = room.max(LEAST);
    tracing::warn!(
        descriptors = granted,
        "the system grants file descriptors for {room} connections, not for the {wanted} of \
         MAX_CONNECTIONS; raise the limit of open files (`ulimit -Hn`, LimitNOFILE)"
    );
    room
}

/// Raises the limit as far as needed and allowed; returns where it stands, `None` where there is none.
#[cfg(unix)]
fn raise(needed: u64) -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let soft = limit.current?;
    if soft >= needed {
        return Some(soft);
    }
    let granted = limit.maximum.map_or(needed, |hard| needed.min(hard));
    limit.current = Some(granted);
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => Some(granted),
        Err(_) => Some(soft),
    }
}

#[cfg(not(unix))]
fn raise(_: u64) -> Option<u64> {
    None
}
