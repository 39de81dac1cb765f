//! The plans a fresh system offers (ruling 29): the built-in list, or an operator's file.

use std::path::{Path, PathBuf};

use entity::plan;
use serde::Deserialize;
use serde_json::Value;

use super::{money, store};
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
};

/// The slug of the plan that new tenants start on.
const TRIAL: &str = "trial";
/// The built-in list, in the form of `PLANS_FILE`.
const BUILT_IN: &str = include_str!("plans.json");

/// Where the list of plans comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlansSource {
    /// Trial, Starter, Professional, Enterprise.
    BuiltIn,
    /// `PLANS_FILE`; plans it does not name are taken off the offer.
    File(PathBuf),
}

/// A plan as the file has it. Prices are decimal strings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    slug: String,
    name: String,
    description: String,
    price_monthly: String,
    price_yearly: String,
    currency: String,
    features: Value,
    limits: EntryLimits,
    #[serde(default)]
    trial_days: Option<u16>,
    sort_order: i32,
}

/// What it allows; null means unlimited.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLimits {
    max_users: Option<u32>,
    max_storage_gb: Option<u32>,
}

/// Adds the plans of the source and brings existing ones up to date; returns what is on offer.
pub async fn plans(cx: &Cx, source: &PlansSource) -> Result<Vec<plan::Model>> {
    cx.system_access()?;
    let wanted = read(cx, source).await?;
    let slugs: Vec<_> = wanted.iter().map(|plan| plan.slug.clone()).collect();
    let unit = cx.begin().await?;
    store::upsert_plans(&*unit, wanted).await?;
    if matches!(source, PlansSource::File(_)) {
        store::retire_plans_except(&*unit, &slugs).await?;
    }
    let offered = store::active_plans(&*unit).await?;
    unit.commit().await?;
    Ok(offered)
}

/// The same for a system that has no plans yet; an existing offer is left as it is.
pub async fn plans_if_none(cx: &Cx, source: &PlansSource) -> Result<()> {
    if !store::has_plans(cx.db()).await? {
        plans(cx, source).await?;
    }
    Ok(())
}

async fn read(cx: &Cx, source: &PlansSource) -> Result<Vec<plan::Model>> {
    let (text, origin) = match source {
        PlansSource::BuiltIn => (BUILT_IN.to_owned(), Path::new("the built-in list")),
        PlansSource::File(path) => {
            let text = tokio::fs::read_to_string(path).await.map_err(|error| {
                Error::internal(format!(
                    "PLANS_FILE {} cannot be read: {error}",
                    path.display()
                ))
            })?;
            (text, path.as_path())
        }
    };
    parse(cx, &text)
        .map_err(|wrong| Error::internal(format!("the plans in {}: {wrong}", origin.display())))
}

fn parse(cx: &Cx, text: &str) -> Result<Vec<plan::Model>, String> {
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = entries
        .iter()
        .find(|entry| !seen.insert(entry.slug.as_str()))
    {
        return Err(format!("{} appears twice", twice.slug));
    }
    let trials: Vec<_> = entries
        .iter()
        .filter(|entry| entry.trial_days.is_some())
        .collect();
    if !matches!(trials[..], [only] if only.slug == TRIAL) {
        return Err(format!("exactly one plan, `{TRIAL}`, has `trial_days`"));
    }
    entries.into_iter().map(|entry| row(cx, entry)).collect()
}

fn row(cx: &Cx, entry: Entry) -> Result<plan::Model, String> {
    let Entry {
        slug,
        name,
        description,
        price_monthly,
        price_yearly,
        currency,
        features,
        limits: EntryLimits {
            max_users,
            max_storage_gb,
        },
        trial_days,
        sort_order,
    } = entry;
    let currency = currency.to_ascii_uppercase();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("{slug}: {currency:?} is not a currency"));
    }
    if slug.is_empty() || name.trim().is_empty() || description.trim().is_empty() {
        return Err(format!(
            "{slug:?}: slug, name and description must not be blank"
        ));
    }
    if trial_days == Some(0) {
        return Err(format!("{slug}: a trial takes at least a day"));
    }
    let price = |text: &str| {
        money::minor_units(text, &currency)
            .ok_or_else(|| format!("{slug}: {text:?} is not a price in {currency}"))
    };
    let limit = |limit: Option<u32>| {
        limit
            .map(i32::try_from)
            .transpose()
            .map_err(|_| format!("{slug}: a limit is too large"))
    };
    let now = cx.now();
    Ok(plan::Model {
        id: cx.new_id(),
        price_monthly: price(&price_monthly)?,
        price_yearly: price(&price_yearly)?,
        max_users: limit(max_users)?,
        max_storage_gb: limit(max_storage_gb)?,
        name,
        slug: slug.clone(),
        description,
        currency,
        features,
        trial_days: trial_days.map(i32::from),
        is_active: true,
        sort_order,
        created_at: now,
        updated_at: now,
    })
}
