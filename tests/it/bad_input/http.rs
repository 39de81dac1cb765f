//! Requests that reach no handler: unknown routes, wrong methods, sizes, origins, ids.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::assert_tells_nothing;
use crate::support::{Actor, Method, Reply, TestApp};

async fn send(
    who: &Actor,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = who
        .http
        .request(method.clone(), format!("{}{path}", who.base))
        .body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Reply::of(format!("{method} {path}"), request).await
}

#[track_caller]
fn assert_envelope(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{reply}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{reply}"
    );
    assert_eq!(reply.failure().code, code, "{reply}");
    assert!(
        reply.json["request_id"]
            .as_str()
            .is_some_and(|id| !id.is_empty()),
        "{reply}"
    );
    assert_tells_nothing(reply);
}

#[tokio::test]
async fn unknown_routes_and_methods_have_the_common_body() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    for path in [
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v1/nowhere",
        "/api/v2/auth/login",
        "/.env",
        "/api/v1/../../etc/passwd",
        "/api/v1/auth/login/extra",
        "/%2e%2e/%00",
        "/graphql/x",
        "/docs/nothing.js",
        "/ROOT",
    ] {
        let reply = send(&visitor, "GET", path, &[], String::new()).await;
        assert_envelope(&reply, 404, "ROUTE_NOT_FOUND");
    }
    for (method, path, allowed) in [
        ("GET", "/api/v1/auth/login", "POST"),
        ("DELETE", "/api/v1/auth/register", "POST"),
        ("PUT", "/api/v1/tenants", "GET"),
        ("PATCH", "/api/v1/billing/plans", "GET"),
        ("POST", "/health", "GET"),
        ("PUT", "/graphql", "POST"),
    ] {
        let reply = send(&visitor, method, path, &[], String::new()).await;
        assert_envelope(&reply, 405, "METHOD_NOT_ALLOWED");
        assert!(reply.header("allow").unwrap().contains(allowed), "{reply}");
    }
    let odd = send(&visitor, "BREW", "/api/v1/auth/me", &[], String::new()).await;
    assert_envelope(&odd, 405, "METHOD_NOT_ALLOWED");
    app.finish().await;
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_by_both_doors() {
    let app = TestApp::with(|config| config.server.max_body_bytes = 10_000).await;
    let acme = app.company("Acme").await;
    let json = [("content-type", "application/json")];
    let body = |bytes: usize| format!("{{\"name\":\"{}\"}}", "x".repeat(bytes));
    for path in ["/api/v1/auth/login", "/graphql"] {
        let reply = send(&acme.owner, "POST", path, &json, body(20_000)).await;
        assert_eq!(reply.status, 413, "{reply}");
        assert_eq!(reply.failure().code, "PAYLOAD_TOO_LARGE", "{reply}");
    }
    // Without a length, the body is cut off while it is read.
    let reply = in_chunks(&acme.owner.base, 100).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    assert!(reply.contains("PAYLOAD_TOO_LARGE"), "{reply}");
    // At the limit, the body is read.
    let at_limit = send(
        &acme.owner,
        "POST",
        "/api/v1/auth/login",
        &json,
        body(9_000),
    )
    .await;
    assert_eq!(at_limit.status, 422, "{at_limit}");
    app.finish().await;
}

