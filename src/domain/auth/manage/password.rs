//! Set somebody's password, who has forgotten it.

use super::{Outcome, Who, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        auth::{logout, register, store as accounts, store::Which},
        cx::Cx,
        values::{EmailAddress, Password},
    },
    error::{Error, Result, Subject},
};

/// Sets the password and ends every session, because whoever knew the old one may be in one.
pub async fn set_password(cx: &Cx, who: &Who, password: &Password) -> Result<Outcome> {
    let access = cx.system_access()?;
    let found = who.find(cx, access).await?;
    let email = EmailAddress::parse(&found.email)
        .map_err(|_| Error::internal("an account has a malformed address"))?;
    register::may_have(&email, password)?;
    let password_hash = cx.app().passwords.hash(password).await?;
    let mut unit = cx.begin().await?;
    let held = accounts::lock_user(&*unit, found.id).await?;
    let mut user = held.ok_or(Error::NotFound(Subject::User))?;
    user.password_hash = password_hash;
    user.updated_at = cx.now();
    store::update(&*unit, access, &user).await?;
    let mut outcome = Outcome::of(user, true);
    outcome.sessions_ended = logout::end_all(cx, &mut unit, found.id, Which::All).await?;
    unit.audit(Deed::new(
        Action::AccountPasswordSet,
        Target::User(found.id),
    ));
    unit.commit().await?;
    Ok(outcome)
}
