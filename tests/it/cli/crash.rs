//! A server that is killed in the middle of work.

use std::time::Duration;

use entity::{audit_entry, invitation};
use futures::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::support::{
    Actor, Door, PASSWORD,
    client::text,
    ops::{self, Call},
    process::{Place, Signal},
};

/// Requests are in every state when the process dies: not begun, half done, done without a reply.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_of_a_killed_server_are_repeated_without_a_second_effect() {
    const REQUESTS: u64 = 20;
    let place = Place::new().await;
    let server = place.serve().await;
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD, "full_name": "Ann", "company_name": "A",
    });
    let reply = server.visitor().post("/auth/register", body).await;
    let tenant = text(reply.expect(201), "/current_tenant/id");
    let ann = server.visitor().with_tokens(reply.expect(201));
    let invites: Vec<Call> = (0..REQUESTS)
        .map(|n| ops::invite_member(&tenant, json!({ "email": format!("n{n}@example.com") })))
        .collect();

    // Whether a reply comes is not looked at.
    let flood = join_all((0..REQUESTS).map(|n| {
        let url = format!("{}/api/v1/tenants/{tenant}/users/invite", ann.base);
        let request = ann
            .http
            .post(url)
            .header("Idempotency-Key", format!("k{n}"));
        let body = json!({ "email": format!("n{n}@example.com") });
        ann.signed(request.json(&body)).send()
    }));
    let db = place.storage.connect().await;
    let kill = async {
        let mut interval = tokio::time::interval(Duration::from_millis(1));
        while invitation::Entity::find().count(&db).await.unwrap_or(0) < 3 {
            interval.tick().await;
        }
        server.signal(Signal::KILL);
    };
    let (_, ()) = tokio::join!(flood, kill);
    assert_eq!(server.ended().await.0, None, "it was killed");

    let server = place.serve().await;
    let ann = Actor {
        base: server.base.as_str().into(),
        ..ann
    };
    let mut first = Vec::new();
    for (n, call) in invites.iter().enumerate() {
        let reply = ann.call_keyed(Door::Rest, call, &format!("k{n}")).await;
        assert_eq!(reply.status, 201, "{reply}");
        first.push(reply.body);
    }
    for (n, call) in invites.iter().enumerate() {
        let reply = ann.call_keyed(Door::Rest, call, &format!("k{n}")).await;
        assert_eq!(reply.body, first[n]);
    }
    let sent = invitation::Entity::find().all(&db).await.unwrap();
    assert_eq!(sent.len() as u64, REQUESTS);
    assert!(sent.iter().all(|invitation| invitation.generation == 1));
    // Account, company, session and membership of Ann, and one entry for each invitation.
    let entries = audit_entry::Entity::find().all(&db).await.unwrap();
    let sendings = entries
        .iter()
        .filter(|entry| entry.action.contains("invitation"));
    assert_eq!(sendings.count() as u64, REQUESTS);
    db.close().await.unwrap();
    server.stop().await;
    place.remove().await;
}
