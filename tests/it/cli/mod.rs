//! The program as a person starts it: the real binary in a directory of its own.

mod crash;
mod doctor;
mod help;
mod jobs;
mod keys;
mod migrate;
pub mod queue;
mod serve;
mod settings;
mod user;
mod worker;
