//! What every answer says to a browser, and that none keeps a cookie there.

use serde_json::{Value, json};

use crate::support::{Actor, Method, PASSWORD, Reply, TestApp};

/// An id that is well formed and names nothing.
const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

/// Every route that is described, and those for people; asked by this person.
async fn all_answers(app: &TestApp, who: &Actor) -> Vec<Reply> {
    let document = serde_json::to_value(erpmax::rest::openapi()).unwrap();
    let mut asked = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path: Vec<_> = path
            .split('/')
            .map(|part| if part.starts_with('{') { NOBODY } else { part })
            .collect();
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            asked.push((method, path.join("/")));
        }
    }
    for path in [
        "/docs",
        "/docs/swagger-ui.css",
        "/join",
        "/join.js",
        "/openapi.json",
        "/graphql",
        "/nowhere",
        "/metrics",
    ] {
        asked.push((Method::GET, path.to_owned()));
    }
    asked.push((Method::OPTIONS, "/graphql".to_owned()));
    assert!(asked.len() > 25, "{asked:?}");
    let mut answers = Vec::new();
    for (method, path) in asked {
        let body = (method != Method::GET).then(|| json!({}));
        answers.push(who.send(method, &path, body).await);
    }
    answers.push(who.gql("{ plans { id } }", json!({})).await);
    answers.push(app.visitor().gql("{ nonsense", json!({})).await);
    answers
}

fn of(reply: &Reply, name: &str) -> String {
    let missing = || panic!("{} has no {name}: {:?}", reply.what, reply.headers);
    reply.header(name).unwrap_or_else(missing).to_owned()
}

#[tokio::test]
async fn every_answer_is_closed_to_others_and_keeps_no_cookie() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut answers = all_answers(&app, &app.visitor()).await;
    answers.extend(all_answers(&app, &acme.owner).await);
    for reply in &answers {
        assert_eq!(reply.header("set-cookie"), None, "{}", reply.what);
        assert_eq!(of(reply, "x-content-type-options"), "nosniff");
        assert_eq!(of(reply, "x-frame-options"), "DENY");
        assert_eq!(of(reply, "referrer-policy"), "no-referrer");
        assert_eq!(of(reply, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(of(reply, "cross-origin-resource-policy"), "same-origin");
        assert!(of(reply, "permissions-policy").contains("camera=()"));
        let policy = of(reply, "content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{}", reply.what);
        if of(reply, "content-type").contains("json") {
            assert!(policy.contains("default-src 'none'"), "{}", reply.what);
        }
        assert_eq!(reply.header("strict-transport-security"), None);
        assert_eq!(reply.header("server"), None);
    }
    app.finish().await;
}

#[tokio::test]
async fn credentials_are_kept_by_nobody_on_the_way() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let login = json!({ "email": acme.owner.email, "password": PASSWORD });
    let refresh = json!({ "refresh_token": acme.owner.sign_in().await.refresh });
    let register = json!({
        "email": "new@example.com", "password": PASSWORD, "full_name": "N", "company_name": "N",
    });
    let in_graphql = "mutation($input: LoginInput!) {
        login(input: $input) { tokens { accessToken refreshToken } } }";
    let switch = json!({ "tenant_id": acme.id });
    let answers = [
        app.visitor().post("/auth/login", login.clone()).await,
        app.visitor().post("/auth/refresh", refresh).await,
        app.visitor().post("/auth/register", register).await,
        acme.owner.post("/auth/switch-tenant", switch).await,
        app.visitor()
            .gql(in_graphql, json!({ "input": login }))
            .await,
    ];
    for reply in answers {
        assert!(
            reply.status < 300 && reply.json["errors"] == Value::Null,
            "{reply}"
        );
        assert_eq!(of(&reply, "cache-control"), "no-store", "{reply}");
        assert_eq!(reply.header("set-cookie"), None, "{reply}");
        assert_eq!(reply.header("etag"), None, "{reply}");
    }
    app.finish().await;
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_stay_there() {
    let url = "https://api.example.com/".parse().unwrap();
    let app = TestApp::with(|config| config.server.public_url = url).await;
    for path in ["/health", "/nowhere", "/docs"] {
        let reply = app.visitor().send(Method::GET, path, None).await;
        assert_eq!(of(&reply, "strict-transport-security"), "max-age=31536000");
    }
    app.finish().await;
}
