//! Bad input on REST's routes.

use serde_json::{Value, json};

use super::assert_tells_nothing;
use crate::support::{Actor, Method, Reply, TestApp, db};

/// A body, its headers and where it goes.
async fn raw(who: &Actor, path: &str, kind: Option<&str>, body: &[u8]) -> Reply {
    let mut request = who
        .http
        .post(format!("{}/api/v1{path}", who.base))
        .body(body.to_vec());
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    Reply::of(format!("POST {path} as {kind:?}"), who.signed(request)).await
}

#[track_caller]
fn assert_refused(reply: &Reply, field: &str, kind: &str) {
    assert_eq!(reply.status, 422, "{reply}");
    assert_eq!(reply.json["status"], "error", "{reply}");
    assert_eq!(reply.json["error"]["code"], "INVALID_INPUT", "{reply}");
    assert!(reply.json["error"]["reason"].is_string(), "{reply}");
    assert!(
        reply.json["detail"].is_string() && reply.json["message"].is_string(),
        "{reply}"
    );
    assert_eq!(reply.json["errors"][0]["field"], field, "{reply}");
    assert_eq!(reply.json["errors"][0]["type"], kind, "{reply}");
    assert_tells_nothing(reply);
}

#[tokio::test]
async fn bodies_that_are_no_json_objects() {
    let app = TestApp::new().await;
    let before = db::counts(&app).await;
    let visitor = app.visitor();
    let json = Some("application/json");
    for path in [
        "/auth/register",
        "/auth/login",
        "/auth/refresh",
        "/invitations/accept",
    ] {
        for (body, kind) in [
            (&b"{\"email\": "[..], "json_invalid"),
            (b"{'email': 1}", "json_invalid"),
            (b"{\"email\": \"a\",}", "json_invalid"),
            (b"\xff\xfe{}", "json_invalid"),
            (b"{\"email\": \"\xff\"}", "json_invalid"),
            (b"{\"email\": \"\\ud800\"}", "json_invalid"),
            (b"{} {}", "json_invalid"),
        ] {
            let reply = raw(&visitor, path, json, body).await;
            assert_eq!(reply.status, 422, "{reply}");
            assert_eq!(reply.json["errors"][0]["type"], kind, "{reply}");
            let field = reply.json["errors"][0]["field"].as_str().unwrap();
            assert!(field.starts_with("body"), "{reply}");
            assert_tells_nothing(&reply);
        }
        for body in ["[]", "\"text\"", "1", "null", "true"] {
            let reply = raw(&visitor, path, json, body.as_bytes()).await;
            assert_refused(&reply, "body", "model_attributes_type");
        }
        assert_refused(&raw(&visitor, path, json, b"").await, "body", "missing");
    }
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn bodies_of_another_type_are_bodies_of_the_wrong_type() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = br#"{"email":"owner@acme.example.com","password":"correct-Horse-7-battery"}"#;
    for kind in [
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
        Some("application/xml"),
        Some(""),
        None,
    ] {
        let reply = raw(&app.visitor(), "/auth/login", kind, body).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_eq!(reply.json["error"]["code"], "INVALID_INPUT", "{reply}");
        assert_eq!(reply.json["errors"][0]["field"], "body", "{reply}");
    }
    for kind in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;x=y",
    ] {
        raw(&app.visitor(), "/auth/login", Some(kind), body)
            .await
            .expect(200);
    }
    // What needs no body does not look at its type.
    let reply = raw(&acme.owner, "/auth/logout", Some("text/plain"), b"anything").await;
    assert_eq!(reply.status, 200, "{reply}");
    app.finish().await;
}

