//! Settings of letters. There is one mailer so far: it keeps letters in a directory.

use std::path::{Path, PathBuf};

use clap::Args;

/// What a person wrote about letters.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Letters")]
pub struct MailSettings {
    /// How many letters are kept in `DATA_DIR/mail`; older ones are deleted.
    #[arg(
        long,
        env = "MAIL_KEEP",
        global = true,
        value_name = "N",
        default_value_t = 100
    )]
    #[arg(hide_short_help = true)]
    pub mail_keep: u32,
}

/// Letters.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Where they are kept.
    pub dir: PathBuf,
    /// How many.
    pub keep: usize,
}

impl MailSettings {
    /// Completes.
    pub(super) fn resolve(self, data_dir: &Path) -> Mail {
        Mail {
            dir: data_dir.join("mail"),
            keep: self.mail_keep as usize,
        }
    }
}
