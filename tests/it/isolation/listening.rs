//! Who may listen to what: every field of `Subscription`, asked by everybody over both transports, and
//! what they hear. A field that the schema has and this table lacks fails the build.

use std::collections::BTreeSet;

use entity::{
    ids::{ProvisioningJobId, TenantId, UserId},
    membership::TenantRole,
    notification::{NotificationKind, NotificationType},
    provisioning_job::{JobSpelling, JobType},
};
use erpmax::domain::{
    access::permissions_of,
    event::{DomainEvent, JobFacts, NotificationFacts, PaymentFacts, Stream},
    realtime::{Cursor, Feed},
};
use serde_json::{Value, json};

use super::{
    NOBODY,
    table::{NO, NONE, OK, WHO},
};
use crate::{
    meta::laws::{Schema, needed},
    support::{
        Actor, Company, TestApp,
        client::text,
        jobs,
        live::{Events, Socket},
        sdl,
    },
};

/// A field, and what becomes of it when anybody asks for it.
struct Row {
    field: &'static str,
    feed: Feed,
    /// What is asked of an event, under the name `word` what makes it known.
    selection: &'static str,
    /// What they get: visitor, somebody who was removed, somebody in no tenant; those in a tenant get what
    /// their role allows.
    expected: [&'static str; 3],
}

const JOB: &str = "subscription($job: ID) { provisioning(jobId: $job) { __typename } }";

const ROWS: &[Row] = &[
    Row {
        field: "notifications",
        feed: Feed::Notifications,
        selection: "notification { word: title message tenantId tenant { id name } }",
        expected: [WHO, NO, OK],
    },
    Row {
        field: "provisioning",
        feed: Feed::Provisioning,
        selection: "... on ProvisioningStatusUpdate { word: message jobId job { tenant { id name } } }",
        expected: [WHO, NO, NO],
    },
    Row {
        field: "billing",
        feed: Feed::Billing,
        selection: "... on PaymentReceived { word: paymentId subscription { plan { name } } }",
        expected: [WHO, NO, NO],
    },
];

impl Row {
    fn document(&self) -> String {
        let Self {
            field, selection, ..
        } = self;
        format!("subscription($after: String) {{ {field}(after: $after) {{ {selection} }} }}")
    }

    /// What happens in a tenant to one of its people, made known by a word.
    fn happening(&self, app: &TestApp, tenant: &str, who: &str, word: &str) -> DomainEvent {
        let tenant_id = TenantId(tenant.parse().expect("an id"));
        let id = app.app.ids.next();
        match self.feed {
            Feed::Notifications => DomainEvent::NotificationCreated {
                notification: NotificationFacts {
                    id: id.into(),
                    user_id: UserId(who.parse().expect("an id")),
                    tenant_id: Some(tenant_id),
                    kind: NotificationKind::MemberLeft,
                    notification_type: NotificationType::Info,
                    title: word.to_owned(),
                    message: word.to_owned(),
                    data: json!({}),
                    created_at: app.app.clock.now(),
                },
            },
            Feed::Provisioning => DomainEvent::JobQueued(JobFacts {
                tenant_id,
                job_id: ProvisioningJobId(id),
                job_type: JobType::Backup,
                spelling: JobSpelling::Instance,
                attempt: 1,
                progress: 0,
                message: word.to_owned(),
                requested_by: None,
            }),
            Feed::Billing => DomainEvent::PaymentReceived(PaymentFacts {
                tenant_id,
                payment_id: word.to_owned(),
                amount_minor: 100,
                currency: "USD".to_owned(),
            }),
        }
    }

    /// The streams of somebody.
    fn stream(&self, tenant: &str, who: &str) -> Stream {
        match self.feed {
            Feed::Notifications => Stream::User(who.parse().expect("an id")),
            Feed::Provisioning | Feed::Billing => Stream::Tenant(tenant.parse().expect("an id")),
        }
    }

