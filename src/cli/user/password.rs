//! `user password`.

use super::{report::Report, secret::Given};
use crate::{
    domain::{
        auth::manage::{self, Who},
        cx::Cx,
        fields::Fields,
    },
    error::BoxError,
};

/// Whose password, and which.
#[derive(Debug, clap::Args)]
pub struct SetPassword {
    /// The address or the id.
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
    /// The new password.
    #[command(flatten)]
    pub password: Given,
}

impl SetPassword {
    /// Reads both, and sets it.
    pub(super) async fn perform(self, cx: &Cx) -> Result<Report, BoxError> {
        let mut fields = Fields::new();
        let who = fields.take("account", Who::parse(&self.account));
        let (Some(who), Some(password)) = (who, self.password.take(&mut fields)?) else {
            return Err(fields.refusal().into());
        };
        let changed = manage::set_password(cx, &who, &password.password).await?;
        Ok(Report::PasswordSet(changed, password.into_told()))
    }
}
