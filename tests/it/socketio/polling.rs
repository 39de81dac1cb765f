//! The same without a websocket: long polling, and the upgrade from it.

use serde_json::json;

use super::{hear, pay, poll::Poll};
use crate::support::{Packet, TestApp, Wire};

#[tokio::test]
async fn polling_says_the_same() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    assert_eq!(poll.handshake["upgrades"], json!(["websocket"]));
    assert_eq!(poll.handshake["maxPayload"], 1_000_000);
    let answer = poll.say("42/ws,[\"ping\"]").await;
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap()),
        (200, "ok".to_owned())
    );
    assert_eq!(poll.read().await, ["42/ws,[\"pong\"]"]);
    app.finish().await;
}

#[tokio::test]
async fn an_upgrade_keeps_the_session_and_loses_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    pay(&app, &acme, 0..1).await;
    assert!(poll.read().await[0].contains("payment:received"));
    let mut wire = poll.upgrade().await;
    poll.probe(&mut wire).await;
    pay(&app, &acme, 1..20).await;
    assert_eq!(poll.read().await, ["6"], "nothing goes by the old way");
    wire.say("5").await;
    pay(&app, &acme, 20..40).await;
    hear(&mut wire, "/ws", 1..40).await;
    wire.emit("/ws", json!(["ping"])).await;
    let pong = Packet::Event("pong".to_owned(), None);
    assert_eq!(wire.packet("/ws").await, pong, "the same socket");
    assert_eq!(poll.say("42/ws,[\"ping\"]").await.status(), 400);
    // It goes as any other, though it came by polling.
    acme.owner.post("/auth/logout", json!({})).await.expect(200);
    assert_eq!(
        super::parted(&mut wire, "/ws").await["code"],
        "UNAUTHENTICATED"
    );
    app.finish().await;
}

/// Proxies that know no websockets let them open and then cut them, and the client polls on.
#[tokio::test]
async fn an_upgrade_that_comes_to_nothing_leaves_the_connection_as_it_was() {
    let app = TestApp::with(|config| {
        config.realtime.connect_timeout = std::time::Duration::from_secs(1);
    })
    .await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    let mut paid = 0;
    for (probed, last) in [
        (false, Some("rubbish")),
        (false, Some("5")),
        (false, None),
        (true, Some("rubbish")),
        (true, Some("2probe")),
        (true, None),
    ] {
        for cut in [true, false] {
            let mut wire = poll.upgrade().await;
            if probed {
                poll.probe(&mut wire).await;
            }
            if let Some(last) = last {
                wire.say(last).await;
            }
            if cut {
                drop(wire);
            } else {
                wire.closed().await;
            }
            pay(&app, &acme, paid..paid + 1).await;
            let mut heard = poll.read().await;
            while heard == ["6"] {
                heard = poll.read().await;
            }
            let this = format!("\"payment_id\":\"{paid}\"");
            assert!(heard[0].contains(&this), "{probed} {last:?}: {heard:?}");
            paid += 1;
        }
    }
    poll.say("42/ws,[\"ping\"]").await;
    assert_eq!(poll.read().await, ["42/ws,[\"pong\"]"]);
    let mut wire = poll.moved().await;
    pay(&app, &acme, paid..paid + 3).await;
    hear(&mut wire, "/ws", paid..paid + 3).await;
    app.finish().await;
}

/// What comes right behind the word that the client has moved is not lost, however the bytes come.
#[tokio::test]
async fn what_follows_an_upgrade_at_once_is_heard() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for burst in [1, 30] {
        let (poll, _) = Poll::connected(&acme.owner).await;
        let mut wire = poll.upgrade().await;
        poll.probe(&mut wire).await;
        let mut said = vec!["5".to_owned()];
        said.extend((0..burst).map(|_| "42/ws,[\"ping\"]".to_owned()));
        wire.say_all(&said).await;
        let pong = Packet::Event("pong".to_owned(), None);
        for _ in 0..burst {
            assert_eq!(wire.packet("/ws").await, pong);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let poll = Poll::open(&acme.owner).await;
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let good = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", key),
    ];
    let unknown = "&sid=AAAAAAAAAAAAAAAA".to_owned();
    let polling = format!("&sid={}", poll.sid);
    let cases = [
        ("GET", String::new(), ("upgrade", "foo")),
        ("GET", String::new(), ("sec-websocket-version", "8")),
        ("GET", String::new(), ("sec-websocket-key", "x")),
        ("POST", String::new(), ("upgrade", "websocket")),
        ("GET", polling, ("sec-websocket-version", "8")),
        ("GET", unknown, ("upgrade", "websocket")),
    ];
    for (method, sid, (name, value)) in cases {
        let url = format!(
            "{}/socket.io/?EIO=4&transport=websocket{sid}",
            acme.owner.base
        );
        let mut request = acme.owner.http.request(method.parse().unwrap(), url);
        for (header, usual) in good {
            request = request.header(header, if header == name { value } else { usual });
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400, "{method} {sid} {name}: {value}");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], "INVALID_INPUT", "{body}");
        if sid.contains("AAAA") {
            assert_eq!(body["message"], "Session ID unknown");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_ends_only_its_session() {
    let app = TestApp::with(|config| config.realtime.max_payload = 10_000).await;
    let acme = app.company("Acme").await;
    let mut other = Wire::open(&acme.owner).await;
    other.connect("/ws", &acme.owner).await;
    other.event("/ws", "connected").await;
    let (fellow, _) = Poll::connected(&acme.owner).await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    let large = format!("42/ws,[\"ping\",\"{}\"]", "x".repeat(10_000));
    let answer = poll.say(&large).await;
    assert_eq!(answer.status(), 413);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "PAYLOAD_TOO_LARGE");
    assert!(
        body["detail"].is_string() && body["message"].is_string(),
        "{body}"
    );
    poll.forgotten().await;
    fellow.say("42/ws,[\"ping\"]").await;
    assert_eq!(fellow.read().await, ["42/ws,[\"pong\"]"]);
    other.emit("/ws", json!(["ping"])).await;
    let pong = Packet::Event("pong".to_owned(), None);
    assert_eq!(other.packet("/ws").await, pong);
    app.finish().await;
}
