//! Image and stack, held to the repository and to the program. No engine runs here, so what the files
//! say is looked at piece by piece.

mod compose;
mod image;
mod manual;
mod stack;

use std::{fs, path::Path};

/// A file of the repository.
fn read(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"))
}
