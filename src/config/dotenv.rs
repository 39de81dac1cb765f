//! Reads `.env` of the working directory into the environment.

use std::path::Path;

/// Must run before threads are started; returns the names of what was taken from the file. A missing
/// file is fine; a malformed one is an error that names the place but not the text, which may hold a
/// secret.
pub fn load_dotenv() -> Result<Vec<String>, String> {
    load(Path::new(".env"))
}

fn load(file: &Path) -> Result<Vec<String>, String> {
    let taken = absent(file);
    match dotenvy::from_path(file) {
        Ok(()) => Ok(taken),
        Err(error) if error.not_found() => Ok(Vec::new()),
        Err(dotenvy::Error::LineParse(line, _)) => Err(format!(
            "{}, line {}: not of the form NAME=value; text with spaces needs quotes",
            file.display(),
            line_number(file, &line),
        )),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

/// What the file sets and the environment does not: only that is taken.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn absent(file: &Path) -> Vec<String> {
    let lines = dotenvy::from_path_iter(file).into_iter().flatten();
    lines
        .filter_map(|line| line.ok().map(|(name, _)| name))
        .filter(|name| std::env::var_os(name).is_none())
        .collect()
}

/// Where the line stands, counted from 1, that holds the text which could not be read.
fn line_number(file: &Path, unread: &str) -> usize {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let start = unread.lines().next().unwrap_or_default().trim();
    text.lines()
        .position(|line| line.contains(start))
        .map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_line_is_named_but_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".env");
        std::fs::write(
            &file,
            "# settings\n\nERPMAX_UNUSED=1\nSECRET = hunter2 oops\n",
        )
        .unwrap();
        let error = load(&file).unwrap_err();
        assert!(error.contains("line 4"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_missing_file_is_fine() {
        assert_eq!(load(Path::new("there/is/no/.env")), Ok(Vec::new()));
    }
}