    /// What somebody with a role gets.
    fn of_role(&self, role: TenantRole) -> &'static str {
        let held = |permission| permissions_of(role).any(|held| held == permission);
        if self.feed.permission().is_none_or(held) {
            OK
        } else {
            NO
        }
    }
}

#[test]
fn the_table_knows_every_subscription_of_the_schema() {
    let known: BTreeSet<_> = ROWS.iter().map(|row| row.field.to_owned()).collect();
    let offered: BTreeSet<_> = sdl::subscriptions().into_iter().collect();
    assert_eq!(offered, known);
    let schema = Schema::parse(&erpmax::graphql::sdl());
    for row in ROWS {
        let mut edges = schema.edges().filter(|edge| edge.from == "Subscription");
        let edge = edges.find(|edge| edge.field.name.node == row.field);
        let edge = edge.expect("the field");
        let permission = row.feed.permission();
        let permission = permission.map(erpmax::domain::access::Permission::as_str);
        let said = needed(edge.text());
        assert_eq!(said, permission.into_iter().collect::<Vec<_>>());
    }
}

/// Somebody, and what they may hear.
struct Person {
    name: &'static str,
    who: Actor,
    /// Where they are, if anywhere.
    tenant: Option<String>,
    role: Option<TenantRole>,
}

/// Everybody, those first who are in no tenant, in the order of the table.
async fn people(app: &TestApp, acme: &Company<'_>, beta: &Company<'_>) -> Vec<Person> {
    let removed = acme.join("member").await;
    acme.owner.delete(&acme.seat(&removed)).await.expect(200);
    let anew = removed.sign_in().await;
    let nowhere = [
        ("visitor", app.visitor()),
        ("removed", removed),
        ("nowhere", anew),
    ];
    let nowhere = nowhere.map(|(name, who)| Person {
        name,
        who,
        tenant: None,
        role: None,
    });
    let within = [
        ("owner", acme.owner.clone(), &acme.id, TenantRole::Owner),
        (
            "admin",
            acme.join("admin").await,
            &acme.id,
            TenantRole::Admin,
        ),
        (
            "member",
            acme.join("member").await,
            &acme.id,
            TenantRole::Member,
        ),
        (
            "foreign owner",
            beta.owner.clone(),
            &beta.id,
            TenantRole::Owner,
        ),
    ];
    let within = within.map(|(name, who, tenant, role)| Person {
        name,
        who,
        tenant: Some(tenant.clone()),
        role: Some(role),
    });
    nowhere.into_iter().chain(within).collect()
}

/// Somebody who listens over both transports.
struct Listens<'a> {
    person: &'a Person,
    socket: Socket,
    events: Events,
}

/// Asks as somebody; `None` where they are refused as they should be.
async fn ask<'a>(row: &Row, place: usize, person: &'a Person) -> Option<Listens<'a>> {
    let expected = match person.role {
        Some(role) => row.of_role(role),
        None => row.expected[place],
    };
    let label = format!("{} by {}", row.field, person.name);
    let document = row.document();
    let mut events = person.who.events(&document, json!({})).await;
    if expected == OK {
        events.begun().await;
        let mut socket = person.who.online().await;
        socket.subscribe("s", &document, json!({})).await;
        return Some(Listens {
            person,
            socket,
            events,
        });
    }
    let refusal = events.answer().await;
    let code = &refusal["errors"][0]["extensions"]["code"];
    assert_eq!(code, expected, "{label}: {refusal}");
    assert!(!refusal.to_string().contains("Acme"), "{label}: {refusal}");
    events.completed().await;
    if person.name == "removed" {
        // The token says where they are not any more: no socket is opened with it.
        let mut socket = person.who.socket("graphql-transport-ws").await;
        let token = json!({ "token": person.who.access });
        let init = json!({ "type": "connection_init", "payload": token });
        socket.say(&init).await;
        socket.closed(4403).await;
    } else {
        let mut socket = person.who.online().await;
        socket.start("s", &document, json!({})).await;
        assert_eq!(socket.refused("s").await, expected, "{label}");
    }
    None
}

