//! Plans and subscriptions, to read (`rest.md` 3.3).

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    envelope::{Envelope, ListEnvelope, Written},
    error::Answer,
    error_body::ErrorBody,
    extract::{SignedIn, Visitor},
    openapi::{Anywhere, NeedsCurrentTenant},
    views::{Limits, Plan, Subscription},
};
use crate::{
    domain::{
        billing::{self, SharedPlan},
        cx::Cx,
    },
    error::{Error, Subject},
};

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(plans))
        .routes(routes!(subscription))
}

/// List the plans on offer.
///
/// Public. All of them at once, in their order.
#[utoipa::path(
    get, path = "/billing/plans", tag = "billing", operation_id = "listPlans",
    responses(
        (status = 200, description = "The plans.", body = ListEnvelope<Plan>),
        Anywhere
    )
)]
#[tracing::instrument(name = "rest.billing.plans", level = "debug", skip_all)]
async fn plans(Visitor(cx): Visitor) -> Answer<Written> {
    let offer = billing::plans(&cx).await?;
    let write = |plans: &[SharedPlan]| {
        let plans = plans.iter().map(|plan| Plan::from(&**plan)).collect();
        ListEnvelope::whole(plans).write()
    };
    Ok(Written(offer.written(write)))
}

/// Show the subscription of the token's company.
///
/// Any member. With its plan, what it includes, and the days left.
#[utoipa::path(
    get, path = "/billing/subscription", tag = "billing", operation_id = "currentSubscription",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The subscription.", body = Envelope<Subscription>),
        (status = 404, description = "The company has none.", body = ErrorBody),
        NeedsCurrentTenant, Anywhere
    )
)]
#[tracing::instrument(name = "rest.billing.subscription", level = "debug", skip_all)]
async fn subscription(SignedIn(cx): SignedIn) -> Answer<Envelope<Subscription>> {
    let (subscription, plan) = billing::subscription(&cx, None).await?;
    Ok(Envelope::new(Subscription::new(
        &subscription,
        &plan,
        cx.now(),
    )))
}

/// What the token's company pays for, if anything, and what that includes.
pub(super) async fn paid(cx: &Cx) -> Result<Option<(Subscription, Limits)>, Error> {
    match billing::subscription(cx, None).await {
        Ok((subscription, plan)) => {
            let shown = Subscription::new(&subscription, &plan, cx.now());
            Ok(Some((shown, billing::limits(&plan).into())))
        }
        Err(Error::NotFound(Subject::Subscription)) => Ok(None),
        Err(error) => Err(error),
    }
}
