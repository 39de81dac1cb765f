//! The tariffs on offer.

use std::collections::HashMap;

use entity::{ids::PlanId, plan};

use super::store;
use crate::{domain::cx::Cx, error::Result};

/// The active plans in their order; public.
pub async fn plans(cx: &Cx) -> Result<Vec<plan::Model>> {
    store::active_plans(cx.db()).await
}

/// Plans by id, also those no longer on offer; plans are public, so no proof is needed.
pub async fn plans_by_id(cx: &Cx, ids: &[PlanId]) -> Result<HashMap<PlanId, plan::Model>> {
    let plans = store::plans(cx.db(), ids).await?;
    Ok(plans.into_iter().map(|plan| (plan.id, plan)).collect())
}
