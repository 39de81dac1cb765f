//! Letters as files: `<id>.txt` with a head of three lines, an empty line, and the text.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use chrono::SecondsFormat;
use uuid::Uuid;

use super::{Letter, SentLetter};
use crate::ports::clock::Clock;

#[derive(Clone)]
pub(super) struct LogMailer {
    pub(super) dir: PathBuf,
    pub(super) keep: usize,
    pub(super) clock: Clock,
}

impl LogMailer {
    /// Returns the file, which may be there already.
    pub(super) fn send(&self, letter: &Letter, id: Uuid) -> io::Result<PathBuf> {
        let file = self.dir.join(format!("{id}.txt"));
        if !file.try_exists()? {
            make_dir(&self.dir)?;
            self.write(&file, letter)?;
            self.prune()?;
        }
        Ok(file)
    }

    /// Newest first: ids grow with time.
    pub(super) fn recent(&self) -> io::Result<Vec<SentLetter>> {
        let mut letters = Vec::new();
        for file in self.files()?.into_iter().rev() {
            match fs::read_to_string(&file) {
                Ok(text) => letters.extend(read(&file, &text)),
                // Pruned since it was listed.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(letters)
    }

    /// Whole or not at all: a reader never sees half a letter.
    fn write(&self, file: &Path, letter: &Letter) -> io::Result<()> {
        let Letter { to, subject, text } = letter;
        let date = self
            .clock
            .now()
            .to_rfc3339_opts(SecondsFormat::Micros, true);
        let draft = file.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Links in letters let whoever has them in.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&draft)?;
        let (to, subject) = (one_line(to), one_line(subject));
        write!(out, "To: {to}\nSubject: {subject}\nDate: {date}\n\n{text}")?;
        out.sync_all()?;
        fs::rename(draft, file)
    }

    fn prune(&self) -> io::Result<()> {
        let files = self.files()?;
        let surplus = files.len().saturating_sub(self.keep);
        for file in &files[..surplus] {
            match fs::remove_file(file) {
                // Another process prunes the same directory.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The letters that are there, oldest first.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = entries
            .map(|entry| Ok(entry?.path()))
            .filter(|path| path.as_ref().map_or(true, |path| id_of(path).is_some()))
            .collect::<io::Result<Vec<_>>>()?;
        files.sort();
        Ok(files)
    }
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn id_of(file: &Path) -> Option<Uuid> {
    if file.extension()? != "txt" {
        return None;
    }
    file.file_stem()?.to_str()?.parse().ok()
}

/// A line break in a head would begin another head.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// Reads a letter back; `None` for a file that is none.
fn read(file: &Path, content: &str) -> Option<SentLetter> {
    let (head, text) = content.split_once("\n\n")?;
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    Some(SentLetter {
        id: id_of(file)?,
        to: field("To: ")?.to_owned(),
        subject: field("Subject: ")?.to_owned(),
        text: text.to_owned(),
        sent_at: field("Date: ")?.parse().ok()?,
    })
}
