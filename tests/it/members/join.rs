//! Joining by the link of a letter (ruling 7).

use serde_json::{Value, json};

use crate::support::{Company, PASSWORD, TestApp, assert_code, assert_same, client::text, db};

/// Invites an address and reads the token from its letter.
async fn token(app: &TestApp, acme: &Company<'_>, email: &str, role: &str) -> String {
    let body = json!({ "email": email, "role": role });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    app.settle().await;
    app.token_for(email).await
}

#[tokio::test]
async fn a_newcomer_makes_an_account_joins_and_is_signed_in() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "New.One@example.com", "admin").await;
    let body = json!({ "token": token, "password": PASSWORD, "full_name": "New One" });
    let reply = app.visitor().post("/invitations/accept", body).await;
    let data = reply.expect(200);
    assert_eq!(data["role"], "admin");
    assert_eq!(data["tenant"]["id"], acme.id);
    assert_eq!(data["user"]["email"], "New.One@example.com");
    assert_eq!(data["user"]["full_name"], "New One");
    assert_eq!(data["token_type"], "bearer");

    let new = app.visitor().with_tokens(data);
    let me = new.get("/auth/me").await;
    assert_eq!(me.expect(200)["current_tenant"]["id"], acme.id);
    assert_eq!(me.expect(200)["tenants"][0]["is_default"], true);
    // Opening the link has proven the address.
    let verified = new.gql("{ viewer { emailVerified } }", json!({})).await;
    assert_eq!(verified.ok()["viewer"]["emailVerified"], true);
    let login = json!({ "email": "new.one@example.com", "password": PASSWORD });
    app.visitor().post("/auth/login", login).await.expect(200);
    // No company of their own was made.
    assert_eq!(me.expect(200)["tenants"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_link_works_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "new@example.com", "member").await;
    let body = json!({ "token": token, "password": PASSWORD });
    let first = app
        .visitor()
        .post("/invitations/accept", body.clone())
        .await;
    let new = app.visitor().with_tokens(first.expect(200));
    let again = app.visitor().post("/invitations/accept", body).await;
    assert_eq!(again.status, 409);
    assert_code(&again, "CONFLICT", "INVITATION_USED");
    let again = new
        .post("/invitations/accept", json!({ "token": token }))
        .await;
    assert_code(&again, "CONFLICT", "INVITATION_USED");
    app.finish().await;
}

#[tokio::test]
async fn a_link_expires() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "new@example.com", "member").await;
    let body = json!({ "token": token, "password": PASSWORD });
    app.advance_secs(7 * 24 * 3600);
    let late = app
        .visitor()
        .post("/invitations/accept", body.clone())
        .await;
    assert_eq!(late.status, 409);
    assert_code(&late, "CONFLICT", "INVITATION_EXPIRED");
    assert_eq!(db::counts(&app).await.users, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_link_works_until_its_last_second() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "new@example.com", "member").await;
    app.advance_secs(7 * 24 * 3600 - 1);
    let body = json!({ "token": token, "password": PASSWORD });
    app.visitor()
        .post("/invitations/accept", body)
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn repeating_an_invitation_renews_it_and_voids_the_older_link() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let old = token(&app, &acme, "new@example.com", "member").await;
    app.advance_secs(3 * 24 * 3600);
    let owner = acme.owner.sign_in().await;
    let body = json!({ "email": "NEW@example.com", "role": "admin" });
    owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    assert_eq!(db::counts(&app).await.invitations, 1);
    app.settle().await;
    assert_eq!(app.letters().await.len(), 2);
    let new = app
        .letters()
        .await
        .pop()
        .map(|letter| crate::support::letters::token_in(&letter.text));
    let accept = async |token: &str| {
        let body = json!({ "token": token, "password": PASSWORD });
        app.visitor().post("/invitations/accept", body).await
    };
    let voided = accept(&old).await;
    assert_same(&voided, &accept("not-a-token-of-anything").await);
    assert_eq!(
        (voided.status, voided.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    // The renewed one counts its time anew, and carries the role asked for last.
    app.advance_secs(6 * 24 * 3600);
    let reply = accept(&new.unwrap()).await;
    assert_eq!(reply.expect(200)["role"], "admin");
    app.finish().await;
}

#[tokio::test]
async fn an_outdated_letter_is_not_sent() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    for _ in 0..3 {
        acme.owner
            .post(&acme.path("/users/invite"), body.clone())
            .await
            .expect(201);
    }
    app.settle().await;
    assert_eq!(app.letters_to("new@example.com").await.len(), 1);
    let body = json!({ "token": app.token_for("new@example.com").await, "password": PASSWORD });
    app.visitor()
        .post("/invitations/accept", body)
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn whoever_has_an_account_signs_in_first() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "owner@beta.example.com", "member").await;
    let beta = app.company("Beta").await;
    let body = json!({ "token": token, "password": PASSWORD });
    let reply = app.visitor().post("/invitations/accept", body).await;
    assert_eq!(reply.status, 409);
    assert_code(&reply, "CONFLICT", "ACCOUNT_EXISTS");
    let reply = beta
        .owner
        .post("/invitations/accept", json!({ "token": token }))
        .await;
    let data = reply.expect(200);
    assert_eq!(data["tenant"]["id"], acme.id);
    assert_eq!(
        data["access_token"],
        Value::Null,
        "a session is there already"
    );
    app.finish().await;
}

