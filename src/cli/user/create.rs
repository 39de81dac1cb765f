//! `user create`.

use super::{optional, report::Report, secret::Given};
use crate::{
    domain::{
        auth::manage::{self, NewAccount},
        cx::Cx,
        fields::Fields,
        values::{CompanyName, EmailAddress, FullName},
    },
    error::BoxError,
};

/// The account to make.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The address to sign in with.
    #[arg(value_name = "EMAIL")]
    pub email: String,
    /// The person's name [default: the first part of the address].
    #[arg(long)]
    pub name: Option<String>,
    /// Found a company with a trial, which the account owns.
    #[arg(long, value_name = "NAME")]
    pub company: Option<String>,
    /// Give the account the operator permissions.
    #[arg(long)]
    pub superuser: bool,
    /// Its password.
    #[command(flatten)]
    pub password: Given,
}

impl Create {
    /// Reads all of it, and makes the account.
    pub(super) async fn perform(self, cx: &Cx) -> Result<Report, BoxError> {
        let mut fields = Fields::new();
        let email = fields.take("email", EmailAddress::parse(&self.email));
        let full_name = optional(&mut fields, "name", self.name.as_deref(), FullName::parse);
        let company = self.company.as_deref();
        let company = optional(&mut fields, "company", company, CompanyName::parse);
        let (Some(email), Some(password)) = (email, self.password.take(&mut fields)?) else {
            return Err(fields.refusal().into());
        };
        fields.finish()?;
        let new = NewAccount {
            email,
            full_name,
            password: password.password.clone(),
            is_superuser: self.superuser,
            company,
        };
        let created = manage::create(cx, new).await?;
        Ok(Report::Created(Box::new(created), password.into_told()))
    }
}
