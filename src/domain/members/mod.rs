//! People in a tenant, and invitations to become one of them.

mod accept;
mod change_role;
mod invitation_store;
mod invitations;
mod invite;
mod leave;
pub mod letters;
mod link;
mod list;
mod remove;
pub(super) mod store;
mod transfer;
mod usage;

use entity::{membership, user};
use serde::{Deserialize, Serialize};

pub use accept::{AcceptInvitation, Accepted, NewAccount, accept_invitation};
pub use change_role::change_role;
pub use invitations::{
    InvitationFilter, count_invitations, count_invitations_each, invitations, invitations_each,
    resend_invitation, revoke_invitation,
};
pub use invite::{Invite, Invited, invite};
pub use leave::{Left, leave};
pub use list::{MemberFilter, count, count_each, list, list_each};
pub use remove::remove;
pub use transfer::{Transferred, transfer_ownership};
pub use usage::usage;

/// Somebody in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The person.
    pub user: user::Model,
    /// Their place.
    pub membership: membership::Model,
}
