//! Files in the repository that are generated: a test fails when one is not what would be written.

use std::{fs, path::Path};

/// Compares with the committed file; with `UPDATE_SNAPSHOTS=1` writes it instead.
#[track_caller]
pub fn check(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|wanted| wanted == "1") {
        fs::create_dir_all(path.parent().expect("a file in a directory")).expect("a directory");
        fs::write(&path, expected).expect("the snapshot can be written");
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = committed
        .lines()
        .zip(expected.lines())
        .position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(expected.lines().count()));
    assert!(
        committed == expected,
        "{file} is out of date from line {} on: `UPDATE_SNAPSHOTS=1 cargo test` writes it anew.\n\
         committed: {:?}\nexpected:  {:?}",
        line + 1,
        committed.lines().nth(line),
        expected.lines().nth(line),
    );
}

/// A file of the repository.
pub fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}