#[tokio::test]
async fn nobody_joins_by_a_letter_to_somebody_else() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let token = token(&app, &acme, "new@example.com", "admin").await;
    let body = json!({ "token": token, "password": PASSWORD });
    let reply = beta.owner.post("/invitations/accept", body).await;
    assert_eq!(reply.status, 409);
    assert_code(&reply, "CONFLICT", "INVITATION_FOR_OTHER");
    assert_eq!(beta.owner.get(&acme.path("")).await.status, 403);
    app.finish().await;
}

#[tokio::test]
async fn a_visitor_without_a_password_is_asked_for_credentials() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "new@example.com", "member").await;
    let reply = app
        .visitor()
        .post("/invitations/accept", json!({ "token": token }))
        .await;
    assert_eq!(
        (reply.status, reply.failure().code.as_str()),
        (401, "UNAUTHENTICATED")
    );
    let weak = json!({ "token": token, "password": "short" });
    let reply = app.visitor().post("/invitations/accept", weak).await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.failure().fields, ["password"]);
    let own = json!({ "token": token, "password": "New@Example.com" });
    let reply = app.visitor().post("/invitations/accept", own).await;
    assert_code(&reply, "INVALID_INPUT", "PASSWORD_IS_EMAIL");
    let missing = app.visitor().post("/invitations/accept", json!({})).await;
    assert_eq!(missing.failure().fields, ["token"]);
    // None of it used the link up.
    let body = json!({ "token": token, "password": PASSWORD });
    app.visitor()
        .post("/invitations/accept", body)
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn whoever_became_a_member_otherwise_is_told_so() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "owner@beta.example.com", "member").await;
    let beta = app.company("Beta").await;
    let body = json!({ "email": beta.owner.email, "role": "admin" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    let reply = beta
        .owner
        .post("/invitations/accept", json!({ "token": token }))
        .await;
    assert_eq!(reply.status, 409, "{reply}");
    let role = beta.owner.get(&acme.path("")).await;
    assert_eq!(role.expect(200)["role"], "admin");
    app.finish().await;
}

#[tokio::test]
async fn the_page_of_the_link_is_there_and_keeps_the_token_to_itself() {
    let app = TestApp::new().await;
    let page = app
        .visitor()
        .send(crate::support::Method::GET, "/join", None)
        .await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html"),
        "{page}"
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("unsafe-eval") && !policy.contains('*'),
        "{policy}"
    );
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(
        page.body.contains("location.hash") || page.body.contains("<script src"),
        "{page}"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_tenants_own_words_cannot_break_its_letter() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let name = "Evil https://evil.example/#stolen & Co";
    acme.owner
        .patch(&acme.path(""), json!({ "name": name }))
        .await
        .expect(200);
    let body = json!({ "email": "new@example.com", "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    app.settle().await;
    let letter = app.letter_to("new@example.com").await;
    assert!(
        !letter.subject.contains('\n') && !letter.subject.contains('\r'),
        "{letter:?}"
    );
    let own = crate::support::settings::PUBLIC_URL;
    let link = letter
        .text
        .split_whitespace()
        .find(|word| word.starts_with(own))
        .unwrap();
    let body = json!({ "token": link.split_once('#').unwrap().1, "password": PASSWORD });
    let reply = app.visitor().post("/invitations/accept", body).await;
    assert_eq!(text(reply.expect(200), "/tenant/name"), name);
    app.finish().await;
}

#[tokio::test]
async fn the_page_that_links_lead_to_is_a_setting() {
    let app = TestApp::with(|config| {
        config.members.invitation_url = "https://app.example.com/welcome?lang=uk".parse().unwrap();
        config.members.invitation_ttl = std::time::Duration::from_hours(1);
    })
    .await;
    let acme = app.company("Acme").await;
    let token = token(&app, &acme, "new@example.com", "member").await;
    let letter = app.letter_to("new@example.com").await;
    let link = format!("https://app.example.com/welcome?lang=uk#{token}");
    assert!(letter.text.contains(&link), "{letter:?}");
    app.advance_secs(3600);
    let body = json!({ "token": token, "password": PASSWORD });
    let late = app.visitor().post("/invitations/accept", body).await;
    assert_code(&late, "CONFLICT", "INVITATION_EXPIRED");
    app.finish().await;
}
