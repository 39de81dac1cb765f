//! Seeing where one is signed in, and ending that from afar (ruling 12).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Actor, Door, PASSWORD, Reply, TestApp, assert_code, assert_same, db, ops};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";
const SESSIONS: &str = "{ viewer { sessions { id current userAgent ipAddress createdAt refreshedAt
    expiresAt } } }";

async fn sessions(who: &Actor) -> Vec<Value> {
    let reply = who.gql(SESSIONS, json!({})).await;
    let sessions = reply.ok()["viewer"]["sessions"].as_array();
    sessions.expect("a list").clone()
}

/// The id of the session that somebody asks with.
async fn own(who: &Actor) -> String {
    let sessions = sessions(who).await;
    let current = sessions.iter().find(|session| session["current"] == true);
    current.expect("one is the current")["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn revoke(who: &Actor, session: &str) -> Reply {
    who.call(Door::Graphql, &ops::revoke_session(session)).await
}

async fn everywhere(who: &Actor, except_current: bool) -> Reply {
    who.call(Door::Graphql, &ops::logout_everywhere(except_current))
        .await
}

/// Whether somebody's tokens still work, for a request or for a refresh.
async fn is_signed_in(who: &Actor) -> bool {
    let asked = who.get("/auth/me").await.status == 200;
    let body = json!({ "refresh_token": who.refresh });
    let refreshed = who.signed_out().post("/auth/refresh", body).await.status == 200;
    assert_eq!(asked, refreshed, "one token outlived the other");
    asked
}

#[tokio::test]
async fn everybody_sees_their_own_sessions_the_one_used_last_first() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.company("Beta").await.owner.sign_in().await;
    app.advance_secs(60);
    let request = acme
        .owner
        .http
        .post(format!("{}/api/v1/auth/login", acme.owner.base))
        .header("user-agent", "Phone/1.0")
        .json(&json!({ "email": acme.owner.email, "password": PASSWORD }));
    let reply = Reply::of("login".into(), request).await;
    let phone = acme.owner.with_tokens(reply.expect(200));

    let seen = sessions(&phone).await;
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert_eq!(seen[0]["current"], true);
    assert_eq!(seen[0]["userAgent"], "Phone/1.0");
    assert_eq!(seen[0]["ipAddress"], "127.0.0.1");
    assert_eq!(seen[0]["createdAt"], "2026-01-09T12:01:00Z");
    assert_eq!(seen[0]["refreshedAt"], "2026-01-09T12:01:00Z");
    assert_eq!(seen[0]["expiresAt"], "2026-01-16T12:01:00Z");
    assert_eq!(seen[1]["current"], false);
    assert_eq!(seen[1]["createdAt"], "2026-01-09T12:00:00Z");

    // A refresh moves a session to the front, whoever asks.
    app.advance_secs(60);
    let body = json!({ "refresh_token": acme.owner.refresh });
    acme.owner.post("/auth/refresh", body).await.expect(200);
    let seen = sessions(&phone).await;
    assert_eq!(seen[0]["refreshedAt"], "2026-01-09T12:02:00Z");
    assert_eq!(seen[0]["createdAt"], "2026-01-09T12:00:00Z");
    assert_eq!(
        (&seen[0]["current"], &seen[1]["current"]),
        (&json!(false), &json!(true))
    );

    // What has ended, by itself or by somebody, is not shown.
    phone.post("/auth/logout", Value::Null).await.expect(200);
    assert_eq!(sessions(&acme.owner).await.len(), 1);
    app.advance(Duration::from_hours(8 * 24));
    assert_eq!(sessions(&acme.owner.sign_in().await).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn whoever_signs_in_sees_themselves_in_the_answer() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let login = "mutation($input: LoginInput!) { login(input: $input) { viewer { sessions {
        current } } } }";
    let input = json!({ "email": acme.owner.email, "password": PASSWORD });
    let reply = app.visitor().gql(login, json!({ "input": input })).await;
    let seen = reply.ok()["login"]["viewer"]["sessions"].clone();
    assert_eq!(seen, json!([{ "current": true }, { "current": false }]));
    app.finish().await;
}

#[tokio::test]
async fn a_session_that_is_revoked_is_signed_out_and_no_other() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (lost, kept) = (acme.owner.sign_in().await, acme.owner.sign_in().await);
    let id = own(&lost).await;
    let reply = revoke(&acme.owner, &id).await;
    assert_eq!(reply.ok()["out"]["revokedSessionId"], json!(id));
    let left = reply.ok()["out"]["viewer"]["sessions"].as_array().unwrap();
    assert_eq!(left.len(), 2, "{reply}");
    assert!(left.iter().all(|session| session["id"] != id), "{reply}");

    assert!(!is_signed_in(&lost).await);
    assert!(is_signed_in(&kept).await);
    assert!(is_signed_in(&acme.owner).await);
    assert_eq!(revoke(&acme.owner, &id).await.failure().code, "NOT_FOUND");
    // One's own is no exception.
    let current = own(&kept).await;
    revoke(&kept, &current).await.ok();
    assert!(!is_signed_in(&kept).await);
    app.finish().await;
}

