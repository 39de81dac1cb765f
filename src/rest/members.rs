//! People of a company (`rest.md` 3.2).

use entity::{
    ids::{TenantId, UserId},
    membership::TenantRole,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    envelope::{Created, Done, ListEnvelope, MessageEnvelope},
    error::Answer,
    error_body::ErrorBody,
    extract::{IdempotencyHeader, Input, Keyed, PageOf20, SignedIn},
    form::{Checked, Form, Read},
    openapi::{Anywhere, NeedsTenant, ReadsBody, ReadsParameters, or_null, role_schema},
    views::{Member, Sent},
};
use crate::domain::{
    members::{self, Invite, MemberFilter},
    page::Window,
    values::{EmailAddress, parse_role},
};

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(invite))
        .routes(routes!(change_role, remove))
}

/// List the people of a company.
///
/// Owner or admin of it. Newest first. Invited people who have not joined are listed under
/// `/tenants/{tenant_id}/invitations`.
#[utoipa::path(
    get, path = "/tenants/{tenant_id}/users", tag = "members", operation_id = "listMembers",
    security(("bearer" = [])),
    params(
        ("tenant_id" = uuid::Uuid, Path, description = "Which company."),
        PageOf20
    ),
    responses(
        (status = 200, description = "One page of people.", body = ListEnvelope<Member>),
        NeedsTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.members.list", level = "debug", skip_all)]
async fn list(
    SignedIn(cx): SignedIn,
    Input((tenant, page)): Input<(TenantId, PageOf20)>,
) -> Answer<ListEnvelope<Member>> {
    let filter = MemberFilter::default();
    let listing = members::list(&cx, tenant, &filter, &Window::Offset(page.0)).await?;
    let total = listing
        .total_or(members::count(&cx, tenant, &filter))
        .await?;
    let people = listing.into_nodes().into_iter().map(Member::from).collect();
    Ok(ListEnvelope::page(people, total, page.0))
}

/// Whom to invite, as what.
#[derive(ToSchema)]
#[schema(as = Invite, example = json!({ "email": "bob@example.com", "role": "member" }))]
struct InviteBody {
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: EmailAddress,
    /// `member` unless said otherwise.
    #[schema(schema_with = optional_role, required = false)]
    role: TenantRole,
}

fn optional_role() -> utoipa::openapi::ObjectBuilder {
    or_null(role_schema()).default(Some("member".into()))
}

impl Read for InviteBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let email = form.required("email", EmailAddress::parse);
        let role = form.optional("role", parse_role);
        Ok(Self {
            email: email?,
            role: role?.unwrap_or(TenantRole::Member),
        })
    }
}

/// Invite somebody into a company.
///
/// Owner or admin of it; only an owner may invite an owner. Who has an account joins at once; who
/// has none gets a letter with a link, and inviting again renews it.
#[utoipa::path(
    post, path = "/tenants/{tenant_id}/users/invite", tag = "members",
    operation_id = "inviteMember",
    security(("bearer" = [])),
    params(("tenant_id" = uuid::Uuid, Path, description = "Which company."), IdempotencyHeader),
    request_body = InviteBody,
    responses(
        (status = 201, description = "Joined or invited.", body = MessageEnvelope<Sent>),
        (status = 402, body = ErrorBody, description = "The plan has no free seat \
            (LIMIT_REACHED), or the subscription has ended (PAYMENT_REQUIRED)."),
        (status = 404, body = ErrorBody, description = "No such account, where the server is set \
            to invite existing accounts only."),
        (status = 409, description = "Already in the company (ALREADY_MEMBER), or the \
            idempotency key stands for another request.", body = ErrorBody),
        NeedsTenant, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.members.invite", level = "debug", skip_all)]
async fn invite(
    Keyed(cx): Keyed,
    Input((tenant, body)): Input<(TenantId, InviteBody)>,
) -> Answer<Created<MessageEnvelope<Sent>>> {
    let InviteBody { email, role } = body;
    let invited = members::invite(&cx, tenant, Invite { email, role }).await?;
    let message = match &invited {
        members::Invited::Member(_) => "User added to the tenant",
        members::Invited::Pending(_) => "Invitation sent",
    };
    Ok(Created(MessageEnvelope::new(message, invited.into())))
}

/// The new role.
#[derive(ToSchema)]
#[schema(as = ChangeRole, example = json!({ "role": "admin" }))]
struct RoleBody {
    #[schema(schema_with = role_schema)]
    role: TenantRole,
}

impl Read for RoleBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let role = form.required("role", parse_role);
        Ok(Self { role: role? })
    }
}

/// Change somebody's role.
///
/// Owner of the company. The only owner stays one. Holds from that person's next request on.
#[utoipa::path(
    patch, path = "/tenants/{tenant_id}/users/{user_id}", tag = "members",
    operation_id = "changeMemberRole",
    security(("bearer" = [])),
    params(
        ("tenant_id" = uuid::Uuid, Path, description = "Which company."),
        ("user_id" = uuid::Uuid, Path, description = "Which person.")
    ),
    request_body = RoleBody,
    responses(
        (status = 200, body = MessageEnvelope<Member>, description = "The person as they are now."),
        (status = 404, description = "Nobody of this id is in the company.", body = ErrorBody),
        (status = 409, description = "The only owner (LAST_OWNER).", body = ErrorBody),
        NeedsTenant, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.members.change_role", level = "debug", skip_all)]
async fn change_role(
    SignedIn(cx): SignedIn,
    Input((tenant, user, body)): Input<(TenantId, UserId, RoleBody)>,
) -> Answer<MessageEnvelope<Member>> {
    let member = members::change_role(&cx, tenant, user, body.role).await?;
    Ok(MessageEnvelope::new("User role updated", member.into()))
}

/// Remove somebody from a company.
///
/// Owner or admin of it; nobody removes themselves. Holds from that person's next request on.
#[utoipa::path(
    delete, path = "/tenants/{tenant_id}/users/{user_id}", tag = "members",
    operation_id = "removeMember",
    security(("bearer" = [])),
    params(
        ("tenant_id" = uuid::Uuid, Path, description = "Which company."),
        ("user_id" = uuid::Uuid, Path, description = "Which person.")
    ),
    responses(
        (status = 200, description = "Removed.", body = Done),
        (status = 400, body = ErrorBody,
            description = "An owner (OWNER_PROTECTED) or oneself (SELF_REMOVAL)."),
        (status = 404, description = "Nobody of this id is in the company.", body = ErrorBody),
        NeedsTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.members.remove", level = "debug", skip_all)]
async fn remove(
    SignedIn(cx): SignedIn,
    Input((tenant, user)): Input<(TenantId, UserId)>,
) -> Answer<Done> {
    members::remove(&cx, tenant, user).await?;
    Ok(Done::new("User removed from the tenant"))
}
