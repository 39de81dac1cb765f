//! Reading: one's own notifications, page by page, and marking them.

use erpmax::domain::{
    cx::{Cx, RequestInfo},
    notifications,
};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{inbox, unread};
use crate::support::{Actor, Company, Reply, TestApp, assert_code, assert_same, client::text, db};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

/// A company whose owner has so many notifications, a minute apart.
async fn with_news(app: &TestApp, news: usize) -> Company<'_> {
    db::unlimited(app, "trial").await;
    let acme = app.company("Acme").await;
    for _ in 0..news {
        app.advance_secs(60);
        acme.join("member").await;
    }
    acme
}

async fn mark(who: &Actor, id: &str) -> Reply {
    let query = "mutation($id: ID!) { markNotificationRead(input: { notificationId: $id }) {
        notification { id readAt } viewer { unreadNotificationCount } } }";
    who.gql(query, json!({ "id": id })).await
}

async fn mark_all(who: &Actor, up_to: Value) -> Reply {
    let query = "mutation($upTo: ID) { markAllNotificationsRead(input: { upTo: $upTo }) {
        markedCount viewer { unreadNotificationCount } } }";
    who.gql(query, json!({ "upTo": up_to })).await
}

/// The events that tell what somebody has read.
async fn read_events(app: &TestApp, who: &Actor) -> Vec<Value> {
    let stream = format!("user:{}", who.id);
    let events = db::events(app).await.into_iter();
    let read = events.filter(|event| event.0 == stream && event.1 == "notifications_read");
    read.map(|event| event.2["notification_ids"].clone())
        .collect()
}

#[tokio::test]
async fn the_list_is_paged_newest_first() {
    let app = TestApp::new().await;
    let acme = with_news(&app, 5).await;
    let all: Vec<_> = inbox(&acme.owner).await;
    let mut newest_first: Vec<_> = all.iter().map(|node| text(node, "/id")).collect();
    newest_first.reverse();
    let query = "query($after: String, $unread: Boolean) { viewer {
        notifications(first: 2, after: $after, unreadOnly: $unread) {
        totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }";
    for unread_only in [Value::Null, json!(false), json!(true)] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "after": after, "unread": unread_only });
            let reply = acme.owner.gql(query, variables).await;
            let page = reply.ok()["viewer"]["notifications"].clone();
            assert_eq!(page["totalCount"], 5);
            let nodes = page["nodes"].as_array().unwrap();
            seen.extend(nodes.iter().map(|node| text(node, "/id")));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            // What comes meanwhile moves no page.
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(seen, newest_first, "{unread_only}");
    }
    mark(&acme.owner, &newest_first[1]).await.ok();
    let reply = acme.owner.gql(query, json!({ "unread": true })).await;
    let page = &reply.ok()["viewer"]["notifications"];
    assert_eq!(page["totalCount"], 4);
    assert_eq!(page["nodes"][1]["id"], json!(newest_first[2]));
    app.finish().await;
}

#[tokio::test]
async fn one_is_read_once_however_often_it_is_said() {
    let app = TestApp::new().await;
    let acme = with_news(&app, 2).await;
    assert_eq!(unread(&acme.owner).await, 2);
    let id = text(&inbox(&acme.owner).await[0], "/id");
    let noon = app.app.clock.now();
    for _ in 0..3 {
        let reply = mark(&acme.owner, &id).await;
        let told = &reply.ok()["markNotificationRead"];
        assert_eq!(told["notification"]["id"], json!(id));
        let read_at = text(told, "/notification/readAt");
        assert_eq!(read_at.parse().ok(), Some(noon));
        assert_eq!(told["viewer"]["unreadNotificationCount"], 1);
        app.advance_secs(1);
    }
    assert_eq!(read_events(&app, &acme.owner).await, [json!([id])]);
    // As Socket.IO asks for it.
    let cx = cx_of(&app, &acme.owner);
    let id = id.parse().unwrap();
    assert_eq!(notifications::mark_read(&cx, id).await.unwrap(), id);
    assert_eq!(read_events(&app, &acme.owner).await.len(), 1);
    app.finish().await;
}

fn cx_of(app: &TestApp, who: &Actor) -> Cx {
    let request = RequestInfo {
        bearer: who.access.clone(),
        ..RequestInfo::default()
    };
    Cx::request(app.app.clone(), request)
}

