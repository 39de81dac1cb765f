//! Accounts closed and opened, promoted and demoted, and passwords set.

use entity::event;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{ANN, BOB, create, deeds, done, login, ready, refused};
use crate::support::{Actor, Door, PASSWORD, client::text, ops};

/// The codes with which both doors answer to an access and a refresh token, `None` for a welcome.
async fn answers(who: &Actor) -> Vec<Option<String>> {
    let mut answers = Vec::new();
    for door in Door::BOTH {
        for call in [ops::viewer(), ops::refresh_token(&who.refresh)] {
            let reply = who.call(door, &call).await;
            answers.push(reply.refused().then(|| reply.failure().code));
        }
    }
    answers
}

#[tokio::test]
async fn a_disabled_account_is_refused_at_once_by_every_server() {
    let place = ready().await;
    let company = create(&place, ANN, &["--company", "Acme"]).await["company"].clone();
    let (one, other) = (place.serve().await, place.serve().await);
    let here = login(&one, ANN, PASSWORD).await.unwrap();
    let there = login(&other, ANN, PASSWORD).await.unwrap();
    assert_eq!(answers(&here).await, [const { None }; 4]);

    let told = done(&place, &["disable", ANN]).await;
    assert_eq!(told["sessions_ended"], 2);
    assert_eq!(told["account"]["is_active"], false);
    let alone = json!([{ "id": company["id"], "name": "Acme", "slug": "acme" }]);
    assert_eq!(told["companies_without_owner"], alone);
    let unknown = [const { Some(String::new()) }; 4].map(|_| Some("UNAUTHENTICATED".to_owned()));
    for who in [&here, &there] {
        assert_eq!(answers(who).await, unknown);
    }
    assert_eq!(login(&one, ANN, PASSWORD).await.unwrap_err(), 401);
    let again = place.ok(&["user", "disable", ANN]).await;
    assert!(again.starts_with("unchanged"), "{again}");

    let told = done(&place, &["enable", ANN]).await;
    assert_eq!(
        (&told["changed"], &told["sessions_ended"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(done(&place, &["enable", ANN]).await["changed"], false);
    // What has ended stays so.
    assert_eq!(answers(&here).await, unknown);
    let back = login(&other, ANN, PASSWORD).await.unwrap();
    assert_eq!(answers(&back).await, [const { None }; 4]);
    one.stop().await;
    other.stop().await;

    let expected = [
        "account.registered",
        "tenant.created",
        "session.all_ended",
        "account.disabled",
        "account.enabled",
    ];
    assert_eq!(deeds(&place).await, expected);
    let db = place.storage.connect().await;
    let events = event::Entity::find().all(&db).await.unwrap();
    db.close().await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["sessions_ended"]);
    place.remove().await;
}

#[tokio::test]
async fn the_last_superuser_is_kept_unless_it_is_meant() {
    let place = ready().await;
    for email in [ANN, BOB] {
        create(&place, email, &[]).await;
        let told = done(&place, &["promote", email]).await;
        assert_eq!(
            (&told["changed"], &told["account"]["is_superuser"]),
            (&json!(true), &json!(true))
        );
    }
    assert_eq!(done(&place, &["promote", ANN]).await["changed"], false);
    // Each would be allowed while the other is there.
    let both = [["user", "demote", ANN], ["user", "disable", BOB]];
    let (first, second) = tokio::join!(place.run(&both[0]), place.run(&both[1]));
    let ended = [&first, &second];
    assert_eq!(
        ended.iter().filter(|ended| ended.success).count(),
        1,
        "{ended:#?}"
    );
    let kept = ended.iter().find(|ended| !ended.success).unwrap();
    assert!(kept.err.contains("LAST_SUPERUSER"), "{kept:#?}");

    let (last, gone) = if first.success {
        (BOB, ANN)
    } else {
        (ANN, BOB)
    };
    let last_one = ("CONFLICT".to_owned(), json!("LAST_SUPERUSER"));
    for command in ["demote", "disable"] {
        assert_eq!(refused(&place, &[command, last]).await, last_one);
    }
    done(&place, &["disable", last, "--force"]).await;
    // Whoever cannot sign in does not count, and is not kept.
    done(&place, &["demote", last]).await;
    done(&place, &["enable", gone]).await;
    done(&place, &["promote", gone]).await;
    assert_eq!(refused(&place, &["demote", gone]).await, last_one);
    let told = done(&place, &["list", "--superusers"]).await;
    assert_eq!(told["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(told["accounts"][0]["email"], gone);
    place.remove().await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_and_old_sessions_end() {
    let place = ready().await;
    create(&place, ANN, &[]).await;
    let server = place.serve().await;
    let before = login(&server, ANN, PASSWORD).await.unwrap();
    let told = done(&place, &["password", ANN]).await;
    assert_eq!(told["sessions_ended"], 1);
    let made = text(&told, "/password");
    assert_eq!(before.get("/auth/me").await.status, 401);
    assert_eq!(login(&server, ANN, PASSWORD).await.unwrap_err(), 401);
    login(&server, ANN, &made).await.unwrap();

    let chosen = "saffron-glacier-77";
    let arguments = ["user", "password", ANN, "--password-stdin"];
    let ended = place
        .run_with(&arguments, &format!("{chosen}\r\nmore\n"))
        .await;
    assert!(ended.success && !ended.out.contains(chosen), "{ended:#?}");
    login(&server, ANN, chosen).await.unwrap();
    // A closed account stays closed.
    done(&place, &["disable", ANN]).await;
    let told = done(&place, &["password", ANN]).await;
    assert_eq!(
        login(&server, ANN, &text(&told, "/password"))
            .await
            .unwrap_err(),
        401
    );
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn a_company_with_another_owner_is_not_left_alone() {
    let place = ready().await;
    create(&place, ANN, &["--company", "Acme"]).await;
    create(&place, BOB, &[]).await;
    let server = place.serve().await;
    let ann = login(&server, ANN, PASSWORD).await.unwrap();
    let tenant = text(ann.get("/tenants/current").await.expect(200), "/id");
    let invite = json!({ "email": BOB, "role": "owner" });
    let path = format!("/tenants/{tenant}/users/invite");
    ann.post(&path, invite).await.expect(201);
    server.stop().await;

    let told = done(&place, &["disable", ANN]).await;
    assert_eq!(told["companies_without_owner"], json!([]));
    let told = place.ok(&["user", "disable", BOB]).await;
    let left = "Acme (acme) has no owner any more who can sign in";
    assert!(told.contains(left), "{told}");
    place.remove().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_password_that_is_typed_is_not_shown() {
    let place = ready().await;
    create(&place, ANN, &[]).await;
    let arguments = ["user", "password", ANN, "--password-stdin"];
    let typed = |answers: [&'static str; 2]| {
        let questions = ["Password (not shown): ", "Once more: "];
        place.type_into(&arguments, questions.into_iter().zip(answers))
    };
    let (ended, shown) = typed(["plum-tractor-velvet", "plum-tractor-velvet"]).await;
    assert!(ended.success && ended.out.starts_with("set"), "{ended:#?}");
    assert!(!shown.contains("plum"), "{shown}");
    let (ended, shown) = typed(["saffron-glacier-77", "saffron-glacier-78"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(
        ended.err.contains("differ") && !shown.contains("saffron"),
        "{ended:#?}"
    );

    let server = place.serve().await;
    login(&server, ANN, "plum-tractor-velvet").await.unwrap();
    server.stop().await;
    place.remove().await;
}
