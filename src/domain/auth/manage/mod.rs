//! What an operator does to accounts by hand: make them, give and take the operator permissions, close
//! and open them, set a password. No caller from outside may: the command line comes as the system.

mod create;
mod find;
mod password;
mod standing;
mod store;

use entity::{ids::UserId, tenant, user};

pub use self::{
    create::{Created, NewAccount, create},
    find::{Accounts, Filter, Shown, list, show},
    password::set_password,
    standing::{Change, change},
};
use crate::{
    domain::{access::SystemAccess, cx::Cx, fields::FieldProblem, values::EmailAddress},
    error::{Error, Reason, Result, Subject},
};

/// Whose account.
#[derive(Clone, Debug)]
pub enum Who {
    /// The one with this id.
    Id(UserId),
    /// The one with this address.
    Address(EmailAddress),
}

/// An account after somebody has changed it, or has found that there was nothing to change.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The account as it is now.
    pub user: user::Model,
    /// Whether it was different before.
    pub changed: bool,
    /// How many sessions ended with the change.
    pub sessions_ended: usize,
    /// Companies that have no owner any more who can sign in.
    pub left_alone: Vec<tenant::Model>,
}

impl Outcome {
    /// Of a change that ended no session.
    fn of(user: user::Model, changed: bool) -> Self {
        Self {
            user,
            changed,
            sessions_ended: 0,
            left_alone: Vec::new(),
        }
    }
}

impl Who {
    /// Reads an address or an id, whichever it looks like.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        if text.contains('@') {
            return EmailAddress::parse(text).map(Self::Address);
        }
        text.trim().parse().map(Self::Id).map_err(|_| {
            FieldProblem::new(
                Reason::InvalidId,
                "This is neither an e-mail address nor the id of an account.",
            )
        })
    }

    /// The account, as it was a moment ago.
    async fn find(&self, cx: &Cx, _: SystemAccess) -> Result<user::Model> {
        let found = match self {
            Self::Id(id) => super::store::user(cx.db(), *id).await?,
            Self::Address(email) => {
                super::store::user_by_email(cx.db(), email.normalized()).await?
            }
        };
        found.ok_or(Error::NotFound(Subject::User))
    }
}
