//! What the doors say of themselves is what the repository holds, and holds together.

use serde_json::Value;

use crate::support::{Method, TestApp, json, snapshot};

#[test]
fn the_schema_is_the_committed_one() {
    snapshot::check("schema.graphql", &erpmax::graphql::sdl());
}

#[test]
fn the_openapi_document_is_the_committed_one() {
    let mut document = erpmax::rest::openapi().to_pretty_json().unwrap();
    document.push('\n');
    snapshot::check("docs/openapi.json", &document);
}

#[tokio::test]
async fn the_documents_are_served() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let document = visitor.send(Method::GET, "/openapi.json", None).await;
    assert_eq!(
        document.json["openapi"]
            .as_str()
            .map(|version| &version[..3]),
        Some("3.1")
    );
    assert_eq!(
        document.json,
        serde_json::to_value(erpmax::rest::openapi()).unwrap()
    );
    let bearer = &document.json["components"]["securitySchemes"]["bearer"];
    assert_eq!(
        (&bearer["type"], &bearer["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    for page in ["/docs", "/docs/"] {
        let docs = visitor.send(Method::GET, page, None).await;
        assert_eq!(docs.status, 200, "{page}");
        assert!(docs.body.contains("swagger-ui"), "{}", docs.body);
        assert!(
            !docs.body.contains("https://"),
            "loads from elsewhere: {}",
            docs.body
        );
    }
    let root = visitor.send(Method::GET, "/", None).await;
    let expected =
        json!({ "service": "ERPMax Orchestrator", "version": "0.1.0", "status": "running" });
    assert_eq!(root.json, expected);
    let health = visitor.send(Method::GET, "/health", None).await;
    assert_eq!(health.json, json!({ "status": "healthy" }));
    let ready = visitor.send(Method::GET, "/health/ready", None).await;
    assert_eq!(
        (ready.status, &ready.json["status"]),
        (200, &json!("ready")),
        "{ready}"
    );
    app.finish().await;
}

#[tokio::test]
async fn readiness_says_what_is_missing_and_liveness_does_not_care() {
    let app = TestApp::new().await;
    app.app.db.close().await.unwrap();
    let visitor = app.visitor();
    let health = visitor.send(Method::GET, "/health", None).await;
    assert_eq!(health.status, 200);
    let ready = visitor.send(Method::GET, "/health/ready", None).await;
    assert_eq!(ready.status, 503, "{ready}");
    assert_eq!(
        ready.json["error"]["details"]["parts"]["database"], "unavailable",
        "{ready}"
    );
    // A request that needs the database is refused in one voice, without a word of the cause.
    for (path, status) in [("/api/v1/billing/plans", 500), ("/api/v1/auth/me", 401)] {
        let reply = visitor.send(Method::GET, path, None).await;
        assert_eq!(reply.status, status, "{reply}");
    }
    let reply = visitor.get("/billing/plans").await;
    assert_eq!(reply.failure().code, "INTERNAL");
    assert_eq!(reply.failure().message, "Something went wrong on our side.");
    let reply = visitor.gql("{ plans { id } }", json!({})).await;
    assert_eq!(reply.failure().code, "INTERNAL");
    assert_eq!(reply.failure().message, "Something went wrong on our side.");
    assert_eq!(reply.json["data"], Value::Null);
    app.abandon().await;
}
