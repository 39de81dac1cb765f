//! Commands of the cache: which, and whether the store that all processes share has answered.

use std::sync::Arc;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use super::shelf::Shelf;

/// What the cache is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheCommand {
    /// Show a value.
    Get,
    /// Keep a value.
    Put,
    /// Hand a value out, once.
    Take,
    /// Forget a value.
    Remove,
    /// Count an attempt against its limits.
    Draw,
    /// Note that a limit does not hold.
    Mark,
}

impl CacheCommand {
    const ALL: [Self; 6] = [
        Self::Get,
        Self::Put,
        Self::Take,
        Self::Remove,
        Self::Draw,
        Self::Mark,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Take => "take",
            Self::Remove => "remove",
            Self::Draw => "draw",
            Self::Mark => "mark",
        }
    }
}

/// Commands of the cache. Cloning it copies a pointer.
#[derive(Clone, Debug, Default)]
pub struct Cache(Arc<[[Counter; 2]; CacheCommand::ALL.len()]>);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labelled {
    command: &'static str,
    outcome: &'static str,
}

impl Cache {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let commands = Family::<Labelled, Counter>::default();
        let of = |command: CacheCommand, outcome| {
            commands.get_or_create_owned(&Labelled {
                command: command.as_str(),
                outcome,
            })
        };
        let cache = Self(Arc::new(
            CacheCommand::ALL.map(|command| [of(command, "ok"), of(command, "failed")]),
        ));
        shelf.put(
            "cache_commands",
            &["command", "outcome"],
            "Commands to the cache, `ok` or `failed`: then Redis did not answer, and rate limits were \
             counted by this process",
            commands,
        );
        cache
    }

    /// A command was given.
    pub fn command(&self, command: CacheCommand, succeeded: bool) {
        self.0[command as usize][usize::from(!succeeded)].inc();
    }

    /// How many commands were given.
    pub fn count(&self) -> u64 {
        self.0.iter().flatten().map(Counter::get).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_its_place() {
        for (place, command) in CacheCommand::ALL.into_iter().enumerate() {
            assert_eq!(command as usize, place);
        }
    }
}
