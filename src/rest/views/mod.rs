//! The JSON objects of the REST door (`rest.md` section 2): how models look on the wire, with the
//! aliases that clients in the field read (`client.md` section 2). No rules, no queries.

mod invitation;
mod job;
mod member;
mod money;
mod plan;
mod session;
mod site;
mod subscription;
mod tenant;
mod time;
mod user;

pub use invitation::{Invitation, Joined, Sent};
pub use job::{Job, LogLine};
pub use member::{Member, Role};
pub use money::Money;
pub use plan::{Limits, Plan};
pub use session::{Me, Session, Switched, Tokens};
pub use site::{Backup, Site};
pub use subscription::Subscription;
pub use tenant::{CurrentTenant, Membership, Tenant};
pub use time::Time;
pub use user::User;