#[tokio::test]
async fn deep_and_wide_json() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for depth in [100, 200, 10_000] {
        let deep = format!(
            "{{\"settings\":{}1{}}}",
            "{\"a\":".repeat(depth),
            "}".repeat(depth)
        );
        let url = format!("{}/api/v1{}", acme.owner.base, acme.path(""));
        let request = acme
            .owner
            .http
            .patch(url)
            .header("content-type", "application/json")
            .body(deep);
        let reply = Reply::of(format!("depth {depth}"), acme.owner.signed(request)).await;
        assert!(matches!(reply.status, 200 | 422), "{}", reply.status);
        assert_tells_nothing(&reply);
    }
    let wide: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("k{n}"), json!(n))).collect();
    let reply = acme
        .owner
        .patch(&acme.path(""), json!({ "settings": wide }))
        .await;
    assert_eq!(reply.failure().reason.as_deref(), Some("TOO_LARGE"));
    let twice = r#"{"name":"First","name":"Second"}"#;
    let url = format!("{}/api/v1{}", acme.owner.base, acme.path(""));
    let request = acme
        .owner
        .http
        .patch(url)
        .header("content-type", "application/json")
        .body(twice);
    let reply = Reply::of("a key given twice".to_owned(), acme.owner.signed(request)).await;
    assert!(matches!(reply.status, 200 | 422), "{reply}");
    app.finish().await;
}

#[tokio::test]
async fn numbers_that_no_machine_holds() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let url = format!("{}/api/v1{}", acme.owner.base, acme.path(""));
    for number in [
        "1e400",
        "-1e400",
        "123456789012345678901234567890",
        "0.1e-400",
        "-0",
    ] {
        let body = format!("{{\"settings\":{{\"n\":{number}}}}}");
        let request = acme
            .owner
            .http
            .patch(&url)
            .header("content-type", "application/json")
            .body(body);
        let reply = Reply::of(format!("the number {number}"), acme.owner.signed(request)).await;
        assert!(matches!(reply.status, 200 | 422), "{reply}");
        assert_tells_nothing(&reply);
    }
    app.finish().await;
}

