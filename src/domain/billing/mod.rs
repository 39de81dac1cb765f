//! What tenants subscribe to, and what that allows them. The read side, and the trial at sign-up.

mod lifecycle;
pub(super) mod limits;
pub mod money;
mod plans;
pub mod seed;
pub(super) mod store;
mod subscription;
mod trial;

pub use lifecycle::{days_left, status_at};
pub use limits::{Limits, limits};
pub use plans::{Offer, PlanCache, SharedPlan, plan, plans};
pub use subscription::{Subscriptions, gather_subscriptions, subscription, subscriptions};
pub(super) use trial::start_trial;
