//! Sign in with address and password.

use super::{SignedIn, password::Verdict, session, store};
use crate::{
    domain::{
        cx::Cx,
        tenants,
        throttle::Attempt,
        values::{EmailAddress, Password, PasswordAttempt},
    },
    error::{Credentials, Error, Result},
};

/// Who somebody claims to be.
#[derive(Clone, Debug)]
pub struct Login {
    /// Their address.
    pub email: EmailAddress,
    /// Their password, they say.
    pub password: PasswordAttempt,
}

/// Signs in. An unknown address, a wrong password and a disabled account get one answer, after the
/// same work, except that a legacy hash costs bcrypt's until the sign-in that upgrades it (ruling 23).
pub async fn login(cx: &Cx, Login { email, password }: Login) -> Result<SignedIn> {
    cx.throttle(Attempt::SignIn(&email)).await?;
    let user = store::user_by_email(cx.db(), email.normalized()).await?;
    let stored = user.as_ref().map(|user| user.password_hash.as_str());
    let verdict = cx.app().passwords.verify(&password, stored).await?;
    let (Some(user), Verdict::Match { outdated }) = (user, verdict) else {
        return Err(Error::Unauthenticated(Credentials::WrongPassword));
    };
    if !user.is_active {
        return Err(Error::Unauthenticated(Credentials::WrongPassword));
    }
    let upgraded = if outdated {
        Some(
            cx.app()
                .passwords
                .hash(&Password::proven(&password))
                .await?,
        )
    } else {
        None
    };
    let memberships = tenants::store::memberships_of(cx.db(), user.id).await?;
    let opening = session::open(cx, user.clone(), memberships)?;
    let mut unit = opening.begin().await?;
    // The account may have been disabled while the password was compared.
    let held = store::lock_user(&*unit, user.id).await?;
    if !held.is_some_and(|user| user.is_active) {
        return Err(Error::Unauthenticated(Credentials::WrongPassword));
    }
    session::make_room(cx, &mut unit, user.id).await?;
    if let Some(hash) = upgraded {
        store::replace_password_hash(&*unit, &user, hash, cx.now()).await?;
    }
    opening.commit(unit).await
}
