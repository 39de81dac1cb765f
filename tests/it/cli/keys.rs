//! Rotation of the secret key, as an operator does it (docs/KEYS.md).

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Actor, PASSWORD,
    process::{Place, Server},
};

/// A key as `openssl rand -hex 32` makes one, and its name.
const NEXT: &str = "6f1c0d2ab34e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
const NEXT_NAME: &str = "k5NQ7Yqn";

/// What `/auth/me` answers to somebody who knew another process.
async fn status(server: &Server, who: &Actor) -> u16 {
    let who = Actor {
        base: server.base.as_str().into(),
        ..who.clone()
    };
    who.get("/auth/me").await.status
}

/// What `doctor` says of the secrets: verdict, reason, advice.
async fn secrets(place: &Place) -> String {
    let ended = place.run(&["doctor", "--json"]).await;
    assert!(!ended.out.contains(NEXT), "a secret is told: {ended:#?}");
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "secrets");
    let check = check.unwrap();
    format!(
        "{} {} {}",
        check["verdict"], check["reason"], check["advice"]
    )
}

#[tokio::test]
async fn the_development_key_is_rotated_like_any_other() {
    let mut place = Place::new().await;
    let server = place.serve().await;
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD, "full_name": "Ann", "company_name": "A",
    });
    let reply = server.visitor().post("/auth/register", body).await;
    let ann = server.visitor().with_tokens(reply.expect(201));
    server.stop().await;
    let kept = fs::read_to_string(place.data_dir().join("secret_key")).unwrap();
    let told = secrets(&place).await;
    assert!(told.contains("tokens are signed as `"), "{told}");
    assert!(!told.contains("are accepted"), "{told}");

    // Announced: nothing changes yet.
    place.set("SECRET_KEYS_PREVIOUS", NEXT);
    let server = place.serve().await;
    assert_eq!(status(&server, &ann).await, 200);
    server.stop().await;
    let told = secrets(&place).await;
    let accepted = format!("those of `{NEXT_NAME}` are accepted");
    assert!(told.contains(&accepted), "{told}");

    // Switched: both hold.
    place.unset("SECRET_KEYS_PREVIOUS");
    place.set("SECRET_KEY", NEXT);
    place.set("SECRET_KEYS_PREVIOUS", &format!("{NEXT}, {kept}"));
    let server = place.serve().await;
    assert_eq!(status(&server, &ann).await, 200);
    let login = json!({ "email": "ann@example.com", "password": PASSWORD });
    let reply = server.visitor().post("/auth/login", login).await;
    let again = server.visitor().with_tokens(reply.expect(200));
    server.stop().await;
    let told = secrets(&place).await;
    let signed = format!("tokens are signed as `{NEXT_NAME}`");
    assert!(told.contains("ok") && told.contains(&signed), "{told}");
    assert!(!told.contains(kept.trim()), "a secret is told: {told}");

    // Dropped.
    place.unset("SECRET_KEYS_PREVIOUS");
    let server = place.serve().await;
    assert_eq!(status(&server, &ann).await, 401);
    assert_eq!(status(&server, &again).await, 200);
    server.stop().await;

    place.set("SECRET_KEYS_PREVIOUS", &format!("{NEXT},hunter2"));
    let told = secrets(&place).await;
    assert!(
        told.contains("warning") && told.contains("number 2"),
        "{told}"
    );
    assert!(!told.contains("hunter2"), "a secret is told: {told}");
    place.remove().await;
}
