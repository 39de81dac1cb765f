//! People in a tenant: listing, inviting, joining by link, roles, removal (rulings 7 to 9, 14).

mod invitations;
mod invite;
mod join;
mod leave;
mod list;
mod ownership;
mod races;
mod removal;
mod roles;