#[tokio::test]
async fn a_foreign_session_is_as_unknown_as_one_that_ended_or_never_was() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let expired = own(&acme.owner.sign_in().await).await;
    app.advance(Duration::from_hours(8 * 24));
    let who = acme.owner.sign_in().await;
    let foreign = own(&beta.owner.sign_in().await).await;
    let before = db::counts(&app).await;
    let refused = revoke(&who, &foreign).await;
    assert_eq!(refused.failure().code, "NOT_FOUND");
    assert_same(&refused, &revoke(&who, &expired).await);
    assert_same(&refused, &revoke(&who, NOBODY).await);
    let wrong = revoke(&who, "this one").await;
    assert_code(&wrong, "INVALID_INPUT", "INVALID_ID");
    assert_eq!(wrong.failure().fields, ["session_id"]);
    let visitor = revoke(&app.visitor(), "this one").await;
    assert_eq!(visitor.failure().code, "UNAUTHENTICATED");
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_or_all_others() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let (one, two) = (acme.owner.sign_in().await, acme.owner.sign_in().await);
    let reply = everywhere(&two, true).await;
    let out = &reply.ok()["out"];
    assert_eq!(out["endedSessions"], 2, "{reply}");
    let current = json!([{ "id": own(&two).await, "current": true }]);
    assert_eq!(out["viewer"]["sessions"], current, "{reply}");
    assert!(!is_signed_in(&acme.owner).await && !is_signed_in(&one).await);
    // Nothing is left to end, and that is fine.
    let before = db::counts(&app).await;
    assert_eq!(everywhere(&two, true).await.ok()["out"]["endedSessions"], 0);
    assert_eq!(db::counts(&app).await, before);

    let three = acme.owner.sign_in().await;
    let reply = everywhere(&two, false).await;
    assert_eq!(
        reply.ok()["out"],
        json!({ "endedSessions": 2, "viewer": null })
    );
    assert!(!is_signed_in(&two).await && !is_signed_in(&three).await);
    assert!(is_signed_in(&beta.owner).await);
    assert!(is_signed_in(&acme.owner.sign_in().await).await);
    app.finish().await;
}

#[tokio::test]
async fn the_current_session_ends_unless_one_says_otherwise() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let query = "mutation($input: LogoutEverywhereInput!) { logoutEverywhere(input: $input) {
        endedSessions } }";
    for (input, reason) in [
        (json!({ "exceptCurrent": "yes" }), "WRONG_TYPE"),
        (json!({ "exceptCurrent": null }), "WRONG_TYPE"),
        (json!({ "except": true }), "UNKNOWN_WORD"),
    ] {
        let reply = acme.owner.gql(query, json!({ "input": input })).await;
        assert_code(&reply, "INVALID_INPUT", reason);
    }
    let reply = acme.owner.gql(query, json!({ "input": {} })).await;
    assert_eq!(reply.ok()["logoutEverywhere"]["endedSessions"], 1);
    assert!(!is_signed_in(&acme.owner).await);
    app.finish().await;
}

