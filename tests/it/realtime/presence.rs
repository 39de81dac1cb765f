//! A live connection ends when the right to it does, on every replica, and not before (ruling 27).

use std::time::Duration;

use erpmax::domain::{
    cx::Cx,
    event::Stream,
    realtime::{Ended, Feed, Presence},
};
use serde_json::json;

use super::{PATIENCE, cx, hear, listen};
use crate::support::{Actor, TestApp, stage::until};

async fn enter(app: &TestApp, who: &Actor) -> Presence {
    let presence = Presence::begin(&cx(app, who)).await.unwrap();
    for feed in Feed::ALL {
        presence.enter(*feed).await.unwrap();
    }
    presence
}

async fn end(presence: &Presence) -> Ended {
    let ended = tokio::time::timeout(PATIENCE, presence.ended()).await;
    ended.expect("the connection ends")
}

async fn stays(presence: &Presence) {
    assert!(futures::poll!(Box::pin(presence.ended())).is_pending());
}

#[tokio::test]
async fn it_ends_with_session_and_membership_here_and_elsewhere() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let admin = acme.join("admin").await;
    let replica = app.replica().await;
    let of_member = [enter(&app, &member).await, enter(&replica, &member).await];
    let of_admin = [enter(&app, &admin).await, enter(&replica, &admin).await];
    let of_owner = [
        enter(&app, &acme.owner).await,
        enter(&replica, &acme.owner).await,
    ];

    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    for presence in &of_member {
        assert_eq!(end(presence).await, Ended::Removed);
    }
    admin.post("/auth/logout", json!({})).await.expect(200);
    for presence in &of_admin {
        assert_eq!(end(presence).await, Ended::SignedOut);
    }
    for presence in &of_owner {
        stays(presence).await;
    }
    drop((of_member, of_admin, of_owner));
    // What ended a connection is what refuses the next one.
    for (app, who, ended) in [
        (&app, &member, Ended::Removed),
        (&replica, &member, Ended::Removed),
        (&app, &admin, Ended::SignedOut),
    ] {
        let refused = Presence::begin(&cx(app, who)).await.unwrap_err();
        assert_eq!(refused.code(), ended.refusal().code());
    }
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn it_goes_on_with_the_new_role() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let replica = app.replica().await;
    let presence = enter(&replica, &member).await;
    let role = async |cx: Cx| {
        cx.identity()
            .await
            .unwrap()
            .membership
            .clone()
            .unwrap()
            .role
    };
    assert_eq!(format!("{:?}", role(presence.cx()).await), "Member");
    acme.owner
        .patch(&acme.seat(&member), json!({ "role": "admin" }))
        .await
        .expect(200);
    let changed = async {
        while format!("{:?}", role(presence.cx()).await) != "Admin" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, changed)
        .await
        .expect("the role is seen");
    stays(&presence).await;
    drop(presence);
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_was_overtaken_is_not_believed() {
    let app = TestApp::with(|config| config.realtime.poll = Duration::from_hours(1)).await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let presence = enter(&app, &member).await;
    let role = |presence: &Presence| presence.role().map(|role| format!("{role:?}"));
    let mut slow = Box::pin(presence.ask());
    let asked = app.app.metrics.sql.count();
    assert!(futures::poll!(&mut slow).is_pending());
    until("the database has answered", async || {
        app.app.metrics.sql.count() > asked
    })
    .await;
    acme.owner
        .patch(&acme.seat(&member), json!({ "role": "admin" }))
        .await
        .expect(200);
    let changed = async || role(&presence).as_deref() == Some("Admin");
    until("the new role is heard of", changed).await;
    // Only now its answer is looked at, which is older.
    slow.await.unwrap();
    assert_eq!(role(&presence).as_deref(), Some("Admin"));
    drop(presence);
    app.finish().await;
}

#[tokio::test]
async fn it_outlives_its_token_and_not_its_session() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let presence = enter(&app, &acme.owner).await;
    app.advance(Duration::from_hours(1));
    assert!(
        Presence::begin(&cx(&app, &acme.owner)).await.is_err(),
        "the token is over"
    );
    let known = presence.cx().identity().await.unwrap().user.id;
    assert_eq!(known.to_string(), acme.owner.id);
    stays(&presence).await;
    app.advance(Duration::from_hours(24 * 8));
    assert_eq!(end(&presence).await, Ended::SignedOut);
    drop(presence);
    app.finish().await;
}

#[tokio::test]
async fn there_are_only_so_many() {
    let app = TestApp::with(|config| {
        config.realtime.connections = 3;
        config.realtime.connections_per_user = 2;
    })
    .await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let code = async |who: &Actor| {
        let refused = Presence::begin(&cx(&app, who)).await;
        refused.unwrap_err().code().as_str()
    };
    let first = enter(&app, &acme.owner).await;
    let second = enter(&app, &acme.owner).await;
    assert_eq!(code(&acme.owner).await, "RATE_LIMITED");
    let third = enter(&app, &member).await;
    drop(first);
    let fourth = enter(&app, &acme.owner).await;
    assert_eq!(code(&member).await, "RATE_LIMITED", "no room for anybody");
    drop((second, third, fourth));
    drop(enter(&app, &member).await);
    app.finish().await;
}

#[tokio::test]
async fn who_comes_by_what_was_true_a_moment_ago_is_found_out() {
    let app = TestApp::with(|config| config.realtime.poll = Duration::from_millis(50)).await;
    let acme = app.company("Acme").await;
    let home = app.company("Home").await;
    let seat = acme.admit(&home.owner, "member").await;
    // Somebody else of theirs is here already, and how their stream stands is known.
    let at_home = enter(&app, &home.owner).await;
    let own = Stream::User(home.owner.id.parse().unwrap());
    let mut stream = listen(&app, own, None).await;
    let looks = app.app.metrics.sql.count() + 5;
    until("the stream is looked at", async || {
        app.app.metrics.sql.count() >= looks
    })
    .await;
    let stale = cx(&app, &seat);
    stale.identity().await.unwrap();
    acme.owner.delete(&acme.seat(&seat)).await.expect(200);
    // Whoever was there before was looked at when this was heard.
    while hear(&mut stream).await.told.is_none() {}
    let late = Presence::begin(&stale).await.unwrap();
    assert_eq!(end(&late).await, Ended::Removed);
    stays(&at_home).await;
    drop((late, at_home));
    app.finish().await;
}
