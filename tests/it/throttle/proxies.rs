//! Clients behind proxies: each has its own limits, and nobody chooses whose.

use entity::{audit_entry, session};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const EMAIL: &str = "somebody@example.com";

async fn app_behind_proxies() -> TestApp {
    TestApp::with(|config| {
        as_printed(config);
        behind_proxies(config);
    })
    .await
}

#[tokio::test]
async fn what_a_stranger_says_of_itself_has_no_effect() {
    let app = TestApp::with(as_printed).await;
    let visitor = app.visitor();
    for n in 0..10 {
        let spoofing = [
            at(&visitor, &format!("192.0.2.{n}")),
            saying(&visitor, FORWARDED, &format!("for=192.0.2.{n}")),
        ];
        let reply = guess(&spoofing[n % 2], EMAIL).await;
        assert_eq!(reply.failure().code, "UNAUTHENTICATED", "{reply}");
    }
    for spoofing in [
        at(&visitor, "192.0.2.99"),
        saying(&visitor, FORWARDED, "for=192.0.2.99"),
        visitor,
    ] {
        assert_eq!(guess(&spoofing, EMAIL).await.failure().code, "RATE_LIMITED");
    }
    app.finish().await;
}

#[tokio::test]
async fn through_a_proxy_each_client_has_its_own_limit() {
    let app = app_behind_proxies().await;
    let visitor = app.visitor();
    assert_eq!(exhaust(&at(&visitor, "192.0.2.1"), EMAIL).await, 10);
    assert_eq!(exhaust(&at(&visitor, "192.0.2.2"), EMAIL).await, 10);
    // The same client by other ways: more hops, the other header, what it wrote itself.
    for list in [
        "192.0.2.1, 10.0.0.2",
        "198.51.100.1, 192.0.2.1, 10.0.0.3, 10.0.0.2",
        "::ffff:192.0.2.1",
        "192.0.2.1:4711",
    ] {
        let reply = guess(&at(&visitor, list), EMAIL).await;
        assert_eq!(reply.failure().code, "RATE_LIMITED", "{list}: {reply}");
    }
    for list in [
        "for=192.0.2.1",
        "for=198.51.100.1, for=\"192.0.2.1:80\";proto=https, for=10.0.0.2",
    ] {
        let reply = guess(&saying(&visitor, FORWARDED, list), EMAIL).await;
        assert_eq!(reply.failure().code, "RATE_LIMITED", "{list}: {reply}");
    }
    // What is no address counts for the last proxy before it.
    assert_eq!(
        exhaust(&at(&visitor, "192.0.2.1, unknown, 10.0.0.2"), EMAIL).await,
        10
    );
    assert_eq!(exhaust(&at(&visitor, "10.0.0.2"), EMAIL).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn the_clients_address_is_what_is_written_down() {
    let app = app_behind_proxies().await;
    let acme = app.company("Acme").await;
    at(&acme.owner, "198.51.100.1, 192.0.2.7, 10.0.0.2")
        .sign_in()
        .await;
    let db = &app.app.db;
    let newest = session::Entity::find()
        .order_by_desc(session::Column::Id)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(newest.ip_address.as_deref(), Some("192.0.2.7"));
    let audited = audit_entry::Entity::find()
        .filter(audit_entry::Column::IpAddress.eq("192.0.2.7"))
        .all(db)
        .await
        .unwrap();
    assert_eq!(audited.len(), 1, "the sign-in");
    app.finish().await;
}

#[tokio::test]
async fn a_trusted_proxy_may_have_any_number_of_connections() {
    let app = TestApp::with(|config| {
        behind_proxies(config);
        config.connections.max_per_address = 1;
    })
    .await;
    let address = app.visitor().base.replace("http://", "");
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let ask = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
        stream.write_all(ask).await.unwrap();
        let mut byte = [0; 1];
        stream.read_exact(&mut byte).await.expect("an answer");
        open.push(stream);
    }
    drop(open);
    app.finish().await;
}
