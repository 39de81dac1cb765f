//! Letters. The domain composes them, or finds that there is nothing left to say; the id of the
//! outbox row makes a letter that is sent twice one letter.

use entity::ids::{InvitationId, OutboxMessageId, TenantId, UserId};

use crate::{
    domain::{cx::Cx, members::letters, notifications},
    error::Result,
    ports::mailer::Letter,
};

pub(super) async fn invitation(
    cx: &Cx,
    id: OutboxMessageId,
    invitation: InvitationId,
    generation: i32,
) -> Result<()> {
    send(
        cx,
        id,
        letters::compose_invitation(cx, invitation, generation).await?,
    )
    .await
}

pub(super) async fn membership(
    cx: &Cx,
    id: OutboxMessageId,
    tenant: TenantId,
    user: UserId,
    invited_by: Option<UserId>,
) -> Result<()> {
    send(
        cx,
        id,
        letters::compose_membership(cx, tenant, user, invited_by).await?,
    )
    .await
}

pub(super) async fn ownership(
    cx: &Cx,
    id: OutboxMessageId,
    tenant: TenantId,
    user: UserId,
    from: UserId,
) -> Result<()> {
    send(
        cx,
        id,
        letters::compose_ownership(cx, tenant, user, from).await?,
    )
    .await
}

pub(super) async fn notification(
    cx: &Cx,
    id: OutboxMessageId,
    user: UserId,
    (title, message): (&str, &str),
) -> Result<()> {
    send(
        cx,
        id,
        notifications::compose(cx, user, title, message).await?,
    )
    .await
}

async fn send(cx: &Cx, id: OutboxMessageId, letter: Option<Letter>) -> Result<()> {
    let Some(letter) = letter else {
        tracing::debug!("the letter is no longer wanted");
        return Ok(());
    };
    cx.app().mailer.send(&letter, id.0).await
}