/// A body that does not say how long it will be: so many chunks of a thousand bytes.
async fn in_chunks(base: &str, chunks: usize) -> String {
    let address = base.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
                Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..chunks {
        let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
        // The server may have answered and stopped listening already.
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    String::from_utf8_lossy(&reply).into_owned()
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    for path in [
        "/",
        "/health",
        "/nowhere",
        "/api/v1/auth/me",
        "/api/v1/billing/plans",
    ] {
        let given = [("x-request-id", "My-id_1.2")];
        let reply = send(&visitor, "GET", path, &given, String::new()).await;
        assert_eq!(reply.header("x-request-id"), Some("My-id_1.2"), "{reply}");
        if reply.status >= 400 {
            assert_eq!(reply.json["request_id"], "My-id_1.2");
        }
        let one = send(&visitor, "GET", path, &[], String::new()).await;
        let two = send(&visitor, "GET", path, &[], String::new()).await;
        let id = |reply: &Reply| reply.header("x-request-id").map(str::to_owned);
        assert!(id(&one).is_some() && id(&one) != id(&two), "{one}");
    }
    // An id that could spoil a log is not taken over.
    let long = "x".repeat(65);
    for spoiled in ["a b", "a\"b", "{}", "", long.as_str(), "é"] {
        let reply = send(
            &visitor,
            "GET",
            "/health",
            &[("x-request-id", spoiled)],
            String::new(),
        )
        .await;
        assert_ne!(reply.header("x-request-id"), Some(spoiled));
    }
    app.finish().await;
}

#[tokio::test]
async fn browsers_of_allowed_origins_may_read_everything_errors_too() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let origin = [("origin", "http://localhost:3000")];
    for path in [
        "/api/v1/billing/plans",
        "/api/v1/auth/me",
        "/nowhere",
        "/api/v1/auth/login",
    ] {
        let reply = send(&visitor, "GET", path, &origin, String::new()).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("http://localhost:3000")
        );
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            Some("true"),
            "{reply}"
        );
        assert!(
            reply
                .header("vary")
                .unwrap()
                .to_lowercase()
                .contains("origin"),
            "{reply}"
        );
        let stranger = [("origin", "https://evil.example")];
        let reply = send(&visitor, "GET", path, &stranger, String::new()).await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{reply}");
        assert!(
            reply
                .header("vary")
                .unwrap()
                .to_lowercase()
                .contains("origin"),
            "{reply}"
        );
    }
    let preflight = |origin: &'static str, method: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", method),
            (
                "access-control-request-headers",
                "authorization, content-type, x-anything",
            ),
        ]
    };
    for path in ["/api/v1/tenants", "/graphql", "/nowhere"] {
        let asked = preflight("http://localhost:3000", "PATCH");
        let reply = send(&visitor, "OPTIONS", path, &asked, String::new()).await;
        assert_eq!(reply.status, 200, "{reply}");
        let methods = reply.header("access-control-allow-methods").unwrap();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert!(methods.contains(method), "{methods}");
        }
        let headers = reply.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("x-anything"), "{headers}");
        assert_eq!(reply.header("access-control-max-age"), Some("600"));
        let asked = preflight("https://evil.example", "PATCH");
        let reply = send(&visitor, "OPTIONS", path, &asked, String::new()).await;
        assert_eq!(reply.status, 400, "{reply}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    app.finish().await;
}

#[tokio::test]
async fn origins_are_a_setting() {
    use erpmax::config::Origins;
    let app = TestApp::with(|config| config.server.allowed_origins = Origins::Any).await;
    let anywhere = [("origin", "https://any.example")];
    let reply = send(&app.visitor(), "GET", "/health", &anywhere, String::new()).await;
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("https://any.example")
    );
    app.finish().await;
    let app =
        TestApp::with(|config| config.server.allowed_origins = Origins::List(Vec::new())).await;
    let local = [("origin", "http://localhost:3000")];
    let reply = send(&app.visitor(), "GET", "/health", &local, String::new()).await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
    app.finish().await;
}

#[tokio::test]
async fn nothing_secret_is_kept_on_the_way() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for path in ["/api/v1/auth/me", "/api/v1/billing/plans", "/nowhere"] {
        let reply = acme.owner.send(Method::GET, path, None).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply}");
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{reply}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_with_the_common_body() {
    let app = TestApp::with(|config| config.server.request_timeout = Duration::ZERO).await;
    let visitor = app.visitor();
    let login = json!({ "email": "a@example.com", "password": "some password" });
    let json = [("content-type", "application/json")];
    let body = login.to_string();
    let reply = send(&visitor, "POST", "/api/v1/auth/login", &json, body).await;
    assert_envelope(&reply, 503, "TIMEOUT");
    // A GraphQL client finds the code where it looks for it, and the others where they do.
    let query = "mutation($input: LoginInput!) { login(input: $input) { tokens { expiresIn } } }";
    let body = json!({ "query": query, "variables": { "input": login } }).to_string();
    let reply = send(&visitor, "POST", "/graphql", &json, body).await;
    assert_envelope(&reply, 503, "TIMEOUT");
    assert_eq!(reply.json["error"]["code"], "TIMEOUT", "{reply}");
    app.finish().await;
}

#[tokio::test]
async fn headers_that_are_no_text_are_no_credentials() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let url = format!("{}/api/v1/auth/me", visitor.base);
    let long = format!("Bearer {}", "x".repeat(5_000));
    for header in [&b"Bearer \xff\xfe"[..], b"\xc3\xa9", long.as_bytes()] {
        let value = reqwest::header::HeaderValue::from_bytes(header).unwrap();
        let request = visitor.http.get(&url).header("authorization", value);
        let reply = Reply::of("GET with an odd header".to_owned(), request).await;
        assert_eq!(reply.status, 401, "{reply}");
    }
    app.finish().await;
}
