//! Accounts and sign-ins: who somebody is, and for how long we believe it.

mod argon;
mod authenticate;
mod forget;
mod key;
mod login;
mod logout;
pub mod manage;
mod me;
pub mod password;
mod refresh;
mod register;
pub mod seed;
pub(super) mod session;
mod sessions;
pub(super) mod store;
mod switch_tenant;
pub mod token;

pub use authenticate::{SignIns, sign_ins};
pub(super) use authenticate::{authenticate, believe};
pub use forget::forget_ended_sessions;
pub use login::{Login, login};
pub use logout::{logout, logout_everywhere, revoke_session};
pub use me::{Me, me};
pub use refresh::refresh;
pub(super) use register::new_user;
pub use register::{Register, register};
pub(super) use session::open;
pub use session::{SignedIn, TokenPair};
pub use sessions::sessions;
pub use switch_tenant::{Switched, switch_tenant};
