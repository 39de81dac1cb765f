//! `user list`.

use clap::value_parser;

use super::{optional, report::Report};
use crate::{
    domain::{
        auth::manage::{self, Filter},
        cx::Cx,
        fields::Fields,
        values::SearchTerm,
    },
    error::BoxError,
};

/// Which accounts.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those with this in their name or address.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only those with the operator permissions.
    #[arg(long)]
    pub superusers: bool,
    /// Only those that are closed.
    #[arg(long)]
    pub disabled: bool,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

impl List {
    /// Looks them up.
    pub(super) async fn perform(self, cx: &Cx) -> Result<Report, BoxError> {
        let mut fields = Fields::new();
        let search = self.search.as_deref();
        let search = optional(&mut fields, "search", search, SearchTerm::parse);
        fields.finish()?;
        let filter = Filter {
            search: search.flatten(),
            superusers: self.superusers,
            disabled: self.disabled,
        };
        let accounts = manage::list(cx, &filter, self.limit.into()).await?;
        Ok(Report::Listed(accounts))
    }
}