#[tokio::test]
async fn everybody_hears_exactly_what_is_theirs() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    crate::support::db::unlimited(&app, "trial").await;
    let people = people(&app, &acme, &beta).await;
    app.settle().await;
    for row in ROWS {
        let mut listening = Vec::new();
        for (place, person) in people.iter().enumerate() {
            listening.extend(ask(row, place, person).await);
        }
        // First what is not theirs, for most of them; then, for each, something that is.
        let mut unit = app.system().begin().await.unwrap();
        unit.emit(row.happening(&app, &acme.id, &acme.owner.id, "owner"));
        for Listens { person, .. } in &listening {
            let tenant = person.tenant.as_ref().unwrap_or(&beta.id);
            unit.emit(row.happening(&app, tenant, &person.who.id, person.name));
        }
        unit.commit().await.unwrap();
        for Listens {
            person,
            socket,
            events,
        } in &mut listening
        {
            let ours = person.tenant.as_ref() == Some(&acme.id);
            // What happens in a tenant is heard by all who are in it.
            let first = match row.feed {
                Feed::Provisioning | Feed::Billing if ours => "owner",
                _ => person.name,
            };
            for heard in [socket.event("s").await, events.event().await] {
                let label = format!("{} by {}: {heard}", row.field, person.name);
                let heard = &heard[row.field];
                let word = heard
                    .get("word")
                    .or_else(|| heard["notification"].get("word"));
                assert_eq!(word, Some(&json!(first)), "{label}");
                assert!(ours || !heard.to_string().contains(&acme.id), "{label}");
            }
        }
    }
    app.finish().await;
}

/// The whole refusal, but for the request's id, over both transports.
async fn refusals(who: &Actor, document: &str, variables: &Value) -> [Value; 2] {
    let mut socket = who.online().await;
    socket.start("s", document, variables.clone()).await;
    let said = socket.json().await;
    assert_eq!(said["type"], "error", "{said}");
    let mut events = who.events(document, variables.clone()).await;
    let told = events.answer().await;
    events.completed().await;
    [said["payload"][0].clone(), told["errors"][0].clone()].map(|mut error| {
        assert_eq!(error["extensions"]["code"], NONE, "{error}");
        error["extensions"]["requestId"].take();
        error
    })
}

#[tokio::test]
async fn what_is_anothers_is_as_unknown_as_what_never_was() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let job = jobs::ask(&acme, JobType::Create).await.to_string();
    let foreign = refusals(&beta.owner, JOB, &json!({ "job": job })).await;
    let unknown = refusals(&beta.owner, JOB, &json!({ "job": NOBODY })).await;
    assert_eq!(foreign, unknown);
    let place = |stream| json!({ "after": Cursor::of(stream, 0).to_string() });
    for row in ROWS {
        let document = row.document();
        let foreign = row.stream(&acme.id, &acme.owner.id);
        let foreign = refusals(&beta.owner, &document, &place(foreign)).await;
        let unknown = row.stream(NOBODY, NOBODY);
        let unknown = refusals(&beta.owner, &document, &place(unknown)).await;
        assert_eq!(foreign, unknown, "{}", row.field);
    }
    // Somebody who is in both tenants hears of the one that the token names.
    let both = acme.admit(&beta.owner, "admin").await;
    let unknown = refusals(&beta.owner, JOB, &json!({ "job": NOBODY })).await;
    let other = refusals(&beta.owner, JOB, &json!({ "job": job })).await;
    assert_eq!(other, unknown);
    let mut events = both.events(JOB, json!({ "job": job })).await;
    events.begun().await;
    app.settle().await;
    let heard = events.event().await;
    text(&heard, "/provisioning/__typename");
    app.finish().await;
}
