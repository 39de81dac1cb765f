//! Accounts made and found.

use serde_json::{Value, json};

use super::{ANN, BOB, ask, create, deeds, done, login, ready, refused};
use crate::support::{PASSWORD, client::text, process::Place};

#[tokio::test]
async fn an_operator_is_made_and_signs_in_with_the_password_that_is_told_once() {
    let place = ready().await;
    let said = place
        .ok(&["user", "create", ANN, "--name", "Ann Lee", "--superuser"])
        .await;
    assert!(
        said.contains("ann@example.com, Ann Lee (superuser)"),
        "{said}"
    );
    let line = said
        .lines()
        .find(|line| line.starts_with("password"))
        .unwrap();
    let password = line.split_whitespace().nth(1).unwrap();
    let server = place.serve().await;
    let ann = login(&server, ANN, password).await.unwrap();
    let me = ann.get("/auth/me").await;
    let me = me.expect(200);
    assert_eq!(me["is_superuser"], true);
    assert_eq!(me["full_name"], "Ann Lee");
    assert_eq!(me["tenants"], json!([]));
    assert_eq!(login(&server, ANN, PASSWORD).await.unwrap_err(), 401);
    server.stop().await;
    let expected = ["account.registered", "account.promoted"];
    assert_eq!(deeds(&place).await, expected);
    let shown = place.ok(&["user", "show", ANN]).await;
    assert!(
        !shown.contains(password) && shown.contains("sessions  1"),
        "{shown}"
    );
    place.remove().await;
}

