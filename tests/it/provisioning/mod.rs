//! What is done to sites: what people ask for and see, and what workers make of it, whatever happens to
//! them on the way.

mod again;
mod ask;
mod backups;
mod bring_back;
mod cancel;
mod crash;
mod failures;
mod history;
mod ledger;
mod names;
mod orders;
mod refused;
mod remains;
mod retry_cancel;
mod runner;
mod sign_up;
mod statements;
mod turns;
