//! Sign up: account, company, ownership and trial, in one transaction.

use entity::user;

use super::{SignedIn, session, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        cx::Cx,
        db, tenants,
        throttle::Attempt,
        unit::UnitOfWork,
        values::{CompanyName, EmailAddress, FullName, Password},
    },
    error::{Error, Reason, Result},
};

/// How often somebody may be quicker to take the chosen slug.
pub(super) const SLUG_RACES: usize = 8;

/// Somebody who wants an account and a company.
#[derive(Clone, Debug)]
pub struct Register {
    /// Their address.
    pub email: EmailAddress,
    /// The password they want.
    pub password: Password,
    /// Their name; derived from the address when absent (ruling 30).
    pub full_name: Option<FullName>,
    /// Their company's name; derived from theirs when absent (ruling 30).
    pub company_name: Option<CompanyName>,
}

/// Makes the account, its company and the trial, and signs in.
pub async fn register(cx: &Cx, register: Register) -> Result<SignedIn> {
    let Register {
        email,
        password,
        full_name,
        company_name,
    } = register;
    cx.throttle(Attempt::Registration(&email)).await?;
    let full_name = full_name.unwrap_or_else(|| FullName::from_address(&email));
    let user = prepare(cx, &email, &full_name, &password).await?;
    let company_name = company_name.unwrap_or_else(|| CompanyName::of_person(&full_name));
    found(cx, user, &company_name).await
}

/// A new account with its password, not yet stored, if its address is free.
pub(super) async fn prepare(
    cx: &Cx,
    email: &EmailAddress,
    full_name: &FullName,
    password: &Password,
) -> Result<user::Model> {
    may_have(email, password)?;
    // Spares the hash when the answer is plain; the constraint decides in a race.
    if store::user_by_email(cx.db(), email.normalized())
        .await?
        .is_some()
    {
        return Err(Error::Conflict(Reason::EmailTaken));
    }
    let hash = cx.app().passwords.hash(password).await?;
    Ok(new_user(cx, email, full_name, hash))
}

/// Whether the account with this address may have the password (ruling 23).
pub(super) fn may_have(email: &EmailAddress, password: &Password) -> Result<()> {
    if password.is_address(email) {
        return Err(Error::invalid("password", Reason::PasswordIsEmail));
    }
    Ok(())
}

/// A new account, not yet stored.
pub fn new_user(
    cx: &Cx,
    email: &EmailAddress,
    full_name: &FullName,
    password_hash: String,
) -> user::Model {
    let now = cx.now();
    user::Model {
        id: cx.new_id(),
        email: email.as_str().to_owned(),
        email_normalized: email.normalized().to_owned(),
        email_verified_at: None,
        search_text: db::search_text([full_name.as_str(), email.as_str()]),
        password_hash,
        full_name: full_name.as_str().to_owned(),
        is_active: true,
        is_superuser: false,
        created_at: now,
        updated_at: now,
    }
}

/// Stores the account with a company of its own, and signs in.
async fn found(cx: &Cx, user: user::Model, company: &CompanyName) -> Result<SignedIn> {
    for _ in 0..SLUG_RACES {
        let founding = tenants::Founding::prepare(cx, user.id, company).await?;
        let opening = session::open(cx, user.clone(), vec![founding.place().clone()])?;
        let mut unit = opening.begin().await?;
        if store_account(opening.cx(), &mut unit, &user, &founding).await? {
            return opening.commit(unit).await;
        }
    }
    Err(Error::internal("lost every race for a slug"))
}

/// Stores the account with its company. `false` when somebody took the slug meanwhile.
pub(super) async fn store_account(
    cx: &Cx,
    unit: &mut UnitOfWork,
    user: &user::Model,
    founding: &tenants::Founding,
) -> Result<bool> {
    store_person(unit, user).await?;
    founding.carry_out(cx, unit).await
}

/// Stores the account alone.
pub(super) async fn store_person(unit: &mut UnitOfWork, user: &user::Model) -> Result<()> {
    store::insert_user(&**unit, user.clone()).await?;
    unit.audit(Deed::new(Action::AccountRegistered, Target::User(user.id)));
    Ok(())
}
