//! Rows of provisioning, as people ask for and change them. Those that workers write are in
//! `runner/`.

pub mod backups;
pub mod jobs;
pub mod ledger;
pub mod sites;
pub mod watch;
