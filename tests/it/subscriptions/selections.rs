//! What running subscriptions select takes memory for as long as they run, and no more than it may.

use serde_json::json;

use super::pay;
use crate::support::{TestApp, live::Socket, stage::until};

/// What selects so many fields, unlike any other of another name.
fn wide(name: &str, fields: usize) -> String {
    let fields = "paymentId ".repeat(fields);
    format!(
        "subscription {name}($after: String) {{ billing(after: $after) {{ ... on PaymentReceived {{ {fields} }} }} }}"
    )
}

/// What all selections take.
fn taken(app: &TestApp) -> usize {
    let metrics = app.app.metrics.encode().unwrap();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("erpmax_realtime_selections_bytes "));
    line.unwrap().parse().unwrap()
}

async fn ends(app: &TestApp, socket: &mut Socket, id: &str, left: usize) {
    socket.say(&json!({ "id": id, "type": "complete" })).await;
    until("its selection is gone", async || taken(app) == left).await;
}

#[tokio::test]
async fn a_selection_that_is_too_large_is_refused_and_one_that_is_not_is_heard() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.start("s", &wide("Large", 300), json!({})).await;
    assert_eq!(socket.refused("s").await, "QUERY_TOO_COSTLY");
    let mut events = acme.owner.events(&wide("Large", 300), json!({})).await;
    assert_eq!(events.refused().await, "QUERY_TOO_COSTLY");
    // What the variables hold counts, too, unless no event needs it.
    let of_logs = "subscription($x: String, $after: String) { provisioning(after: $after) {
        ... on ProvisioningCompleted { job { logs(after: $x) { nodes { text } } } } } }";
    let long = "x".repeat(70_000);
    socket.start("v", of_logs, json!({ "x": long })).await;
    assert_eq!(socket.refused("v").await, "QUERY_TOO_COSTLY");
    assert_eq!(taken(&app), 0);
    let unused = json!({ "x": "y", "other": long });
    socket.subscribe("v", of_logs, unused).await;
    ends(&app, &mut socket, "v", 0).await;
    socket.subscribe("s", &wide("Small", 100), json!({})).await;
    pay(&app, &acme, "first").await;
    assert_eq!(socket.event("s").await["billing"]["paymentId"], "first");
    app.finish().await;
}

#[tokio::test]
async fn only_what_is_shown_counts() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("one", &wide("Small", 10), json!({})).await;
    let one = taken(&app);
    ends(&app, &mut socket, "one", 0).await;
    // The others of a document that holds all of a program's operations are not kept.
    let fields = "paymentId ".repeat(1_000);
    let all = format!(
        "{} subscription Other {{ billing {{ ...F }} }} fragment F on PaymentReceived {{ {fields} }}",
        wide("Small", 10)
    );
    let payload = json!({ "query": all, "operationName": "Small" });
    socket
        .say(&json!({ "id": "all", "type": "subscribe", "payload": payload }))
        .await;
    socket.say(&json!({ "type": "ping" })).await;
    socket.expect(&json!({ "type": "pong" })).await;
    pay(&app, &acme, "first").await;
    assert_eq!(socket.event("all").await["billing"]["paymentId"], "first");
    assert_eq!(taken(&app), one);
    app.finish().await;
}

#[tokio::test]
async fn the_same_selection_is_kept_once_and_those_of_one_person_are_bounded() {
    let app = TestApp::with(|config| config.realtime.selections_bytes_per_user = 50_000).await;
    let acme = app.company("Acme").await;
    let member = acme.join("admin").await;
    let mut socket = acme.owner.online().await;
    let mut names = ["A", "B", "C", "D"].into_iter();
    let mut last = 0;
    let refused = loop {
        let name = names.next().expect("a bound");
        socket.start(name, &wide(name, 80), json!({})).await;
        let ping = json!({ "type": "ping" });
        socket.say(&ping).await;
        let said = socket.json().await;
        if said["type"] == "error" {
            socket.expect(&json!({ "type": "pong" })).await;
            break said;
        }
        assert!(taken(&app) > last);
        last = taken(&app);
    };
    assert!((25_000..=50_000).contains(&last), "{last}");
    let error = &refused["payload"][0]["extensions"];
    assert_eq!(error["code"], "RATE_LIMITED");
    assert!(error["retryAfter"].is_number(), "{error}");
    // What is kept already costs nothing more, whoever shows it; others have an account of their own.
    let mut other = member.online().await;
    other.subscribe("same", &wide("A", 80), json!({})).await;
    socket.subscribe("same", &wide("A", 80), json!({})).await;
    assert_eq!(taken(&app), last);
    other.subscribe("own", &wide("Own", 80), json!({})).await;
    assert!(taken(&app) > last);
    ends(&app, &mut other, "own", last).await;
    // What ends makes room.
    socket.say(&json!({ "id": "B", "type": "complete" })).await;
    until("there is room", async || taken(&app) < last).await;
    socket.subscribe("E", &wide("E", 80), json!({})).await;
    assert_eq!(taken(&app), last);
    // Who comes by an account that is used up hears what they hear, until all who show it have left.
    drop(socket);
    until("the first has left", async || taken(&app) < last).await;
    pay(&app, &acme, "first").await;
    assert_eq!(other.event("same").await["billing"]["paymentId"], "first");
    drop(other);
    until("nothing is kept", async || taken(&app) == 0).await;
    app.finish().await;
}

#[tokio::test]
async fn the_selections_of_all_together_are_bounded() {
    let app = TestApp::with(|config| config.realtime.selections_bytes = 50_000).await;
    let acme = app.company("Acme").await;
    let member = acme.join("admin").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("a", &wide("A", 150), json!({})).await;
    let mut other = member.online().await;
    other.start("b", &wide("B", 150), json!({})).await;
    assert_eq!(other.refused("b").await, "RATE_LIMITED");
    other.subscribe("a", &wide("A", 150), json!({})).await;
    pay(&app, &acme, "first").await;
    assert_eq!(other.event("a").await["billing"]["paymentId"], "first");
    assert_eq!(socket.event("a").await["billing"]["paymentId"], "first");
    app.finish().await;
}
