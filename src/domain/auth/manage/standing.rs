//! Give and take the operator permissions, close and open an account.

use entity::user;

use super::{Outcome, Who, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        auth::{logout, store::Which},
        cx::Cx,
    },
    error::{Error, Reason, Result, Subject},
};

/// What may be changed about an account's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Give it the operator permissions.
    Promote,
    /// Take them.
    Demote,
    /// Close it: its sessions end, its tokens are refused, and it cannot sign in.
    Disable,
    /// Open it again; it has to sign in anew.
    Enable,
}

impl Change {
    fn apply(self, user: &mut user::Model) {
        match self {
            Self::Promote => user.is_superuser = true,
            Self::Demote => user.is_superuser = false,
            Self::Disable => user.is_active = false,
            Self::Enable => user.is_active = true,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Promote => Action::AccountPromoted,
            Self::Demote => Action::AccountDemoted,
            Self::Disable => Action::AccountDisabled,
            Self::Enable => Action::AccountEnabled,
        }
    }
}

/// Changes an account's standing; what is so already stays so. The last superuser who can sign in is
/// kept, unless `force` says that this is meant.
pub async fn change(cx: &Cx, who: &Who, change: Change, force: bool) -> Result<Outcome> {
    let access = cx.system_access()?;
    let id = who.find(cx, access).await?.id;
    let mut unit = cx.begin().await?;
    // All superusers are held, so that two of them cannot go at once, each relying on the other.
    let held = store::hold_with_superusers(&*unit, access, id).await?;
    let (mut this, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|user| user.id == id);
    let before = this.pop().ok_or(Error::NotFound(Subject::User))?;
    let mut user = before.clone();
    change.apply(&mut user);
    if user == before {
        return Ok(Outcome::of(user, false));
    }
    if rules(&before) && !rules(&user) && !others.iter().any(rules) && !force {
        return Err(Error::Conflict(Reason::LastSuperuser));
    }
    user.updated_at = cx.now();
    store::update(&*unit, access, &user).await?;
    let mut outcome = Outcome::of(user, true);
    if change == Change::Disable {
        outcome.sessions_ended = logout::end_all(cx, &mut unit, id, Which::All).await?;
        outcome.left_alone = store::owned_alone(&*unit, access, id).await?;
    }
    unit.audit(Deed::new(change.action(), Target::User(id)));
    unit.commit().await?;
    Ok(outcome)
}

/// Whether somebody can sign in and use the operator permissions.
fn rules(user: &user::Model) -> bool {
    user.is_active && user.is_superuser
}
