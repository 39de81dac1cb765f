//! Password hashing: how long hashes wait and take, and who found no place in the queue. How many
//! wait now is looked up when the metrics are read.

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};

use super::shelf::Shelf;

/// Bounds of the histograms, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Password hashing. Cloning it copies handles.
#[derive(Clone, Debug)]
pub struct Hashing {
    /// Time before a hash began.
    pub wait: Histogram,
    /// Time that a hash took.
    pub work: Histogram,
    /// Those who found no place.
    pub refused: Counter,
}

impl Hashing {
    /// Handles that nobody reads: for what runs without an application.
    pub fn unread() -> Self {
        Self {
            wait: Histogram::new(SECONDS),
            work: Histogram::new(SECONDS),
            refused: Counter::default(),
        }
    }

    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let hashing = Self::unread();
        shelf.put_seconds(
            "hashing_wait",
            &[],
            "Time that password hashes waited for their turn",
            hashing.wait.clone(),
        );
        shelf.put_seconds(
            "hashing_work",
            &[],
            "Time that password hashes took, once it was their turn",
            hashing.work.clone(),
        );
        shelf.put(
            "hashing_refused",
            &[],
            "Sign-ins and the like that were told to come back because the queue was full",
            hashing.refused.clone(),
        );
        hashing
    }
}
