//! Sends letters. There is one adapter so far: it keeps them where a developer can read them.

mod log;

use std::path::PathBuf;

use entity::Timestamp;
use uuid::Uuid;

use self::log::LogMailer;
use super::clock::Clock;
use crate::error::{Error, Result};

/// A letter to one person, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject, on one line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// A letter that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentLetter {
    /// The id it was sent under.
    pub id: Uuid,
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When.
    pub sent_at: Timestamp,
}

/// Sends letters. Cloning it copies a handle.
#[derive(Clone)]
pub struct Mailer(Route);

#[derive(Clone)]
enum Route {
    Log(LogMailer),
    /// Nothing is configured, and keeping letters in files would only pretend to send them.
    Off,
}

impl Mailer {
    /// Keeps the newest `keep` letters as files in a directory and sends nothing.
    pub fn log(dir: PathBuf, keep: usize, clock: Clock) -> Self {
        Self(Route::Log(LogMailer { dir, keep, clock }))
    }

    /// Sends nothing and keeps nothing: letters wait in the outbox.
    pub fn off() -> Self {
        Self(Route::Off)
    }

    /// Whether letters get anywhere.
    pub fn delivers(&self) -> bool {
        match self.0 {
            Route::Log(_) => true,
            Route::Off => false,
        }
    }

    /// Sends a letter; sent again under the same id, it is still one letter.
    pub async fn send(&self, letter: &Letter, id: Uuid) -> Result<()> {
        let Route::Log(mailer) = &self.0 else {
            return Err(Error::internal("outgoing mail is not configured"));
        };
        let (mailer, letter) = (mailer.clone(), letter.clone());
        let file = blocking(move || mailer.send(&letter, id)).await?;
        tracing::info!(letter.id = %id, file = %file.display(), "letter kept, not mailed");
        Ok(())
    }

    /// The letters that are kept, newest first.
    pub async fn recent(&self) -> Result<Vec<SentLetter>> {
        let Route::Log(mailer) = &self.0 else {
            return Ok(Vec::new());
        };
        let mailer = mailer.clone();
        blocking(move || mailer.recent()).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?;
    done.map_err(Error::internal)
}
