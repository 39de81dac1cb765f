//! Real time: what happens in a tenant, told at once to whoever watches, each thing once and in order.
//!
//! The event log is the truth. [`Hub`] reads it for this process (helped by the bus, which only makes it
//! faster) and tells each stream to its [`Listener`]s; [`Told`] is what people are told of an event, the
//! one definition from which every door makes its words; [`Presence`] is somebody's live connection,
//! which ends when the right to it ends; [`Cursor`] is a place to go on from.

mod cursor;
mod feed;
mod hub;
mod log_store;
mod presence;
mod prune;
mod register;
mod told;

pub use cursor::Cursor;
pub use feed::{Feed, Place, enter, invalid_cursor, places};
pub use hub::{Handed, Heard, Hearer, Hub, Listener, Next, Turn};
pub use presence::{Ended, Presence};
pub use prune::forget_old_events;
pub use told::{CANCELLED, Told};
