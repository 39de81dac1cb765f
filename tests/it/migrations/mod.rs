//! The schema's history runs forwards and backwards on both databases, and the constraints that it
//! makes hold against rows that no code of ours would write.

mod constraints;
mod provisioning;
mod rows;
mod steps;
