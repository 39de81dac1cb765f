//! Where one goes on: what was missed comes first, each thing once and in order, and no cursor tells
//! anything of anybody else.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use erpmax::domain::{event::Stream, realtime::Cursor};
use serde_json::json;

use super::{PAID, cursor, paid, pay, tenant};
use crate::support::TestApp;

#[tokio::test]
async fn what_was_missed_comes_first_and_once_while_more_happens() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    pay(&app, &acme, "0").await;
    let first = cursor(&socket.event("s").await, "billing");
    for n in 1..150 {
        pay(&app, &acme, &n.to_string()).await;
    }
    // Comes back while it goes on, with the group that is there already, over each transport.
    let mut again = acme.owner.online().await;
    again.start("s", PAID, json!({ "after": first })).await;
    let mut events = acme.owner.events(PAID, json!({ "after": first })).await;
    for n in 150..200 {
        pay(&app, &acme, &n.to_string()).await;
    }
    for n in 1..200 {
        assert_eq!(paid(&socket.event("s").await), n.to_string());
        assert_eq!(paid(&again.event("s").await), n.to_string());
        assert_eq!(paid(&events.event().await), n.to_string());
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_cursor_of_ones_own_is_refused() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let mut socket = acme.owner.online().await;
    let user = acme.owner.id.parse().unwrap();
    let foreign = Cursor::of(Stream::Tenant(tenant(&beta)), 0).to_string();
    let unknown = Cursor::of(Stream::Tenant(uuid::Uuid::nil().into()), 0).to_string();
    let of_user = Cursor::of(Stream::User(user), 0).to_string();
    let future = Cursor::of(Stream::Tenant(tenant(&acme)), 1_000_000).to_string();
    for (expected, after) in [
        ("INVALID_INPUT", "garbage".to_owned()),
        ("INVALID_INPUT", String::new()),
        ("INVALID_INPUT", URL_SAFE_NO_PAD.encode([9_u8; 40])),
        ("INVALID_INPUT", future),
        ("INVALID_INPUT", of_user),
        ("NOT_FOUND", foreign),
        ("NOT_FOUND", unknown),
    ] {
        socket.start("s", PAID, json!({ "after": after })).await;
        assert_eq!(socket.refused("s").await, expected, "{after}");
        let mut events = acme.owner.events(PAID, json!({ "after": after })).await;
        assert_eq!(events.refused().await, expected, "{after}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_that_is_too_old_is_told_to_load_anew() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    pay(&app, &acme, "old").await;
    let old = cursor(&socket.event("s").await, "billing");
    pay(&app, &acme, "older than the retention").await;
    app.advance(Duration::from_hours(24 * 8));
    app.sweep().await;
    let owner = acme.owner.sign_in().await;
    let mut socket = owner.online().await;
    socket.start("s", PAID, json!({ "after": old })).await;
    assert_eq!(socket.refused("s").await, "RESYNC");
    let mut events = owner.events(PAID, json!({ "after": old })).await;
    assert_eq!(events.refused().await, "RESYNC");
    app.finish().await;
}

#[tokio::test]
async fn who_has_missed_too_much_is_told_to_load_anew() {
    let app = TestApp::with(|config| config.realtime.replay_max = 3).await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    pay(&app, &acme, "first").await;
    let first = cursor(&socket.event("s").await, "billing");
    for n in 0..4 {
        pay(&app, &acme, &n.to_string()).await;
    }
    socket.say(&json!({ "id": "s", "type": "complete" })).await;
    let mut socket = acme.owner.online().await;
    socket.start("s", PAID, json!({ "after": first })).await;
    assert_eq!(socket.refused("s").await, "RESYNC");
    app.finish().await;
}
