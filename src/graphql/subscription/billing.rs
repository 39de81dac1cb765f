//! What is paid, and what for, as it happens.

use async_graphql::{Context, ID, Object, Subscription, Union};
use entity::ids::TenantId;
use futures::Stream;

use super::{Event, show};
use crate::{
    domain::{
        event::{PaymentFacts, SubscriptionFacts},
        realtime::{Feed, Told},
    },
    graphql::{
        error::Result,
        in_place::InPlace,
        types::{
            billing::{BillingPeriod, SubscriptionStatus, TenantSubscription},
            id,
            money::Money,
            scalars::DateTime,
        },
    },
};

/// Payments and subscriptions.
#[derive(Default)]
pub struct BillingSubscription;

#[Subscription]
impl BillingSubscription {
    /// What is paid by the tenant that the token names, and how its subscription changes. Needs
    /// `VIEW_SUBSCRIPTION`.
    async fn billing(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The cursor of the last event that was heard: what was missed since comes first."
        )]
        after: Option<String>,
    ) -> Result<impl Stream<Item = BillingEvent> + use<>> {
        show(ctx, Feed::Billing, None, after.as_deref(), BillingEvent::of).await
    }
}

/// Something about money. New kinds may be added: ignore those you do not know.
#[derive(Union)]
pub enum BillingEvent {
    /// Money came in.
    Received(PaymentReceived),
    /// Money did not come.
    Failed(PaymentFailed),
    /// The subscription changed.
    Updated(SubscriptionUpdated),
    /// It ends soon.
    Expiring(SubscriptionExpiring),
}

impl BillingEvent {
    fn of(event: Event) -> Option<Self> {
        Some(match event.heard.told.clone()? {
            Told::PaymentReceived(facts) => Self::Received(PaymentReceived { event, facts }),
            Told::PaymentFailed(facts) => Self::Failed(PaymentFailed { event, facts }),
            Told::SubscriptionUpdated(facts) => Self::Updated(SubscriptionUpdated { event, facts }),
            Told::SubscriptionExpiring {
                subscription,
                days_left,
            } => Self::Expiring(SubscriptionExpiring {
                event,
                facts: subscription,
                days_left,
            }),
            _ => return None,
        })
    }
}

async fn subscription(
    event: &Event,
    tenant: TenantId,
) -> Result<Option<InPlace<TenantSubscription>>> {
    let found = event.scope.subscription(tenant).await?;
    Ok(found.map(|found| InPlace(TenantSubscription::new(&event.scope, found))))
}

/// Money came in.
pub struct PaymentReceived {
    event: Event,
    facts: PaymentFacts,
}

/// Money came in.
#[Object]
impl PaymentReceived {
    /// Its place in the stream: what to give back as `after`.
    async fn cursor(&self) -> String {
        self.event.cursor()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.event.occurred_at()
    }

    /// The payment, as the provider calls it.
    async fn payment_id(&self) -> &str {
        &self.facts.payment_id
    }

    /// How much.
    async fn amount(&self) -> InPlace<Money> {
        InPlace(Money::new(self.facts.amount_minor, &self.facts.currency))
    }

    /// What it was paid for, as it is now.
    async fn subscription(&self) -> Result<Option<InPlace<TenantSubscription>>> {
        subscription(&self.event, self.facts.tenant_id).await
    }
}

/// Money was asked for and did not come.
pub struct PaymentFailed {
    event: Event,
    facts: PaymentFacts,
}

/// Money was asked for and did not come.
#[Object]
impl PaymentFailed {
    /// Its place in the stream: what to give back as `after`.
    async fn cursor(&self) -> String {
        self.event.cursor()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.event.occurred_at()
    }

    /// The payment, as the provider calls it.
    async fn payment_id(&self) -> &str {
        &self.facts.payment_id
    }

    /// How much.
    async fn amount(&self) -> InPlace<Money> {
        InPlace(Money::new(self.facts.amount_minor, &self.facts.currency))
    }

    /// What it was to be paid for, as it is now.
    async fn subscription(&self) -> Result<Option<InPlace<TenantSubscription>>> {
        subscription(&self.event, self.facts.tenant_id).await
    }
}

/// The subscription is another one now, or stands otherwise.
pub struct SubscriptionUpdated {
    event: Event,
    facts: SubscriptionFacts,
}

/// The subscription is another one now, or stands otherwise.
#[Object]
impl SubscriptionUpdated {
    /// Its place in the stream: what to give back as `after`.
    async fn cursor(&self) -> String {
        self.event.cursor()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.event.occurred_at()
    }

    /// The subscription's id.
    async fn subscription_id(&self) -> ID {
        id(self.facts.subscription_id)
    }

    /// The subscription as it is now.
    async fn subscription(&self) -> Result<Option<InPlace<TenantSubscription>>> {
        subscription(&self.event, self.facts.tenant_id).await
    }

    /// The id of the plan that it was to then.
    async fn plan_id(&self) -> ID {
        id(self.facts.plan_id)
    }

    /// What the plan was called then.
    async fn plan_name(&self) -> &str {
        &self.facts.plan
    }

    /// Where it stood then.
    async fn status(&self) -> SubscriptionStatus {
        self.facts.status.into()
    }

    /// How often it was paid then.
    async fn billing_period(&self) -> BillingPeriod {
        self.facts.billing_period.into()
    }

    /// Until when it was paid for, or free.
    async fn current_period_end(&self) -> DateTime {
        self.facts.current_period_end.into()
    }

    /// Whether it was to end then.
    async fn cancel_at_period_end(&self) -> bool {
        self.facts.cancel_at_period_end
    }
}

/// A trial or a paid period ends soon.
pub struct SubscriptionExpiring {
    event: Event,
    facts: SubscriptionFacts,
    days_left: i64,
}

/// A trial or a paid period ends soon.
#[Object]
impl SubscriptionExpiring {
    /// Its place in the stream: what to give back as `after`.
    async fn cursor(&self) -> String {
        self.event.cursor()
    }

    /// When it was said.
    async fn occurred_at(&self) -> DateTime {
        self.event.occurred_at()
    }

    /// The subscription's id.
    async fn subscription_id(&self) -> ID {
        id(self.facts.subscription_id)
    }

    /// The subscription as it is now.
    async fn subscription(&self) -> Result<Option<InPlace<TenantSubscription>>> {
        subscription(&self.event, self.facts.tenant_id).await
    }

    /// How many days were left then, rounded up.
    async fn days_left(&self) -> i64 {
        self.days_left
    }

    /// When it ends.
    async fn current_period_end(&self) -> DateTime {
        self.facts.current_period_end.into()
    }
}
