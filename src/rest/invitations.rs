//! Offers to join a company: what became of them, and accepting one (ruling 7).

use entity::ids::{InvitationId, TenantId};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    envelope::{Envelope, ListEnvelope, MessageEnvelope},
    error::Answer,
    error_body::ErrorBody,
    extract::{IdempotencyHeader, Input, Keyed, KeyedVisitor, PageOf20, SignedIn},
    form::{Checked, Form, Read},
    openapi::{
        Anywhere, NeedsTenant, NeedsUser, ReadsBody, ReadsParameters, name_schema, or_null,
        password_schema,
    },
    views::{Invitation, Joined},
};
use crate::domain::{
    members::{self, AcceptInvitation, InvitationFilter, NewAccount},
    page::Window,
    values::{FullName, Password},
};

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(revoke))
        .routes(routes!(resend))
        .routes(routes!(accept))
}

/// List a company's invitations.
///
/// Owner or admin of it. Newest first, closed ones too.
#[utoipa::path(
    get, path = "/tenants/{tenant_id}/invitations", tag = "invitations",
    operation_id = "listInvitations",
    security(("bearer" = [])),
    params(
        ("tenant_id" = uuid::Uuid, Path, description = "Which company."),
        PageOf20
    ),
    responses(
        (status = 200, description = "One page of invitations.", body = ListEnvelope<Invitation>),
        NeedsTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.invitations.list", level = "debug", skip_all)]
async fn list(
    SignedIn(cx): SignedIn,
    Input((tenant, page)): Input<(TenantId, PageOf20)>,
) -> Answer<ListEnvelope<Invitation>> {
    let filter = InvitationFilter::default();
    let listing = members::invitations(&cx, tenant, &filter, &Window::Offset(page.0)).await?;
    let total = members::count_invitations(&cx, tenant, &filter).await?;
    let invitations = listing
        .items
        .iter()
        .map(|item| Invitation::from(&item.node))
        .collect();
    Ok(ListEnvelope::page(invitations, total, page.0))
}

/// Send an invitation again.
///
/// Owner or admin of the company. Voids the older link and starts the time anew.
#[utoipa::path(
    post, path = "/tenants/{tenant_id}/invitations/{invitation_id}/resend",
    tag = "invitations", operation_id = "resendInvitation",
    security(("bearer" = [])),
    params(
        ("tenant_id" = uuid::Uuid, Path, description = "Which company."),
        ("invitation_id" = uuid::Uuid, Path, description = "Which invitation."),
        IdempotencyHeader
    ),
    responses(
        (status = 200, description = "Sent again.", body = MessageEnvelope<Invitation>),
        (status = 402, description = "The subscription has ended.", body = ErrorBody),
        (status = 404, description = "The company has no such invitation.", body = ErrorBody),
        (status = 409, body = ErrorBody,
            description = "Used or withdrawn already (INVITATION_USED, INVITATION_REVOKED)."),
        NeedsTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.invitations.resend", level = "debug", skip_all)]
async fn resend(
    Keyed(cx): Keyed,
    Input((tenant, invitation)): Input<(TenantId, InvitationId)>,
) -> Answer<MessageEnvelope<Invitation>> {
    let invitation = members::resend_invitation(&cx, tenant, invitation).await?;
    Ok(MessageEnvelope::new(
        "Invitation sent again",
        Invitation::from(&invitation),
    ))
}

/// Take an invitation back.
///
/// Owner or admin of the company. Its link stops working.
#[utoipa::path(
    delete, path = "/tenants/{tenant_id}/invitations/{invitation_id}",
    tag = "invitations", operation_id = "revokeInvitation",
    security(("bearer" = [])),
    params(
        ("tenant_id" = uuid::Uuid, Path, description = "Which company."),
        ("invitation_id" = uuid::Uuid, Path, description = "Which invitation.")
    ),
    responses(
        (status = 200, description = "Withdrawn.", body = MessageEnvelope<Invitation>),
        (status = 404, description = "The company has no such invitation.", body = ErrorBody),
        (status = 409, description = "Used already (INVITATION_USED).", body = ErrorBody),
        NeedsTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.invitations.revoke", level = "debug", skip_all)]
async fn revoke(
    SignedIn(cx): SignedIn,
    Input((tenant, invitation)): Input<(TenantId, InvitationId)>,
) -> Answer<MessageEnvelope<Invitation>> {
    let invitation = members::revoke_invitation(&cx, tenant, invitation).await?;
    Ok(MessageEnvelope::new(
        "Invitation withdrawn",
        Invitation::from(&invitation),
    ))
}

/// The letter's token, and for somebody without an account the password to make one with.
#[derive(ToSchema)]
#[schema(as = AcceptInvitation, example = json!({
    "token": "the part of the link behind #", "password": "correct horse battery",
    "full_name": "Bob Ray",
}))]
struct AcceptBody {
    /// What stands behind `#` in the letter's link.
    token: String,
    /// Makes an account for the invited address. Leave it out when signed in.
    #[schema(schema_with = optional_password)]
    password: Option<Password>,
    /// The new account's name; derived from the address when left out.
    #[schema(schema_with = optional_name)]
    full_name: Option<FullName>,
}

fn optional_password() -> utoipa::openapi::ObjectBuilder {
    or_null(password_schema()).description(Some(
        "Makes an account for the invited address. Leave it out when signed in.",
    ))
}

fn optional_name() -> utoipa::openapi::ObjectBuilder {
    or_null(name_schema())
}

impl Read for AcceptBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let token = form.required("token", |text| Ok(text.to_owned()));
        let password = form.optional("password", Password::parse);
        let full_name = form.optional("full_name", FullName::parse);
        Ok(Self {
            token: token?,
            password: password?,
            full_name: full_name?,
        })
    }
}

/// Join by an invitation.
///
/// Public: the token is the credential. Signed in with the invited address: joins. Without an
/// account: send a `password`; it makes the account, joins and signs in, and `data` then also holds
/// what a login answers; such an
/// answer is not kept for an `Idempotency-Key`. An address that has an account must sign in first (`ACCOUNT_EXISTS`).
#[utoipa::path(
    post, path = "/invitations/accept", tag = "invitations", operation_id = "acceptInvitation",
    security((), ("bearer" = [])),
    params(IdempotencyHeader),
    request_body = AcceptBody,
    responses(
        (status = 200, description = "Joined.", body = Envelope<Joined>),
        (status = 402, body = ErrorBody, description = "The plan has no free seat \
            (LIMIT_REACHED), or the subscription has ended (PAYMENT_REQUIRED)."),
        (status = 404, description = "No such invitation.", body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Used, expired or withdrawn; sent to \
            another address; or sign in first. See `reason`."),
        NeedsUser, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.invitations.accept", level = "debug", skip_all)]
async fn accept(
    KeyedVisitor(cx): KeyedVisitor,
    Input(body): Input<AcceptBody>,
) -> Answer<Envelope<Joined>> {
    let AcceptBody {
        token,
        password,
        full_name,
    } = body;
    let account = password.map(|password| NewAccount {
        password,
        full_name,
    });
    let accepted = members::accept_invitation(&cx, AcceptInvitation { token, account }).await?;
    Ok(Envelope::new(accepted.into()))
}
