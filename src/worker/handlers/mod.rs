//! What each kind of job does. A handler may be run twice for one job, so it does nothing that it
//! must not do twice.

mod mail;

use crate::{
    domain::{cx::Cx, job::Job, provisioning},
    error::{Error, Result},
    ports::queue::{Message, Slot},
};

/// Does the job. One of the slow lane comes with the place that it may go on in: the handler answers
/// as soon as somebody else would find the work, calls [`Slot::begin`], and keeps the slot in the task
/// that goes on (`app.spawn`); dropping it lets the next message in.
pub(super) async fn handle(cx: &Cx, message: &Message, place: Option<Slot>) -> Result<()> {
    match &message.job {
        Job::InvitationMail {
            invitation_id,
            generation,
        } => mail::invitation(cx, message.id, *invitation_id, *generation).await,
        Job::MembershipMail {
            tenant_id,
            user_id,
            invited_by,
        } => mail::membership(cx, message.id, *tenant_id, *user_id, *invited_by).await,
        Job::OwnershipMail {
            tenant_id,
            user_id,
            from_user_id,
        } => mail::ownership(cx, message.id, *tenant_id, *user_id, *from_user_id).await,
        Job::NotificationMail {
            user_id,
            title,
            message: text,
        } => mail::notification(cx, message.id, *user_id, (title, text)).await,
        Job::Provision { job_id } => {
            let place = place.ok_or_else(|| Error::internal("no place for work on a site"))?;
            provisioning::wake(cx, *job_id, place).await
        }
    }
}