#[tokio::test]
async fn hostile_text_is_text() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for name in [
        "'; DROP TABLE tenants; --",
        "\" OR 1=1",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        "%00%0d%0a",
        "👩‍👩‍👧‍👦 и 株式会社",
        "a\u{feff}b",
    ] {
        let reply = acme
            .owner
            .patch(&acme.path(""), json!({ "name": name }))
            .await;
        assert_eq!(reply.expect(200)["name"], name);
        let reply = acme.owner.get(&acme.path("")).await;
        assert_eq!(reply.expect(200)["name"], name);
    }
    for control in [
        "a\u{0}b",
        "a\nb",
        "a\r\nb",
        "\u{1b}[31m",
        "a\u{7f}",
        "\u{202e}evil",
        "a\u{2066}b",
    ] {
        let reply = acme
            .owner
            .patch(&acme.path(""), json!({ "name": control }))
            .await;
        assert_eq!(
            reply.failure().reason.as_deref(),
            Some("CONTROL_CHARACTER"),
            "{control:?}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn nul_bytes_everywhere() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::counts(&app).await;
    let nul = "a\u{0}b";
    let register = |field: &str| {
        let mut body = json!({
            "email": "n@example.com", "password": "correct-Horse-7", "full_name": "N",
            "company_name": "N",
        });
        body[field] = json!(nul.repeat(5));
        body
    };
    for field in ["email", "password", "full_name", "company_name"] {
        let reply = app.visitor().post("/auth/register", register(field)).await;
        assert_eq!(reply.status, 422, "{field}: {reply}");
        assert_eq!(reply.failure().fields, [field]);
    }
    let login = json!({ "email": nul, "password": nul });
    assert_eq!(app.visitor().post("/auth/login", login).await.status, 422);
    let login = json!({ "email": acme.owner.email, "password": nul });
    assert_eq!(app.visitor().post("/auth/login", login).await.status, 401);
    let refresh = json!({ "refresh_token": nul });
    assert_eq!(
        app.visitor().post("/auth/refresh", refresh).await.status,
        401
    );
    let accept = json!({ "token": nul, "password": "correct-Horse-7" });
    assert_eq!(
        app.visitor()
            .post("/invitations/accept", accept)
            .await
            .status,
        404
    );
    let invite = json!({ "email": nul, "role": nul });
    let reply = acme.owner.post(&acme.path("/users/invite"), invite).await;
    assert_eq!(reply.failure().fields, ["email", "role"]);
    for path in [
        "/tenants/%00",
        "/tenants/%00/users",
        "/tenants?page=%00",
        "/tenants?size=1%00",
    ] {
        let reply = acme.owner.get(path).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_tells_nothing(&reply);
    }
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn all_problems_are_told_at_once_in_order() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let wrong = json!({ "email": 1, "password": "x", "full_name": null, "company_name": " " });
    let reply = app.visitor().post("/auth/register", wrong).await;
    let kinds: Vec<_> = reply.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["type"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("body -> email", "string_type"),
        ("body -> password", "string_too_short"),
        ("body -> full_name", "string_type"),
        ("body -> company_name", "value_error"),
    ];
    assert_eq!(kinds, expected);
    // Path and body together.
    let path = "/tenants/nowhere/users/nobody";
    let reply = acme.owner.patch(path, json!({ "role": "king" })).await;
    assert_eq!(reply.failure().fields, ["tenant_id", "user_id", "role"]);
    // Whatever is not known is ignored.
    let extra = json!({ "name": "Acme", "unknown": { "deep": [1] }, "__proto__": {} });
    acme.owner.patch(&acme.path(""), extra).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn queries_of_every_kind_of_nonsense() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for query in [
        "?page=",
        "?page=1.5",
        "?page=abc",
        "?size=1e3",
        "?page=0x10",
        "?page=%ff",
    ] {
        let reply = acme.owner.get(&format!("/tenants{query}")).await;
        assert_eq!(reply.status, 422, "{query}: {reply}");
        let name = if query.contains("size") {
            "query -> size"
        } else {
            "query -> page"
        };
        assert_refused(&reply, name, "int_parsing");
    }
    for query in [
        "?",
        "?page",
        "?unknown=1&&&",
        "?page=1&page=2",
        "?page=%31",
        "?=&=",
        "?%zz=1",
    ] {
        let reply = acme.owner.get(&format!("/tenants{query}")).await;
        assert!(matches!(reply.status, 200 | 422), "{query}: {reply}");
        assert_tells_nothing(&reply);
    }
    let both = acme.owner.get("/tenants?page=a&size=b").await;
    assert_eq!(both.failure().fields, ["page", "size"]);
    for huge in [
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999999999",
    ] {
        let reply = acme
            .owner
            .get(&format!("/tenants?page={huge}&size={huge}"))
            .await;
        assert!(reply.expect(200).as_array().unwrap().len() <= 1, "{reply}");
        let users = acme
            .owner
            .get(&acme.path(&format!("/users?page={huge}&size={huge}")))
            .await;
        users.expect(200);
        let invited = acme.path(&format!("/invitations?page={huge}&size={huge}"));
        acme.owner.get(&invited).await.expect(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_missing_body_is_told_after_the_credentials() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (method, path) in [
        (Method::POST, "/auth/switch-tenant".to_owned()),
        (Method::POST, acme.path("/users/invite")),
        (Method::PATCH, acme.path("")),
        (Method::PATCH, acme.seat(&acme.owner)),
    ] {
        let anonymous = app.visitor().rest(method.clone(), &path, None).await;
        assert_eq!(anonymous.status, 401, "{anonymous}");
        let reply = acme.owner.rest(method, &path, None).await;
        assert_refused(&reply, "body", "missing");
    }
    let reply = acme
        .owner
        .rest(Method::PATCH, &acme.path(""), Some(Value::Null))
        .await;
    assert_refused(&reply, "body", "model_attributes_type");
    app.finish().await;
}
