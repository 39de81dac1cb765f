//! Socket.IO and GraphQL tell the same: every kind of event there is, heard at both doors and compared
//! word by word. A kind, an event or a field without its place in the table fails the build.

mod ears;
mod mapping;
mod story;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use entity::event;
use erpmax::domain::{
    event::{DomainEvent, Stream},
    moment,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Company, TestApp, client::text, db, sdl, snapshot};
use ears::{Ear, FEEDS, One};
use table::{KINDS, MIRRORS, Mirror};

/// The kinds of events, as the definition itself names them to whoever brings one that is none.
fn kinds() -> BTreeSet<String> {
    let none = serde_json::from_value::<DomainEvent>(json!({ "kind": "none" }));
    let said = none.expect_err("it is none").to_string();
    let (_, kinds) = said.split_once("expected one of").expect("the kinds");
    let quoted = kinds.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

#[test]
fn every_kind_of_event_has_its_row() {
    let known: BTreeSet<_> = KINDS.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    assert_eq!(kinds(), known);
    assert_eq!(known.len(), KINDS.len(), "a kind has two rows");
    let told: BTreeSet<_> = KINDS.iter().filter_map(|(_, told)| *told).collect();
    let mirrored = MIRRORS.iter().map(|mirror| mirror.event);
    // What a job says while it runs is no event.
    let mirrored: BTreeSet<_> = mirrored.filter(|event| *event != "status:log").collect();
    assert_eq!(told, mirrored);
}

/// The fields of an event over GraphQL, and those of what belongs to it alone.
fn fields(of: &str) -> Vec<String> {
    const PARTS: &[&str] = &["Notification", "LogLine", "Money"];
    let mut paths = Vec::new();
    for (name, to) in sdl::fields(of) {
        if PARTS.contains(&to.as_str()) {
            let inside = fields(&to);
            paths.extend(inside.iter().map(|below| format!("{name}.{below}")));
        } else {
            paths.push(name);
        }
    }
    paths
}

#[test]
fn every_field_is_said_at_both_doors_or_has_its_reason() {
    let mut members: BTreeSet<_> = ["ProvisioningEvent", "BillingEvent"]
        .into_iter()
        .flat_map(sdl::members)
        .collect();
    members.insert("NotificationEvent".to_owned());
    let known: BTreeSet<_> = MIRRORS.iter().map(|of| of.member.to_owned()).collect();
    assert_eq!(members, known);
    for mirror in MIRRORS {
        let shared = mapping::shared(mirror);
        let is =
            |path: &str, field: &String| path == field || path.starts_with(&format!("{field}."));
        for field in fields(mirror.member) {
            let said = shared.iter().any(|path| is(path, &field));
            let alone = mirror.alone.iter().any(|(path, _)| is(path, &field));
            assert!(
                said || alone,
                "{}: only GraphQL says {field}",
                mirror.member
            );
        }
        for (path, why) in mirror.alone {
            assert!(!shared.iter().any(|said| said == path), "{path}: {why}");
        }
    }
}

#[test]
fn every_key_is_in_the_document() {
    let page = snapshot::read("docs/REALTIME.md");
    for mirror in MIRRORS {
        let name = format!("`{}`", mirror.event);
        let row = page
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&name));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        // The first keys are those of all events.
        for (key, _) in mirror.keys.iter().skip(1).copied().flatten() {
            assert!(row.contains(&format!("`{key}`")), "{name} without {key}");
        }
    }
}

