//! Signing out, and the session row being the truth (ruling 12).

use serde_json::{Value, json};

use crate::support::{TestApp, db};

#[tokio::test]
async fn logout_ends_this_session_and_no_other() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = acme.owner.sign_in().await;

    let reply = acme.owner.post("/auth/logout", Value::Null).await;
    assert_eq!(reply.json["status"], "success");
    assert!(reply.json["message"].is_string(), "{reply}");
    assert_eq!(reply.status, 200);

    assert_eq!(acme.owner.get("/auth/me").await.status, 401);
    let body = json!({ "refresh_token": acme.owner.refresh });
    assert_eq!(acme.owner.post("/auth/refresh", body).await.status, 401);
    assert_eq!(
        acme.owner.post("/auth/logout", Value::Null).await.status,
        401
    );
    other.get("/auth/me").await.expect(200);
    let body = json!({ "refresh_token": other.refresh });
    other.post("/auth/refresh", body).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn logout_needs_no_body_and_takes_any() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for body in [None, Some(json!({})), Some(json!({ "anything": 1 }))] {
        let session = acme.owner.sign_in().await;
        session
            .rest(crate::support::Method::POST, "/auth/logout", body)
            .await
            .expect(200);
        assert_eq!(session.get("/auth/me").await.status, 401);
    }
    assert_eq!(
        app.visitor().post("/auth/logout", Value::Null).await.status,
        401
    );
    app.finish().await;
}

#[tokio::test]
async fn a_restart_revives_no_session() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let living = acme.owner.sign_in().await;
    acme.owner
        .post("/auth/logout", Value::Null)
        .await
        .expect(200);
    let (ended, living) = (acme.owner.clone(), living.clone());
    let app = app.restart().await;
    assert_eq!(app.moved(&ended).get("/auth/me").await.status, 401);
    app.moved(&living).get("/auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_deleted_account_has_no_session() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    db::delete_user(&app, &member.id).await;
    assert_eq!(member.get("/auth/me").await.status, 401);
    app.finish().await;
}
