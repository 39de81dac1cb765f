//! Tells people of what has happened: rows in their inboxes, events in their streams, letters. Called
//! by the unit of work in which it happened, so that one is not without the other.

use std::collections::BTreeMap;

use entity::{ids::UserId, notification, notification_preference::NotificationChannel as Channel};

use super::{
    kinds::{Always, Way, rule},
    map::{self, Hearer, Notice},
    people_store::{self, Asked, Named, People},
    store,
    words::{self, Names},
};
use crate::{
    domain::{
        cx::Cx,
        event::{DomainEvent, NotificationFacts},
        job::Job,
    },
    error::Result,
};

/// What a unit of work has so far, and what is added to it.
pub struct Effects<'a> {
    /// What happened.
    pub events: &'a mut Vec<DomainEvent>,
    /// What is to be done later.
    pub jobs: &'a mut Vec<Job>,
}

/// Adds to the effects of a unit what people are to be told of them. Where that is nobody, nothing is
/// asked of the database; otherwise it takes one statement to find who they are and what they want,
/// and one to write their notifications.
pub async fn create(
    cx: &Cx,
    db: &impl sea_orm::ConnectionTrait,
    effects: Effects<'_>,
) -> Result<()> {
    let Effects { events, jobs } = effects;
    let actor = cx.known_identity().map(|identity| &identity.user);
    let by = actor.map(|actor| actor.id);
    let caused = events.iter().flat_map(|event| map::notices(event, by));
    let notices: Vec<Notice> = caused.collect();
    if notices.is_empty() {
        return Ok(());
    }
    let people = people_store::find(db, &Asked::of(&notices)).await?;
    let actor = actor.map(|actor| actor.full_name.as_str());
    let mut rows = Vec::new();
    for notice in &notices {
        let Some((title, message)) = say(notice, &people, actor) else {
            continue;
        };
        for (user, person) in hearers(notice, &people) {
            let chosen = |channel| person.choices.get(&(notice.kind, channel)).copied();
            let rule = rule(notice.kind);
            if rule.in_app.is_on(chosen(Channel::InApp)) {
                rows.push(notification::Model {
                    id: cx.new_id(),
                    user_id: user,
                    tenant_id: notice.tenant,
                    kind: notice.kind,
                    notification_type: rule.notification_type,
                    title: title.clone(),
                    message: message.clone(),
                    data: notice.data.clone(),
                    read_at: None,
                    created_at: cx.now(),
                });
            }
            let has_its_own = rule.email == Way::Always(Always::OwnLetter);
            if !has_its_own && rule.email.is_on(chosen(Channel::Email)) {
                jobs.push(Job::NotificationMail {
                    user_id: user,
                    title: title.clone(),
                    message: message.clone(),
                });
            }
        }
    }
    events.extend(rows.iter().map(|row| DomainEvent::NotificationCreated {
        notification: NotificationFacts::of(row),
    }));
    store::insert(db, rows).await
}

/// Headline and text; nothing where what it is about is gone.
fn say(notice: &Notice, people: &People, actor: Option<&str>) -> Option<(String, String)> {
    let tenant = match notice.tenant {
        Some(tenant) => people.tenant(tenant)?,
        None => "",
    };
    let person = match notice.says.about() {
        Some(user) => people.name(user)?,
        None => "",
    };
    let names = Names {
        tenant,
        person,
        actor,
    };
    Some(words::compose(&notice.says, names))
}

/// Who is told, each once.
fn hearers<'a>(notice: &Notice, people: &'a People) -> BTreeMap<UserId, &'a Named> {
    let present = people.of(notice.tenant);
    let told = present.filter(|(user, person)| {
        let meant = notice.to.iter().any(|hearer| match hearer {
            Hearer::Person(one) => one == user,
            Hearer::Member(one) => one == user && person.role.is_some(),
            Hearer::Managers => person.manages(),
        });
        // A closed account hears nothing.
        meant && person.is_active && !notice.except.contains(user)
    });
    told.collect()
}