#[tokio::test]
async fn somebody_is_made_with_a_company_and_their_own_password() {
    let place = ready().await;
    let told = create(&place, "Bob@Example.com", &["--company", "Acme Ltd"]).await;
    assert_eq!(told["changed"], true);
    assert_eq!(told["password"], Value::Null, "it is known already");
    assert_eq!(told["account"]["email"], "Bob@Example.com");
    assert_eq!(told["account"]["full_name"], "Bob");
    assert_eq!(told["account"]["email_verified"], false);
    assert_eq!(told["company"]["slug"], "acme-ltd");
    let server = place.serve().await;
    let bob = login(&server, BOB, PASSWORD).await.unwrap();
    let tenant = bob.get("/tenants/current").await;
    assert_eq!(tenant.expect(200)["id"], told["company"]["id"]);
    let subscription = bob.get("/billing/subscription").await;
    assert_eq!(subscription.expect(200)["status"], "trial");
    server.stop().await;
    let shown = done(&place, &["show", BOB]).await;
    assert_eq!(shown["companies"][0]["role"], "owner");
    assert_eq!(shown["sessions"], 1);
    let id = text(&told, "/account/id");
    assert_eq!(done(&place, &["show", &id]).await, shown);
    place.remove().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_all_at_once_and_nothing_is_made() {
    let place = ready().await;
    create(&place, ANN, &[]).await;
    let wrong = [
        "create",
        "no address",
        "--name= ",
        "--company=a\u{7}",
        "--password-stdin",
    ];
    let (told, ended) = ask(&place, &wrong, "short\n").await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert_eq!(told["error"]["code"], "INVALID_INPUT");
    let fields: Vec<_> = told["error"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (text(field, "/field"), text(field, "/reason")))
        .collect();
    let expected = [
        ("email", "INVALID_EMAIL"),
        ("name", "BLANK"),
        ("company", "CONTROL_CHARACTER"),
        ("password", "TOO_SHORT"),
    ];
    let expected = expected.map(|(field, reason)| (field.to_owned(), reason.to_owned()));
    assert_eq!(fields, expected);
    for (field, _) in expected {
        assert!(ended.err.contains(&format!("{field}: ")), "{ended:#?}");
    }
    for (input, reason) in [
        (" CAROL@example.com\n", "PASSWORD_IS_EMAIL"),
        ("password\n", "COMMON_PASSWORD"),
        ("", "TOO_SHORT"),
    ] {
        let arguments = ["create", "carol@example.com", "--password-stdin"];
        let (told, ended) = ask(&place, &arguments, input).await;
        assert_eq!(
            (ended.code, &told["error"]["reason"]),
            (Some(1), &json!(reason))
        );
    }
    let invalid = |reason: &str| ("INVALID_INPUT".to_owned(), json!(reason));
    let conflict = |reason: &str| ("CONFLICT".to_owned(), json!(reason));
    let unknown = ("NOT_FOUND".to_owned(), Value::Null);
    let nobody = "0199d3a0-0000-7000-8000-000000000000";
    for (arguments, expected) in [
        (&["create", "ANN@example.com"][..], conflict("EMAIL_TAKEN")),
        (&["disable", "carol@example.com"], unknown.clone()),
        (&["promote", nobody], unknown.clone()),
        (&["show", nobody], unknown.clone()),
        (&["password", nobody], unknown),
        (&["show", "carol"], invalid("INVALID_ID")),
        (&["enable", "@"], invalid("INVALID_EMAIL")),
        (&["password", ""], invalid("INVALID_ID")),
        (
            &["list", "--search", "a\u{7}"],
            invalid("CONTROL_CHARACTER"),
        ),
    ] {
        assert_eq!(refused(&place, arguments).await, expected, "{arguments:?}");
    }
    assert_eq!(deeds(&place).await, ["account.registered"]);
    let accounts = done(&place, &["list"]).await;
    assert_eq!(accounts["accounts"].as_array().unwrap().len(), 1);
    place.remove().await;
}

#[tokio::test]
async fn accounts_are_found() {
    let place = ready().await;
    for (email, name) in [
        (ANN, "Ann Lee"),
        (BOB, "Bob 100%"),
        ("eve@example.com", "Eve"),
    ] {
        create(&place, email, &["--name", name]).await;
    }
    done(&place, &["disable", "eve@example.com"]).await;
    let emails = async |arguments: &[&str]| {
        let arguments: Vec<_> = ["list"].iter().chain(arguments).copied().collect();
        let told = done(&place, &arguments).await;
        let accounts = told["accounts"].as_array().unwrap().clone();
        let emails = accounts.iter().map(|account| text(account, "/email"));
        (emails.collect::<Vec<_>>(), told["more"] == true)
    };
    let found = |emails: &[&str]| {
        emails
            .iter()
            .map(|&email| email.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        emails(&[]).await,
        (found(&["eve@example.com", BOB, ANN]), false)
    );
    assert_eq!(
        emails(&["--limit", "2"]).await,
        (found(&["eve@example.com", BOB]), true)
    );
    assert!(!emails(&["--limit", "3"]).await.1);
    assert_eq!(emails(&["--search", " LEE "]).await.0, found(&[ANN]));
    assert_eq!(emails(&["--search", "100%"]).await.0, found(&[BOB]));
    assert_eq!(emails(&["--disabled"]).await.0, found(&["eve@example.com"]));
    assert_eq!(emails(&["--superusers"]).await.0, found(&[]));
    let lines = place.ok(&["user", "list", "--limit", "2"]).await;
    assert!(lines.contains("eve@example.com  Eve (disabled)"), "{lines}");
    assert!(lines.contains("the newest 2"), "{lines}");
    place.remove().await;
}

#[tokio::test]
async fn a_database_without_tables_is_named_and_an_absent_redis_is_gone_without() {
    let mut place = Place::new().await;
    let ended = place.run(&["user", "list"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.err.contains("erpmax migrate up"), "{ended:#?}");
    place.ok(&["migrate", "up"]).await;
    // Without plans there is no trial.
    let ended = place
        .run(&["user", "create", ANN, "--company", "Acme"])
        .await;
    assert!(
        !ended.success && ended.err.contains("erpmax seed"),
        "{ended:#?}"
    );
    place.unset("REDIS_URL");
    place.set("REDIS_URL", "redis://127.0.0.1:1");
    let ended = place.run(&["user", "create", ANN, "--json"]).await;
    assert!(
        ended.success && ended.err.contains("without Redis"),
        "{ended:#?}"
    );
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(told["account"]["email"], ANN);
    place.remove().await;
}
