//! What is forgotten: what was read long ago, and what is more than a person keeps.

use std::time::Duration;

use serde_json::json;

use super::{inbox, unread};
use crate::support::{TestApp, client::text, db};

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn what_was_read_long_ago_is_forgotten_and_what_was_not_is_kept() {
    let app = TestApp::with(|config| {
        config.notifications.retention = Duration::from_secs(30 * DAY);
        config.worker.sweep_batch = 2;
    })
    .await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    for _ in 0..6 {
        acme.join("member").await;
    }
    let ids: Vec<_> = inbox(&acme.owner).await;
    let ids: Vec<_> = ids.iter().map(|node| text(node, "/id")).collect();
    let up_to = "mutation($id: ID!) { markAllNotificationsRead(input: { upTo: $id }) {
        markedCount } }";
    acme.owner.gql(up_to, json!({ "id": ids[4] })).await.ok();
    app.advance_secs(30 * DAY - 1);
    app.sweep().await;
    let owner = acme.owner.sign_in().await;
    assert_eq!(inbox(&owner).await.len(), 6);
    app.advance_secs(1);
    app.sweep().await;
    let owner = owner.sign_in().await;
    let left = inbox(&owner).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["id"], json!(ids[5]));
    assert_eq!(unread(&owner).await, 1);
    assert_eq!(app.sweep().await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_person_keeps_the_newest_only() {
    let app = TestApp::with(|config| {
        config.notifications.most = 4;
        config.worker.sweep_batch = 2;
    })
    .await;
    db::unlimited(&app, "trial").await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    for _ in 0..9 {
        acme.join("member").await;
    }
    for _ in 0..4 {
        beta.join("member").await;
    }
    let newest = inbox(&acme.owner).await.split_off(5);
    assert_eq!(app.sweep().await, 5);
    assert_eq!(inbox(&acme.owner).await, newest);
    assert_eq!(inbox(&beta.owner).await.len(), 4);
    assert_eq!(app.sweep().await, 0);
    app.finish().await;
}