#[tokio::test]
async fn every_end_of_a_session_is_told_and_written_down() {
    let app = TestApp::with(|config| config.auth.max_sessions = 3).await;
    let acme = app.company("Acme").await;
    let stream = format!("user:{}", acme.owner.id);
    let mut heard = Vec::new();
    let mut next = async |what: &str, sessions: &[&String]| {
        let mut events = db::events(&app).await;
        events.retain(|event| event.0 == stream && event.1 == "sessions_ended");
        assert_eq!(events.len(), heard.len() + 1, "{what}");
        let told = events.last().unwrap().2.clone();
        assert_eq!(told["user_id"], json!(acme.owner.id), "{what}");
        let mut ids: Vec<_> = told["session_ids"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut expected: Vec<_> = sessions.iter().map(|id| id.as_str()).collect();
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected, "{what}");
        heard = events;
        db::deeds(&app)
            .await
            .into_iter()
            .rev()
            .find(|deed| deed.0.contains("ended") || deed.0.contains("reuse"))
            .unwrap()
    };
    let deed = |action: &str, target: &str| (action.into(), "user".into(), target.into());

    let (one, two) = (acme.owner.sign_in().await, acme.owner.sign_in().await);
    let ids = [own(&acme.owner).await, own(&one).await, own(&two).await];
    acme.owner
        .post("/auth/logout", Value::Null)
        .await
        .expect(200);
    assert_eq!(
        next("logout", &[&ids[0]]).await,
        deed("session.ended", "session")
    );
    revoke(&one, &ids[2]).await.ok();
    assert_eq!(
        next("revoke", &[&ids[2]]).await,
        deed("session.ended", "session")
    );

    let (three, four) = (acme.owner.sign_in().await, acme.owner.sign_in().await);
    let five = acme.owner.sign_in().await;
    assert_eq!(
        next("room", &[&ids[1]]).await,
        deed("session.ended", "session")
    );
    let ids = [own(&three).await, own(&four).await, own(&five).await];

    let body = json!({ "refresh_token": three.refresh });
    three.post("/auth/refresh", body.clone()).await.expect(200);
    app.advance_secs(61);
    assert_eq!(three.post("/auth/refresh", body).await.status, 401);
    let reuse = next("reuse", &[&ids[0]]).await;
    assert_eq!(reuse.0, "session.reuse_detected");

    everywhere(&four, false).await.ok();
    let all = next("everywhere", &[&ids[1], &ids[2]]).await;
    assert_eq!(all, deed("session.all_ended", "user"));
    app.finish().await;
}

#[tokio::test]
async fn a_sign_in_too_many_ends_the_session_that_was_not_used_for_longest() {
    let app = TestApp::with(|config| config.auth.max_sessions = 3).await;
    let acme = app.company("Acme").await;
    let mut people = vec![acme.owner.clone()];
    for _ in 0..2 {
        app.advance_secs(60);
        people.push(acme.owner.sign_in().await);
    }
    // The oldest one is in use, so it is the second that has to go.
    app.advance_secs(60);
    let body = json!({ "refresh_token": people[0].refresh });
    let reply = people[0].post("/auth/refresh", body).await;
    people[0] = people[0].with_tokens(reply.expect(200));
    let newest = acme.owner.sign_in().await;
    assert!(!is_signed_in(&people[1]).await);
    for who in [&people[0], &people[2], &newest] {
        who.get("/auth/me").await.expect(200);
    }
    assert_eq!(sessions(&newest).await.len(), 3);
    // Other people have theirs.
    let beta = app.company("Beta").await;
    beta.owner.sign_in().await;
    newest.get("/auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_number_of_sessions_holds_when_many_sign_in_at_once() {
    let app = TestApp::with(|config| config.auth.max_sessions = 3).await;
    let acme = app.company("Acme").await;
    let all = futures::future::join_all((0..8).map(|_| acme.owner.sign_in())).await;
    let mut alive = 0;
    for who in &all {
        alive += usize::from(who.get("/auth/me").await.status == 200);
    }
    assert_eq!(alive, 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn signing_in_refreshing_and_signing_out_everywhere_at_once_ends_well() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let others = [acme.owner.sign_in().await, acme.owner.sign_in().await];
    let refresh = |who: &Actor| {
        let (who, body) = (who.clone(), json!({ "refresh_token": who.refresh }));
        async move { who.post("/auth/refresh", body).await }
    };
    let (ended, one, two, newcomer) = tokio::join!(
        everywhere(&acme.owner, false),
        refresh(&others[0]),
        refresh(&others[1]),
        acme.owner.sign_in(),
    );
    assert!(
        ended.ok()["out"]["endedSessions"].as_u64() >= Some(3),
        "{ended}"
    );
    for (refreshed, who) in [(one, &others[0]), (two, &others[1])] {
        assert!(matches!(refreshed.status, 200 | 401), "{refreshed}");
        // Whoever came first, the session is over.
        if refreshed.status == 200 {
            let who = who.with_tokens(refreshed.expect(200));
            assert_eq!(who.get("/auth/me").await.status, 401);
        }
    }
    let left = newcomer.get("/auth/me").await.status;
    assert!(matches!(left, 200 | 401), "{left}");
    app.finish().await;
}

#[tokio::test]
async fn the_list_takes_two_statements_at_any_size() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let count = async |who: &Actor| {
        let query =
            "{ a: viewer { sessions { id current } } b: viewer { sessions { userAgent } } }";
        app.sql(async || drop(who.gql(query, json!({})).await.ok().clone()))
            .await
    };
    let few = count(&acme.owner).await;
    for _ in 0..8 {
        acme.owner.sign_in().await;
    }
    assert_eq!((few, count(&acme.owner).await), (2, 2));
    app.finish().await;
}
