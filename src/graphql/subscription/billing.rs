//! What is paid, and what for, as it happens.

use async_graphql::{Context, ID, MergedObject, Object, Subscription, Union};
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
    ) -> Result<impl Stream<Item = InPlace<BillingEvent>> + use<>> {
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
            Told::PaymentReceived(facts) => {
                Self::Received(PaymentReceived(OfPayment::new(event, facts)))
            }
            Told::PaymentFailed(facts) => Self::Failed(PaymentFailed(OfPayment::new(event, facts))),
            Told::SubscriptionUpdated(facts) => Self::Updated(SubscriptionUpdated {
                of: OfSubscription::new(event, facts.tenant_id),
                facts,
            }),
            Told::SubscriptionExpiring {
                subscription: facts,
                days_left,
            } => Self::Expiring(SubscriptionExpiring {
                of: OfSubscription::new(event, facts.tenant_id),
                facts,
                days_left,
            }),
            _ => return None,
        })
    }
}

/// An event, and the tenant whose subscription it is about.
struct OfSubscription {
    event: Event,
    tenant: TenantId,
}

impl OfSubscription {
    fn new(event: Event, tenant: TenantId) -> Self {
        Self { event, tenant }
    }
}

/// Part of every event about money.
#[Object]
impl OfSubscription {
    #[graphql(flatten)]
    async fn event(&self) -> &Event {
        &self.event
    }

    /// The subscription that it is about, as it is now.
    async fn subscription(&self) -> Result<Option<InPlace<TenantSubscription>>> {
        let scope = &self.event.scope;
        let found = scope.subscription(self.tenant).await?;
        Ok(found.map(|found| InPlace(TenantSubscription::new(scope, found))))
    }
}

/// A payment that came or did not.
struct OfPayment {
    of: OfSubscription,
    facts: PaymentFacts,
}

impl OfPayment {
    fn new(event: Event, facts: PaymentFacts) -> Self {
        Self {
            of: OfSubscription::new(event, facts.tenant_id),
            facts,
        }
    }
}

/// Part of every event about a payment.
#[Object]
impl OfPayment {
    #[graphql(flatten)]
    async fn of(&self) -> &OfSubscription {
        &self.of
    }

    /// The payment, as the provider calls it.
    async fn payment_id(&self) -> &str {
        &self.facts.payment_id
    }

    /// How much.
    async fn amount(&self) -> InPlace<Money> {
        InPlace(Money::new(self.facts.amount_minor, &self.facts.currency))
    }
}

/// Money came in.
#[derive(MergedObject)]
pub struct PaymentReceived(OfPayment);

/// Money was asked for and did not come.
#[derive(MergedObject)]
pub struct PaymentFailed(OfPayment);

/// The subscription is another one now, or stands otherwise.
pub struct SubscriptionUpdated {
    of: OfSubscription,
    facts: SubscriptionFacts,
}

/// The subscription is another one now, or stands otherwise.
#[Object]
impl SubscriptionUpdated {
    #[graphql(flatten)]
    async fn of(&self) -> &OfSubscription {
        &self.of
    }

    /// The subscription's id.
    async fn subscription_id(&self) -> ID {
        id(self.facts.subscription_id)
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
    of: OfSubscription,
    facts: SubscriptionFacts,
    days_left: i64,
}

/// A trial or a paid period ends soon.
#[Object]
impl SubscriptionExpiring {
    #[graphql(flatten)]
    async fn of(&self) -> &OfSubscription {
        &self.of
    }

    /// The subscription's id.
    async fn subscription_id(&self) -> ID {
        id(self.facts.subscription_id)
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
