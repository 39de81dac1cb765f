//! How many attempts there are, and that the time one is told to wait is the time one has to wait.

use super::*;

const EMAIL: &str = "somebody@example.com";

#[tokio::test]
async fn a_repeat_is_granted_after_the_time_that_was_told_and_no_second_earlier() {
    for door in Door::BOTH {
        let app = TestApp::with(as_printed).await;
        let visitor = app.visitor();
        assert_eq!(exhaust(&visitor, EMAIL).await, 10);
        let call = ops::login(EMAIL, PASSWORD);
        let wait = wait_of(door, &visitor.call(door, &call).await);
        // Ten in a quarter of an hour: one in a minute and a half.
        assert_eq!(wait, 90);
        app.advance_secs(wait - 1);
        assert_eq!(wait_of(door, &visitor.call(door, &call).await), 1);
        app.advance_secs(1);
        let reply = visitor.call(door, &call).await;
        assert_eq!(reply.failure().code, "UNAUTHENTICATED", "{reply}");
        assert_eq!(wait_of(door, &visitor.call(door, &call).await), 90);
        app.finish().await;
    }
}

#[tokio::test]
async fn every_alias_of_a_document_counts() {
    let app = TestApp::with(|config| {
        as_printed(config);
        // As configured, twelve sign-ins in one document are too costly already.
        config.graphql.max_cost = 10_000;
    })
    .await;
    let visitor = app.visitor();
    let aliases: Vec<_> = (0..20)
        .map(|n| format!("a{n}: login(input: $input) {{ tokens {{ accessToken }} }}"))
        .collect();
    let document = format!("mutation($input: LoginInput!) {{ {} }}", aliases.join(" "));
    let input = json!({ "email": EMAIL, "password": PASSWORD });
    let reply = visitor.gql(&document, json!({ "input": input })).await;
    let errors = reply.json["errors"].as_array().expect("errors").iter();
    let codes: Vec<_> = errors.map(|error| &error["extensions"]["code"]).collect();
    assert_eq!(codes[..10], ["UNAUTHENTICATED"; 10], "{reply}");
    assert_eq!(codes[10..], ["RATE_LIMITED"; 10], "{reply}");
    // The other door has counted them, too.
    assert_eq!(wait_of(Door::Rest, &guess(&visitor, EMAIL).await), 90);
    app.finish().await;
}

#[tokio::test]
async fn replicas_count_together() {
    if crate::support::storage::full_stack() {
        let app = TestApp::with(as_printed).await;
        let replica = app.replica().await;
        for _ in 0..5 {
            for one in [&app, &replica] {
                let reply = guess(&one.visitor(), EMAIL).await;
                assert_eq!(reply.failure().code, "UNAUTHENTICATED", "{reply}");
            }
        }
        for one in [&app, &replica] {
            for door in Door::BOTH {
                let reply = one.visitor().call(door, &ops::login(EMAIL, PASSWORD)).await;
                assert_eq!(wait_of(door, &reply), 90);
            }
        }
        replica.leave().await;
        app.finish().await;
    }
}

#[tokio::test]
async fn strangers_do_not_lock_an_owner_out() {
    let app = TestApp::with(|config| {
        as_printed(config);
        behind_proxies(config);
    })
    .await;
    let acme = app.company("Acme").await;
    let owner = at(&acme.owner, "192.0.2.1").sign_in().await;
    // A hundred guesses from ten places use up what an account has.
    for place in 0..10 {
        let stranger = at(&app.visitor(), &format!("203.0.113.{place}"));
        exhaust(&stranger, &owner.email).await;
    }
    let elsewhere = at(&app.visitor(), "198.51.100.1");
    assert_eq!(
        guess(&elsewhere, &owner.email).await.failure().code,
        "RATE_LIMITED"
    );
    owner.sign_in().await;
    app.finish().await;
}
