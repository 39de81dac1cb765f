//! What one wants to be told, and how.

use std::collections::{BTreeMap, HashMap};

use entity::{notification::NotificationKind, notification_preference::NotificationChannel};
use serde_json::json;

use super::{kinds::rule, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        auth,
        cx::Cx,
        throttle::Attempt,
    },
    error::{Credentials, Error, FieldError, Reason, Result},
};

/// What somebody chose.
pub(super) type Choices = HashMap<(NotificationKind, NotificationChannel), bool>;

/// Whether somebody is told things of a kind by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preference {
    /// What.
    pub kind: NotificationKind,
    /// How.
    pub channel: NotificationChannel,
    /// Whether.
    pub enabled: bool,
    /// Whether they may choose.
    pub can_change: bool,
}

/// A choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What.
    pub kind: NotificationKind,
    /// How.
    pub channel: NotificationChannel,
    /// Whether.
    pub enabled: bool,
}

/// What the caller is told: every kind by every way.
pub async fn preferences(cx: &Cx) -> Result<Vec<Preference>> {
    let chosen = store::choices(cx.db(), cx.identity().await?.user.id).await?;
    Ok(with(&chosen))
}

/// Changes what the caller is told, from the next event on: all of it or nothing. The last one counts
/// where the same thing is chosen twice; what is not named stays.
pub async fn choose(cx: &Cx, choices: Vec<Choice>) -> Result<Vec<Preference>> {
    cx.throttle(Attempt::InboxChange).await?;
    let user = cx.identity().await?.user.id;
    let choices = free(choices)?;
    let mut unit = cx.begin().await?;
    auth::store::lock_user(&*unit, user)
        .await?
        .ok_or(Error::Unauthenticated(Credentials::Invalid))?;
    store::choose(cx, &*unit, user, &choices).await?;
    let chosen = store::choices(&*unit, user).await?;
    let named: Vec<_> = choices
        .iter()
        .map(|choice| json!([choice.kind, choice.channel, choice.enabled]))
        .collect();
    unit.audit(
        Deed::new(Action::NotificationsChosen, Target::User(user))
            .details(json!({ "chosen": named })),
    );
    unit.commit().await?;
    Ok(with(&chosen))
}

/// The choices, each once, unless one of them is none.
fn free(choices: Vec<Choice>) -> Result<Vec<Choice>> {
    let mut wrong = Vec::new();
    let mut last = BTreeMap::new();
    for (n, choice) in choices.into_iter().enumerate() {
        let way = rule(choice.kind).way(choice.channel);
        if way.is_free() {
            last.insert((choice.kind, choice.channel), choice);
        } else if !choice.enabled {
            let field = format!("preferences.{n}.enabled");
            wrong.push(FieldError::new(field, Reason::AlwaysTold));
        }
    }
    if wrong.is_empty() {
        Ok(last.into_values().collect())
    } else {
        Err(Error::InvalidInput(wrong))
    }
}

fn with(chosen: &Choices) -> Vec<Preference> {
    let kinds = NotificationKind::ALL.iter();
    let pairs = kinds.flat_map(|kind| {
        let channels = NotificationChannel::ALL.iter();
        channels.map(move |channel| (*kind, *channel))
    });
    pairs
        .map(|(kind, channel)| {
            let way = rule(kind).way(channel);
            Preference {
                kind,
                channel,
                enabled: way.is_on(chosen.get(&(kind, channel)).copied()),
                can_change: way.is_free(),
            }
        })
        .collect()
}
