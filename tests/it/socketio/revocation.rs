//! A socket lasts as long as the right to it, on every replica, and not only as long as its token.

use serde_json::json;

use super::{parted, pay};
use crate::support::{Actor, Packet, TestApp, Wire, db};

async fn connected(who: &Actor) -> Wire {
    let mut wire = Wire::open(who).await;
    wire.connect("/ws", who).await;
    wire.event("/ws", "connected").await;
    wire
}

async fn lives(wire: &mut Wire) {
    wire.emit("/ws", json!(["ping"])).await;
    loop {
        match wire.packet("/ws").await {
            Packet::Event(name, None) if name == "pong" => return,
            Packet::Event(..) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn who_signs_out_or_is_removed_is_disconnected_here_and_elsewhere() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let member = acme.join("member").await;
    let admin = acme.join("admin").await;
    let mut of_member = [
        connected(&member).await,
        connected(&replica.moved(&member)).await,
    ];
    let mut of_admin = [
        connected(&admin).await,
        connected(&replica.moved(&admin)).await,
    ];
    let mut of_owner = [
        connected(&acme.owner).await,
        connected(&replica.moved(&acme.owner)).await,
    ];
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    for wire in &mut of_member {
        let why = parted(wire, "/ws").await;
        assert_eq!(why["message"], "You are not in this tenant any more.");
        assert_eq!(why["code"], "FORBIDDEN", "as over GraphQL");
    }
    admin.post("/auth/logout", json!({})).await.expect(200);
    for wire in &mut of_admin {
        let why = parted(wire, "/ws").await;
        assert_eq!(why["message"], "Your session has ended. Sign in again.");
        assert_eq!(why["code"], "UNAUTHENTICATED", "as over GraphQL");
    }
    for wire in &mut of_owner {
        lives(wire).await;
    }
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_socket_outlives_its_token_and_a_change_of_role() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let mut wire = connected(&member).await;
    acme.owner
        .patch(&acme.seat(&member), json!({ "role": "admin" }))
        .await
        .expect(200);
    lives(&mut wire).await;
    app.advance_secs(60 * 60);
    let mut late = Wire::open(&member).await;
    let answer = late
        .ask("/ws", Some(json!({ "token": member.access })))
        .await;
    assert_eq!(answer, Packet::Refused("Invalid token".to_owned()));
    lives(&mut wire).await;
    app.finish().await;
}

#[tokio::test]
async fn a_tenant_that_is_suspended_is_still_told_what_happens() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let mut of_owner = connected(&acme.owner).await;
    let mut of_member = connected(&member).await;
    db::suspend(&app, &acme.id).await;
    let mut new = connected(&acme.owner).await;
    pay(&app, &acme, 0..1).await;
    for wire in [&mut of_owner, &mut of_member, &mut new] {
        let paid = wire.until("/ws", "payment:received").await;
        assert_eq!(paid["payment_id"], "0");
    }
    // What ends a connection ends it there, too.
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    assert_eq!(parted(&mut of_member, "/ws").await["code"], "FORBIDDEN");
    lives(&mut of_owner).await;
    lives(&mut new).await;
    app.finish().await;
}

#[tokio::test]
async fn a_process_that_stops_hangs_up() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut wire = connected(&replica.moved(&acme.owner)).await;
    replica.leave().await;
    wire.closed().await;
    app.finish().await;
}
