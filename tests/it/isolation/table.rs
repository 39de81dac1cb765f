//! The table: every operation, and what becomes of it when anybody asks for it.

use serde_json::json;

use super::World;
use crate::support::{
    Door, PASSWORD,
    ops::{self, Call},
};

/// Done.
pub const OK: &str = "ok";
/// Known, but not allowed.
pub const NO: &str = "FORBIDDEN";
/// Not signed in.
pub const WHO: &str = "UNAUTHENTICATED";
/// Not there, or not to be seen.
pub const NONE: &str = "NOT_FOUND";
const CONFLICT: &str = "CONFLICT";

/// An operation and what becomes of it for: visitor, owner, admin, member, another tenant's owner.
pub struct Row {
    /// The field of the schema's root.
    pub operation: &'static str,
    /// The route of REST; empty for what only GraphQL has.
    pub route: &'static str,
    /// Builds the nth call against a tenant.
    pub call: fn(&World, usize, &str) -> Call,
    /// What they get.
    pub expected: [&'static str; 5],
    /// Whether it names a tenant, so that a foreign one must look like one that does not exist.
    pub scoped: bool,
}

const fn row(
    operation: &'static str,
    route: &'static str,
    call: fn(&World, usize, &str) -> Call,
    expected: [&'static str; 5],
    scoped: bool,
) -> Row {
    Row {
        operation,
        route,
        call,
        expected,
        scoped,
    }
}

/// The table. Columns: visitor, owner, admin, member, foreign owner.
pub const TABLE: &[Row] = &[
    row(
        "register",
        "POST /api/v1/auth/register",
        |_, n, _| {
            ops::register(json!({
                "email": format!("newcomer{n}@example.com"), "password": PASSWORD,
                "full_name": "New", "company_name": "New",
            }))
        },
        [OK; 5],
        false,
    ),
    row(
        "login",
        "POST /api/v1/auth/login",
        |_, _, _| ops::login("owner@beta.example.com", PASSWORD),
        [OK; 5],
        false,
    ),
    row(
        "refreshToken",
        "POST /api/v1/auth/refresh",
        |world, n, _| ops::refresh_token(&world.spare_refresh[n]),
        [OK; 5],
        false,
    ),
    row(
        "plans",
        "GET /api/v1/billing/plans",
        |_, _, _| ops::plans(),
        [OK; 5],
        false,
    ),
    row(
        "acceptInvitation",
        "POST /api/v1/invitations/accept",
        |world, n, _| {
            ops::accept_invitation(json!({
                "token": world.spare_tokens[n], "password": PASSWORD,
            }))
        },
        [OK, CONFLICT, CONFLICT, CONFLICT, CONFLICT],
        false,
    ),
    row(
        "viewer",
        "GET /api/v1/auth/me",
        |_, _, _| ops::viewer(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "permissions",
        "",
        |_, _, _| ops::permissions(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "tenants",
        "GET /api/v1/tenants",
        |_, _, _| ops::tenants(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "tenant",
        "GET /api/v1/tenants/current",
        |_, _, _| ops::current_tenant(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "tenant",
        "GET /api/v1/billing/subscription",
        |_, _, _| ops::subscription(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "tenant",
        "GET /api/v1/tenants/{tenant_id}",
        |_, _, tenant| ops::tenant(tenant),
        [WHO, OK, OK, OK, NONE],
        true,
    ),
    row(
        "tenant",
        "GET /api/v1/tenants/{tenant_id}/users",
        |_, _, tenant| ops::members(tenant),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "tenant",
        "GET /api/v1/tenants/{tenant_id}/invitations",
        |_, _, tenant| ops::invitations(tenant),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "updateTenant",
        "PATCH /api/v1/tenants/{tenant_id}",
        |_, n, tenant| ops::update_tenant(tenant, json!({ "settings": { "n": n } })),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "inviteMember",
        "POST /api/v1/tenants/{tenant_id}/users/invite",
        |_, n, tenant| ops::invite_member(tenant, json!({ "email": format!("i{n}@example.com") })),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "inviteMember",
        "POST /api/v1/tenants/{tenant_id}/users/invite",
        |_, n, tenant| {
            ops::invite_member(
                tenant,
                json!({
                    "email": format!("heir{n}@example.com"), "role": "owner",
                }),
            )
        },
        [WHO, OK, NO, NO, NONE],
        true,
    ),
    row(
        "resendInvitation",
        "POST /api/v1/tenants/{tenant_id}/invitations/{invitation_id}/resend",
        |world, n, tenant| ops::resend_invitation(tenant, &world.spare_invitations[n]),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "revokeInvitation",
        "DELETE /api/v1/tenants/{tenant_id}/invitations/{invitation_id}",
        |world, n, tenant| ops::revoke_invitation(tenant, &world.spare_invitations[n]),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "changeMemberRole",
        "PATCH /api/v1/tenants/{tenant_id}/users/{user_id}",
        |world, n, tenant| ops::change_member_role(tenant, &world.spare_members[n], "admin"),
        [WHO, OK, NO, NO, NONE],
        true,
    ),
    row(
        "removeMember",
        "DELETE /api/v1/tenants/{tenant_id}/users/{user_id}",
        |world, n, tenant| ops::remove_member(tenant, &world.spare_members[n]),
        [WHO, OK, OK, NO, NONE],
        true,
    ),
    row(
        "createProvisioningJob",
        "POST /api/v1/provisioning/jobs",
        |_, _, _| ops::create_provisioning_job(&json!({ "job_type": "create_instance" })),
        [WHO, OK, OK, NO, OK],
        false,
    ),
    row(
        "tenant",
        "GET /api/v1/provisioning/jobs",
        |_, _, _| ops::provisioning_jobs(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "provisioningJob",
        "GET /api/v1/provisioning/jobs/{job_id}",
        |world, _, _| ops::provisioning_job(&world.spare_jobs[0]),
        [WHO, OK, OK, OK, NONE],
        false,
    ),
    row(
        "provisioningJob",
        "GET /api/v1/provisioning/jobs/{job_id}/logs",
        |world, _, _| ops::provisioning_logs(&world.spare_jobs[0]),
        [WHO, OK, OK, OK, NONE],
        false,
    ),
    row(
        "retryProvisioningJob",
        "POST /api/v1/provisioning/jobs/{job_id}/retry",
        |world, n, _| ops::retry_provisioning_job(&world.ended_jobs[n]),
        [WHO, OK, OK, NO, NONE],
        false,
    ),
    row(
        "cancelProvisioningJob",
        "POST /api/v1/provisioning/jobs/{job_id}/cancel",
        |world, n, _| ops::cancel_provisioning_job(&world.spare_jobs[n]),
        [WHO, OK, OK, NO, NONE],
        false,
    ),
    row(
        "tenant",
        "GET /api/v1/provisioning/site",
        |_, _, _| ops::site(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "tenant",
        "GET /api/v1/provisioning/backups",
        |_, _, _| ops::backups(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "notificationPreferences",
        "",
        |_, _, _| ops::notification_preferences(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "markNotificationRead",
        "",
        // The notification is the owner's.
        |world, _, _| ops::mark_notification_read(&world.notification),
        [WHO, OK, NONE, NONE, NONE],
        false,
    ),
    row(
        "markAllNotificationsRead",
        "",
        |_, _, _| ops::mark_all_notifications_read(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "updateNotificationPreferences",
        "",
        |_, _, _| ops::update_notification_preferences(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "switchTenant",
        "POST /api/v1/auth/switch-tenant",
        |_, _, tenant| ops::switch_tenant(tenant),
        [WHO, OK, OK, OK, NONE],
        true,
    ),
    row(
        "logout",
        "POST /api/v1/auth/logout",
        |_, _, _| ops::logout(),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    row(
        "revokeSession",
        "",
        // The sessions are those of the owner.
        |world, n, _| ops::revoke_session(&world.spare_sessions[n]),
        [WHO, OK, NONE, NONE, NONE],
        false,
    ),
    row(
        "logoutEverywhere",
        "",
        |_, _, _| ops::logout_everywhere(false),
        [WHO, OK, OK, OK, OK],
        false,
    ),
    // The last ones, because afterwards nobody is where they were.
    row(
        "transferOwnership",
        "",
        |world, n, tenant| ops::transfer_ownership(tenant, &world.spare_members[n]),
        [WHO, OK, NO, NO, NONE],
        true,
    ),
    row(
        "leaveTenant",
        "",
        // The owner is none any more.
        |_, _, tenant| ops::leave_tenant(tenant),
        [WHO, OK, OK, OK, NONE],
        true,
    ),
];

impl Row {
    /// The doors that it leads through.
    pub fn doors(&self) -> &'static [Door] {
        if self.route.is_empty() {
            &[Door::Graphql]
        } else {
            &Door::BOTH
        }
    }
}
