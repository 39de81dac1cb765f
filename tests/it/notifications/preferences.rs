//! What people want to be told: defaults, choices, and what nobody can switch off.

use serde_json::{Value, json};

use super::{headlines, inbox};
use crate::support::{Actor, Reply, TestApp, assert_code, client::text, db};

const CHOOSE: &str = "mutation($all: [NotificationPreferenceInput!]!) {
    updateNotificationPreferences(input: { preferences: $all }) {
    notificationPreferences { kind channel enabled canChange } } }";

async fn choose(who: &Actor, choices: &[(&str, &str, bool)]) -> Reply {
    let choice = |(kind, channel, enabled): &(&str, &str, bool)| json!({ "kind": kind, "channel": channel, "enabled": enabled });
    let all: Vec<_> = choices.iter().map(choice).collect();
    who.gql(CHOOSE, json!({ "all": all })).await
}

async fn preferences(who: &Actor) -> Vec<Value> {
    let query = "{ notificationPreferences { kind channel enabled canChange } }";
    let reply = who.gql(query, json!({})).await;
    let all = reply.ok()["notificationPreferences"].as_array().unwrap();
    all.clone()
}

fn of(all: &[Value], kind: &str, channel: &str) -> (bool, bool) {
    let found = all
        .iter()
        .find(|one| one["kind"] == kind && one["channel"] == channel)
        .unwrap_or_else(|| panic!("{kind} by {channel}: {all:#?}"));
    (found["enabled"] == true, found["canChange"] == true)
}

#[tokio::test]
async fn there_is_a_default_for_everything() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let all = preferences(&acme.owner).await;
    assert_eq!(all.len(), 20);
    assert_eq!(of(&all, "MEMBER_JOINED", "IN_APP"), (true, true));
    assert_eq!(of(&all, "MEMBER_JOINED", "EMAIL"), (false, true));
    assert_eq!(of(&all, "PROVISIONING_FAILED", "EMAIL"), (true, true));
    assert_eq!(of(&all, "MEMBER_REMOVED", "IN_APP"), (true, false));
    assert_eq!(of(&all, "OWNERSHIP_TRANSFERRED", "EMAIL"), (true, false));
    app.finish().await;
}

#[tokio::test]
async fn what_is_chosen_holds_from_the_next_event_on() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    acme.join("member").await;
    let reply = choose(
        &acme.owner,
        &[
            ("MEMBER_JOINED", "IN_APP", true),
            ("MEMBER_JOINED", "EMAIL", true),
            // The last one counts.
            ("MEMBER_JOINED", "IN_APP", false),
        ],
    )
    .await;
    let told = &reply.ok()["updateNotificationPreferences"]["notificationPreferences"];
    assert_eq!(*told, json!(preferences(&acme.owner).await));
    let told = told.as_array().unwrap();
    assert_eq!(of(told, "MEMBER_JOINED", "IN_APP"), (false, true));
    assert_eq!(of(told, "MEMBER_JOINED", "EMAIL"), (true, true));
    assert_eq!(of(told, "MEMBER_LEFT", "IN_APP"), (true, true));
    assert_eq!(inbox(&acme.owner).await.len(), 1);

    let letters = app.letters_to(&acme.owner.email).await.len();
    let admin = acme.join("admin").await;
    app.settle().await;
    // By letter only, and with what it would say in the inbox.
    assert_eq!(inbox(&acme.owner).await.len(), 1);
    assert_eq!(app.letters_to(&acme.owner.email).await.len(), letters + 1);
    let letter = app.letter_to(&acme.owner.email).await;
    assert_eq!(letter.subject, "New admin joined Acme");
    assert!(letter.text.contains("New admin is now an admin of Acme."));
    // Somebody else's choice is theirs.
    acme.join("member").await;
    assert_eq!(
        headlines(&admin).await,
        ["MEMBER_JOINED: New member joined Acme"]
    );
    // And back.
    choose(&acme.owner, &[("MEMBER_JOINED", "IN_APP", true)])
        .await
        .ok();
    acme.join("member").await;
    assert_eq!(inbox(&acme.owner).await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn what_nobody_may_miss_cannot_be_switched_off() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::counts(&app).await;
    let reply = choose(
        &acme.owner,
        &[
            ("MEMBER_JOINED", "IN_APP", false),
            ("MEMBER_REMOVED", "IN_APP", false),
            ("MEMBER_ADDED", "EMAIL", false),
        ],
    )
    .await;
    assert_code(&reply, "INVALID_INPUT", "ALWAYS_TOLD");
    let fields = reply.json["errors"][0]["extensions"]["fields"].as_array();
    let fields: Vec<_> = fields
        .unwrap()
        .iter()
        .map(|of| text(of, "/field"))
        .collect();
    assert_eq!(fields, ["preferences.1.enabled", "preferences.2.enabled"]);
    // All or nothing.
    assert_eq!(db::counts(&app).await, before);
    let all = preferences(&acme.owner).await;
    assert_eq!(of(&all, "MEMBER_JOINED", "IN_APP"), (true, true));
    // To want it is no mistake.
    choose(&acme.owner, &[("MEMBER_REMOVED", "IN_APP", true)])
        .await
        .ok();
    choose(&acme.owner, &[]).await.ok();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn choices_made_at_once_do_not_meet_halfway() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let kinds = ["MEMBER_JOINED", "MEMBER_LEFT", "PROVISIONING_COMPLETED"];
    let both = |on: bool, reversed: bool| {
        let mut all: Vec<_> = kinds.iter().map(|kind| (*kind, "IN_APP", on)).collect();
        if reversed {
            all.reverse();
        }
        let owner = acme.owner.clone();
        async move { choose(&owner, &all).await.ok().clone() }
    };
    let (a, b, c, d) = tokio::join!(
        both(true, false),
        both(false, true),
        both(true, true),
        both(false, false)
    );
    drop((a, b, c, d));
    let all = preferences(&acme.owner).await;
    let now: Vec<_> = kinds
        .iter()
        .map(|kind| of(&all, kind, "IN_APP").0)
        .collect();
    assert!(now.iter().all(|on| *on == now[0]), "{now:?}");
    app.finish().await;
}
