//! Look accounts up.

use entity::user;

use super::{Who, store};
use crate::{
    domain::{
        auth::store as accounts,
        cx::Cx,
        tenants::{self, TenantMembership},
        values::SearchTerm,
    },
    error::Result,
};

/// An account with what belongs to it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The account.
    pub user: user::Model,
    /// Its companies, oldest membership first.
    pub memberships: Vec<TenantMembership>,
    /// How many of its sessions hold.
    pub sessions: usize,
}

/// Which accounts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of their name or address.
    pub search: Option<SearchTerm>,
    /// Only those with the operator permissions.
    pub superusers: bool,
    /// Only those that are closed.
    pub disabled: bool,
}

/// Some accounts.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The newest that match.
    pub users: Vec<user::Model>,
    /// Whether more match.
    pub more: bool,
}

/// The account with its companies and sessions.
pub async fn show(cx: &Cx, who: &Who) -> Result<Shown> {
    let user = who.find(cx, cx.system_access()?).await?;
    let memberships = tenants::store::memberships_of(cx.db(), user.id).await?;
    let sessions = accounts::live_sessions(cx.db(), user.id, cx.now()).await?;
    Ok(Shown {
        user,
        memberships,
        sessions: sessions.len(),
    })
}

/// The newest accounts that match, so many at most.
pub async fn list(cx: &Cx, filter: &Filter, limit: usize) -> Result<Accounts> {
    let access = cx.system_access()?;
    let mut users = store::list(cx.db(), access, filter, limit + 1).await?;
    let more = users.len() > limit;
    users.truncate(limit);
    Ok(Accounts { users, more })
}
