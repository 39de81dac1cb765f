//! Where a password comes from. Never from the arguments: everybody on the machine sees those.

use crate::{
    cli::terminal,
    domain::{fields::Fields, values::Password},
    error::BoxError,
};

/// Where the password comes from.
#[derive(Debug, clap::Args)]
pub struct Given {
    /// Take the password from standard input: the first line of a pipe or file; at a terminal you are
    /// asked, and what you type is not shown.
    #[arg(long)]
    pub password_stdin: bool,
}

/// A password and whether its owner knows it.
pub(super) struct Chosen {
    /// The password.
    pub password: Password,
    made: bool,
}

impl Given {
    /// The password, or nothing when it or another field is wrong.
    pub(super) fn take(&self, fields: &mut Fields) -> Result<Option<Chosen>, BoxError> {
        if !self.password_stdin {
            let password = Password::generate()?;
            return Ok(Some(Chosen {
                password,
                made: true,
            }));
        }
        let text = if !terminal::is_interactive() {
            terminal::read_line()?
        } else if fields.is_empty() {
            ask()?
        } else {
            // Nobody is asked for a password that cannot be used.
            return Ok(None);
        };
        let password = fields.take("password", Password::parse(&text));
        Ok(password.map(|password| Chosen {
            password,
            made: false,
        }))
    }
}

impl Chosen {
    /// The password, if nobody knows it yet.
    pub(super) fn into_told(self) -> Option<Password> {
        self.made.then_some(self.password)
    }
}

fn ask() -> Result<String, BoxError> {
    let first = terminal::ask_hidden("Password (not shown)")?;
    if first != terminal::ask_hidden("Once more")? {
        return Err("the two passwords differ; nothing was changed".into());
    }
    Ok(first)
}
