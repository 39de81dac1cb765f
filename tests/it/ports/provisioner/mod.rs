//! What provisioners promise. The promises of `promises.rs` are kept by every driver: a new one gets a
//! maker in `subject.rs` and a word in the list below. The other files are about single drivers.

mod command;
mod dry_run;
mod orphans;
mod promises;
mod sample;
mod subject;

/// Makes each promise a test of each driver.
macro_rules! drivers {
    ($($driver:ident),+ $(,)?) => {$(
        mod $driver {
            use super::super::{promises, subject};

            promises::kept_by!(subject::$driver);
        }
    )+};
}

mod conformance {
    drivers!(dry_run, command);
}
