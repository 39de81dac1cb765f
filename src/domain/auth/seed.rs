//! Demo accounts for development (`erpmax seed demo`); named so, and refused in production.

use super::{register, store};
use crate::{
    domain::{
        cx::Cx,
        tenants,
        values::{CompanyName, EmailAddress, FullName, Password},
    },
    error::{Error, Result},
};

/// A demo account and whether it was made just now.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// Its address.
    pub email: &'static str,
    /// Its password, known to everybody.
    pub password: &'static str,
    /// Its company.
    pub company: &'static str,
    /// Whether it was made just now; `false` when it existed already.
    pub created: bool,
}

/// Address, password, name, company, superuser.
const ACCOUNTS: [(&str, &str, &str, &str, bool); 2] = [
    (
        "test@example.com",
        "password",
        "Test User",
        "Test Company",
        false,
    ),
    (
        "admin@example.com",
        "admin123",
        "Admin User",
        "Admin Company",
        true,
    ),
];

/// Makes the demo accounts that are missing. Their passwords are as weak as documented, so they
/// bypass ruling 23.
pub async fn demo(cx: &Cx) -> Result<Vec<Seeded>> {
    cx.system_access()?;
    if cx.app().config.environment.is_production() {
        return Err(Error::Forbidden(
            "Demo accounts are refused in production.".into(),
        ));
    }
    let mut seeded = Vec::new();
    for (email, password, full_name, company, is_superuser) in ACCOUNTS {
        let wrong = |_| Error::internal("a demo account is malformed");
        let address = EmailAddress::parse(email).map_err(wrong)?;
        let created = store::user_by_email(cx.db(), address.normalized())
            .await?
            .is_none();
        if created {
            let name = FullName::parse(full_name).map_err(wrong)?;
            let hash = cx
                .app()
                .passwords
                .hash(&Password::unchecked(password))
                .await?;
            let mut user = register::new_user(cx, &address, &name, hash);
            user.is_superuser = is_superuser;
            user.email_verified_at = Some(cx.now());
            let company = CompanyName::parse(company).map_err(wrong)?;
            let founding = tenants::Founding::prepare(cx, user.id, &company).await?;
            let mut unit = cx.begin().await?;
            if !register::store_account(cx, &mut unit, &user, &founding).await? {
                return Err(Error::internal("the demo company's slug is taken"));
            }
            unit.commit().await?;
        }
        seeded.push(Seeded {
            email,
            password,
            company,
            created,
        });
    }
    Ok(seeded)
}
