//! Companies: what they are called, who may see them, and how one comes to be.

mod found;
mod list;
mod read;
mod slug;
pub(super) mod store;
mod update;

use entity::{membership, tenant};
use serde::{Deserialize, Serialize};

pub(super) use found::Founding;
pub use list::{
    Places, TenantFilter, among, count, first_places, list, memberships, memberships_count, places,
};
pub use read::{current, get};
pub use update::{UpdateTenant, update};

/// A tenant and the caller's place in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantMembership {
    /// The tenant.
    pub tenant: tenant::Model,
    /// The caller's place in it.
    pub membership: membership::Model,
}