/// What is in the log of what somebody can hear, and how it is told.
struct Log(Vec<(event::Model, Option<&'static Mirror>)>);

impl Log {
    /// Reads what came after a cursor.
    async fn read(app: &TestApp, streams: &[Stream], after: &str) -> Self {
        let mut rows = Vec::new();
        for stream in streams {
            let after = mapping::seq_in(after, *stream).expect("a place");
            let theirs = event::Entity::find()
                .filter(event::Column::Stream.eq(stream.to_string()))
                .filter(event::Column::Seq.gt(after))
                .order_by_asc(event::Column::Seq);
            rows.extend(theirs.all(&app.app.db).await.unwrap());
        }
        let told = |kind: &str| {
            let row = KINDS.iter().find(|(known, _)| *known == kind);
            row.and_then(|(_, told)| *told).map(mapping::named)
        };
        let rows = rows.into_iter().map(|row| {
            let told = told(&row.kind);
            (row, told)
        });
        Self(rows.collect())
    }

    fn kinds(&self) -> BTreeSet<&str> {
        self.0.iter().map(|(row, _)| row.kind.as_str()).collect()
    }

    /// What is told in a feed.
    fn told(&self, feed: &str) -> Vec<(&'static str, i64, String)> {
        let rows = self.0.iter().filter_map(|(row, told)| {
            let mirror = told.filter(|mirror| mirror.feed == feed)?;
            Some((mirror.event, row.seq, moment::write(row.occurred_at)))
        });
        rows.collect()
    }

    /// Hears until the last of all that is told there.
    async fn hear_all(&self, ear: &mut Ear) {
        let feeds = FEEDS.iter().filter(|feed| ear.hears(feed));
        let mut left: BTreeMap<_, _> = feeds
            .map(|feed| {
                let (event, seq, _) = self.told(feed).pop().expect("something is told");
                (*feed, (event, seq))
            })
            .collect();
        let is_over = |one: &One| {
            if left.get(one.feed) == Some(&(one.event, one.seq)) {
                left.remove(one.feed);
            }
            left.is_empty()
        };
        ear.until(is_over).await;
    }

    /// Of what was heard in a feed, that which is in the log: the rest is told in passing.
    fn lasting(&self, heard: &[One], feed: &str) -> Vec<One> {
        let mut told = self.told(feed).into_iter().peekable();
        let heard = heard.iter().filter(|one| one.feed == feed);
        let lasts = heard.filter(|one| {
            told.next_if(|(event, seq, _)| (*event, *seq) == (one.event, one.seq))
                .is_some()
        });
        let lasting: Vec<_> = lasts.cloned().collect();
        assert_eq!(told.next(), None, "not heard in {feed}");
        lasting
    }
}

/// What a namespace said is what GraphQL said, in the other's words.
fn same(ear: &Ear, graphql: &[One], streams: &[Stream], tenant: &str) {
    let namespace = ear.namespace().expect("a namespace");
    for feed in FEEDS.into_iter().filter(|feed| ear.hears(feed)) {
        let stream = streams[usize::from(feed != "notifications")];
        let of = |heard: &[One]| -> Vec<One> {
            let heard = heard.iter().filter(|one| one.feed == feed);
            heard.cloned().collect()
        };
        let (theirs, ours) = (of(graphql), of(&ear.heard));
        let names =
            |heard: &[One]| -> Vec<_> { heard.iter().map(|one| (one.event, one.seq)).collect() };
        assert_eq!(names(&ours), names(&theirs), "{namespace} {feed}");
        for (theirs, mut ours) in theirs.into_iter().zip(ours) {
            let cursor = text(&ours.said, "/cursor");
            assert_eq!(mapping::seq_in(&cursor, stream), Some(ours.seq));
            if ears::is_main(namespace) {
                // It names the other stream, too.
                ours.said["cursor"] = theirs.said["cursor"].clone();
            }
            let made = mapping::payload(&theirs.said, tenant);
            assert_eq!(made, ours.said, "{namespace} {}", ours.event);
        }
    }
}

/// Every key of every event has said something: where all is zero or null, nothing is compared.
fn telling(heard: &[One]) {
    let empty = [
        json!(null),
        json!(false),
        json!(0),
        json!(""),
        json!([]),
        json!({}),
    ];
    for mirror in MIRRORS {
        for (key, _) in mirror.keys.iter().copied().flatten() {
            let mut said = heard.iter().filter(|one| one.event == mirror.event);
            let says = said.any(|one| !empty.contains(&one.said[key]));
            assert!(says, "{} has no {key} worth comparing", mirror.event);
        }
    }
}

fn streams(company: &Company<'_>) -> [Stream; 2] {
    [
        Stream::User(company.owner.id.parse().expect("an id")),
        Stream::Tenant(company.id.parse().expect("an id")),
    ]
}

#[tokio::test]
async fn both_doors_tell_the_same() {
    let (app, stage) = TestApp::staged().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    app.settle().await;
    let streams = streams(&acme);
    let start = ears::place(&acme.owner).await;
    let mut live = ears::listen(&acme.owner, None).await;
    story::everything(&app, &stage, &acme, &mut live).await;

    let log = Log::read(&app, &streams, &start).await;
    let every: BTreeSet<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(log.kinds(), every, "something did not happen");
    let mut later = ears::listen(&acme.owner, Some(&start)).await;
    for ear in live.iter_mut().chain(&mut later) {
        log.hear_all(ear).await;
    }
    for ears in [&live, &later] {
        let (graphql, namespaces) = ears.split_first().expect("GraphQL");
        for ear in namespaces {
            same(ear, &graphql.heard, &streams, &acme.id);
        }
    }
    for feed in FEEDS {
        let told = log.told(feed);
        let heard = log.lasting(&live[0].heard, feed);
        let moments = heard.iter().map(|one| {
            let at: &Value = &one.said["occurredAt"];
            (
                one.event,
                one.seq,
                at.as_str().expect("a moment").to_owned(),
            )
        });
        assert_eq!(moments.collect::<Vec<_>>(), told);
        // Who comes back hears what was then, and not what became of it.
        assert_eq!(log.lasting(&later[0].heard, feed), heard, "{feed}");
    }
    let main = live.iter().find(|ear| ear.namespace() == Some("/"));
    telling(&main.expect("it").heard);
    let words: BTreeSet<_> = live[0].heard.iter().map(|one| one.event).collect();
    let all: BTreeSet<_> = MIRRORS.iter().map(|mirror| mirror.event).collect();
    assert_eq!(words, all, "something was not heard");
    app.finish().await;
}
