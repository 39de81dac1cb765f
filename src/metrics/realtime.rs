//! Real time: who is connected, what is told to them.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use super::shelf::Shelf;

/// Live connections and what they hear. Cloning it copies handles.
#[derive(Clone, Debug, Default)]
pub struct Realtime {
    connected: Gauge,
    ended: Family<Why, Counter>,
    resyncs: Counter,
    selections: Gauge,
    unknown: Family<Where, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Where {
    namespace: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Why {
    why: &'static str,
}

impl Realtime {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let realtime = Self::default();
        shelf.put(
            "realtime_connections",
            &[],
            "Live connections: sockets, streams, and each namespace of Socket.IO",
            realtime.connected.clone(),
        );
        shelf.put(
            "realtime_ended",
            &["why"],
            "Live connections that ended because the right to them did",
            realtime.ended.clone(),
        );
        shelf.put(
            "realtime_resyncs",
            &[],
            "Listeners that were told to load the state anew, because what they missed is no longer kept",
            realtime.resyncs.clone(),
        );
        shelf.put(
            "realtime_selections_bytes",
            &[],
            "What the selections of running GraphQL subscriptions take, each once",
            realtime.selections.clone(),
        );
        shelf.put(
            "realtime_unknown_events",
            &["namespace"],
            "Events that clients of Socket.IO sent and that mean nothing there",
            realtime.unknown.clone(),
        );
        realtime
    }

    /// So many are connected now.
    pub fn connected(&self, count: usize) {
        self.connected.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A connection's right ended. The word comes from a table of ours.
    pub fn ended(&self, why: &'static str) {
        self.ended.get_or_create(&Why { why }).inc();
    }

    /// Selections take so many bytes now.
    pub fn selections(&self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.selections.set(bytes);
    }

    /// A client said what means nothing. The word comes from a table of ours.
    pub fn unknown(&self, namespace: &'static str) {
        self.unknown.get_or_create(&Where { namespace }).inc();
    }

    /// Somebody was told to load the state anew.
    pub fn resync(&self) {
        self.resyncs.inc();
    }
}