#[tokio::test]
async fn anothers_are_as_unknown_as_none() {
    let app = TestApp::new().await;
    let acme = with_news(&app, 1).await;
    let admin = acme.join("admin").await;
    let beta = app.company("Beta").await;
    let own = text(&inbox(&acme.owner).await[0], "/id");
    let before = db::counts(&app).await;
    for stranger in [&admin, &beta.owner] {
        assert_eq!(inbox(stranger).await, Vec::<Value>::new());
        let foreign = mark(stranger, &own).await;
        assert_eq!(foreign.failure().code, "NOT_FOUND");
        assert_same(&foreign, &mark(stranger, NOBODY).await);
        let foreign = mark_all(stranger, json!(own)).await;
        assert_eq!(foreign.failure().code, "NOT_FOUND");
        assert_same(&foreign, &mark_all(stranger, json!(NOBODY)).await);
        let id = own.parse().unwrap();
        let refused = notifications::mark_read(&cx_of(&app, stranger), id).await;
        assert_eq!(refused.unwrap_err().message(), "Notification not found");
    }
    assert_code(
        &mark(&acme.owner, "no-id").await,
        "INVALID_INPUT",
        "INVALID_ID",
    );
    assert_eq!(db::counts(&app).await, before);
    assert_eq!(unread(&acme.owner).await, 2);
    app.finish().await;
}

#[tokio::test]
async fn all_are_read_up_to_what_was_seen() {
    let app = TestApp::new().await;
    let acme = with_news(&app, 4).await;
    let ids: Vec<_> = inbox(&acme.owner).await;
    let ids: Vec<_> = ids.iter().map(|node| text(node, "/id")).collect();
    mark(&acme.owner, &ids[0]).await.ok();
    let reply = mark_all(&acme.owner, json!(ids[2])).await;
    let told = &reply.ok()["markAllNotificationsRead"];
    assert_eq!(told["markedCount"], 2);
    assert_eq!(told["viewer"]["unreadNotificationCount"], 1);
    let reply = mark_all(&acme.owner, Value::Null).await;
    assert_eq!(reply.ok()["markAllNotificationsRead"]["markedCount"], 1);
    let reply = mark_all(&acme.owner, Value::Null).await;
    assert_eq!(reply.ok()["markAllNotificationsRead"]["markedCount"], 0);
    let heard = [json!([ids[0]]), json!([ids[1], ids[2]]), json!([ids[3]])];
    assert_eq!(read_events(&app, &acme.owner).await, heard);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_read_at_once_are_one() {
    let app = TestApp::new().await;
    let acme = with_news(&app, 6).await;
    let ids: Vec<_> = inbox(&acme.owner).await;
    let ids: Vec<_> = ids.iter().map(|node| text(node, "/id")).collect();
    let same = (0..8).map(|_| mark(&acme.owner, &ids[0]));
    for reply in join_all(same).await {
        reply.ok();
    }
    assert_eq!(read_events(&app, &acme.owner).await, [json!([ids[0]])]);
    let each = ids.iter().map(|id| mark(&acme.owner, id));
    let all = (0..4).map(|_| mark_all(&acme.owner, Value::Null));
    let (each, all) = tokio::join!(join_all(each), join_all(all));
    for reply in each.iter().chain(&all) {
        reply.ok();
    }
    // Whoever was first: each is told once.
    let mut told: Vec<String> = Vec::new();
    for event in read_events(&app, &acme.owner).await {
        let ids = event.as_array().unwrap().iter();
        told.extend(ids.map(|id| id.as_str().unwrap().to_owned()));
    }
    told.sort_unstable();
    assert_eq!(told, ids);
    assert_eq!(unread(&acme.owner).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn an_inbox_ends_with_its_owner_and_outlives_the_tenant() {
    let app = TestApp::new().await;
    let acme = with_news(&app, 2).await;
    let beta = app.company("Beta").await;
    acme.admit(&beta.owner, "member").await;
    db::delete_tenant(&app, &acme.id).await;
    let [told] = inbox(&beta.owner).await.try_into().unwrap();
    assert_eq!(told["title"], "You are now in Acme");
    assert_eq!(
        (&told["tenantId"], &told["tenant"]),
        (&Value::Null, &Value::Null)
    );
    let before = db::counts(&app).await.notifications;
    db::delete_user(&app, &acme.owner.id).await;
    assert_eq!(db::counts(&app).await.notifications, before - 2);
    app.finish().await;
}
