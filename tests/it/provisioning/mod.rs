//! What is done to sites: what people ask for and see, and what workers make of it, whatever happens to
//! them on the way.

mod again;
mod ask;
mod cancel;
mod crash;
mod history;
mod ledger;
mod names;
mod orders;
mod remains;
mod retry_cancel;
mod runner;
mod sign_up;
mod statements;
