//! `user`: what an operator does to accounts, and what a running server makes of it at once.

mod making;
mod standing;

use entity::audit_entry;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    Actor, PASSWORD,
    client::text,
    process::{Ended, Place, Server},
};

pub const ANN: &str = "ann@example.com";
pub const BOB: &str = "bob@example.com";

/// A place whose database is ready.
pub async fn ready() -> Place {
    let place = Place::new().await;
    place.ok(&["migrate", "up"]).await;
    place.ok(&["seed"]).await;
    place
}

/// Runs `user` for a program; what it answers, and how it ended.
pub async fn ask(place: &Place, arguments: &[&str], input: &str) -> (Value, Ended) {
    let arguments: Vec<_> = ["user", "--json"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let ended = place.run_with(&arguments, input).await;
    let told = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:#?}"));
    (told, ended)
}

/// The answer to something that must succeed.
pub async fn done(place: &Place, arguments: &[&str]) -> Value {
    let (told, ended) = ask(place, arguments, "").await;
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:#?}");
    told
}

/// The code and the reason of something that must be refused.
pub async fn refused(place: &Place, arguments: &[&str]) -> (String, Value) {
    let (told, ended) = ask(place, arguments, "").await;
    assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:#?}");
    let reason = told["error"]["reason"].clone();
    let code = text(&told, "/error/code");
    let word = reason.as_str().unwrap_or(&code);
    assert!(ended.err.contains(word), "{ended:#?}");
    (code, reason)
}

/// Makes an account with everybody's password.
pub async fn create(place: &Place, email: &str, more: &[&str]) -> Value {
    let arguments: Vec<_> = ["create", email, "--password-stdin"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    let (told, ended) = ask(place, &arguments, &format!("{PASSWORD}\n")).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    told
}

pub async fn login(server: &Server, email: &str, password: &str) -> Result<Actor, u16> {
    let visitor = server.visitor();
    let body = json!({ "email": email, "password": password });
    let reply = visitor.post("/auth/login", body).await;
    if reply.status == 200 {
        Ok(visitor.with_tokens(reply.expect(200)))
    } else {
        Err(reply.status)
    }
}

/// What `cli` is written down to have done, oldest first.
pub async fn deeds(place: &Place) -> Vec<String> {
    let db = place.storage.connect().await;
    let mut entries = audit_entry::Entity::find().all(&db).await.unwrap();
    db.close().await.unwrap();
    entries.sort_by_key(|entry| entry.id);
    let of_cli = entries.into_iter().filter(|entry| entry.actor == "cli");
    of_cli.map(|entry| entry.action).collect()
}
