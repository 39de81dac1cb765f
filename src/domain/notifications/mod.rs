//! What people are told, each in an inbox of their own: created by what happened, in the transaction in
//! which it happened, and told at once to every screen of theirs.
//!
//! [`map`] is the one table of what happens to whom it matters; `kinds` says of each kind how it is
//! shown and by which ways it is told; `words` what it says. An inbox belongs to its owner, whatever
//! they are in which tenant: being signed in is all that reading it needs.

mod create;
mod forget;
mod kinds;
mod letter;
mod list;
mod map;
mod people_store;
mod preferences;
mod read;
mod store;
mod words;

pub(super) use create::{Effects, create};
pub use {
    forget::forget_old,
    kinds::{Always, Rule, Way, rule},
    letter::compose,
    list::{NotificationFilter, count, list},
    map::CAUSES,
    preferences::{Choice, Preference, choose, preferences},
    read::{mark_all_read, mark_read, read},
};
