//! The inbox: who is told what, what is read, what people want to be told, and what is forgotten.

mod docs;
mod inbox;
mod keeping;
mod preferences;
mod told;

use serde_json::{Value, json};

use crate::support::{Actor, client::text};

/// What somebody was told, oldest first.
async fn inbox(who: &Actor) -> Vec<Value> {
    let query = "{ viewer { notifications(first: 100) { nodes {
        id kind type title message data tenantId tenant { id } readAt createdAt } } } }";
    let reply = who.gql(query, json!({})).await;
    let nodes = &reply.ok()["viewer"]["notifications"]["nodes"];
    let mut nodes = nodes.as_array().expect("a list").clone();
    nodes.reverse();
    nodes
}

/// The same in short: kind and headline.
async fn headlines(who: &Actor) -> Vec<String> {
    let line = |node: &Value| format!("{}: {}", text(node, "/kind"), text(node, "/title"));
    inbox(who).await.iter().map(line).collect()
}

/// How many somebody has not read.
async fn unread(who: &Actor) -> u64 {
    let reply = who
        .gql("{ viewer { unreadNotificationCount } }", json!({}))
        .await;
    let count = reply.ok()["viewer"]["unreadNotificationCount"].as_u64();
    count.expect("a number")
}
