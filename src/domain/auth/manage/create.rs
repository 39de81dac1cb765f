//! Make an account for somebody, with a company or without.

use entity::user;

use crate::{
    domain::{
        audit::{Action, Deed, Target},
        auth::register,
        cx::Cx,
        tenants::{self, TenantMembership},
        values::{CompanyName, EmailAddress, FullName, Password},
    },
    error::{Error, Result},
};

/// An account to make.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The address.
    pub email: EmailAddress,
    /// The name; derived from the address when absent.
    pub full_name: Option<FullName>,
    /// The password.
    pub password: Password,
    /// Whether it holds the operator permissions.
    pub is_superuser: bool,
    /// A company to found, which it owns.
    pub company: Option<CompanyName>,
}

/// An account that was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// The account.
    pub user: user::Model,
    /// The company that was founded with it.
    pub company: Option<TenantMembership>,
}

/// Makes the account. Nobody has proven its address: that takes a letter.
pub async fn create(cx: &Cx, new: NewAccount) -> Result<Created> {
    cx.system_access()?;
    let NewAccount {
        email,
        full_name,
        password,
        is_superuser,
        company,
    } = new;
    let full_name = full_name.unwrap_or_else(|| FullName::from_address(&email));
    let mut user = register::prepare(cx, &email, &full_name, &password).await?;
    user.is_superuser = is_superuser;
    for _ in 0..register::SLUG_RACES {
        let founding = match &company {
            Some(name) => Some(tenants::Founding::prepare(cx, user.id, name).await?),
            None => None,
        };
        let mut unit = cx.begin().await?;
        register::store_person(&mut unit, &user).await?;
        if is_superuser {
            unit.audit(Deed::new(Action::AccountPromoted, Target::User(user.id)));
        }
        if let Some(founding) = &founding
            && !founding.carry_out(cx, &mut unit).await?
        {
            continue;
        }
        unit.commit().await?;
        let company = founding.map(|founding| founding.place().clone());
        return Ok(Created { user, company });
    }
    Err(Error::internal("lost every race for a slug"))
}
