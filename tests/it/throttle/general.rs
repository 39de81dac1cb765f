//! The general limit: whatever a client asks for.

use secrecy::SecretString;

use super::*;
use crate::support::Method;

const TOKEN: &str = "the-token-of-the-reader";

#[tokio::test]
async fn a_client_may_ask_for_anything_only_so_often() {
    let app = TestApp::with(|config| {
        as_printed(config);
        behind_proxies(config);
        config.limits.client_requests_per_minute = 60;
        config.metrics.token = Some(SecretString::from(TOKEN));
    })
    .await;
    let visitor = app.visitor();
    for n in 0..20 {
        visitor.get("/billing/plans").await.expect(200);
        visitor.gql("{ plans { id } }", json!({})).await.ok();
        assert_eq!(visitor.get(&format!("/nowhere/{n}")).await.status, 404);
    }
    for path in ["/billing/plans", "/nowhere", "/auth/me"] {
        let reply = visitor.get(path).await;
        assert_eq!(wait_of(Door::Rest, &reply), 1);
    }
    let reply = visitor.gql("{ plans { id } }", json!({})).await;
    assert_eq!(wait_of(Door::Graphql, &reply), 1);
    assert_eq!(reply.status, 429, "{reply}");
    assert_eq!(reply.header("retry-after"), Some("1"));
    // A page may read why.
    let origin = saying(&visitor, reqwest::header::ORIGIN, "http://localhost:3000");
    let reply = origin.get("/billing/plans").await;
    assert_eq!(reply.status, 429, "{reply}");
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    // Those who watch over the service are answered.
    for path in ["/health", "/health/", "/health/ready"] {
        assert_eq!(
            visitor.send(Method::GET, path, None).await.status,
            200,
            "{path}"
        );
    }
    let reader = visitor.with_access(TOKEN);
    let metrics = reader.send(Method::GET, "/metrics", None).await;
    let refused = "erpmax_rate_limited_total{class=\"request\",axis=\"client\"} 5";
    assert!(metrics.body.contains(refused), "{metrics}");
    // Others are not concerned, and what is told is true.
    at(&visitor, "192.0.2.1")
        .get("/billing/plans")
        .await
        .expect(200);
    app.advance_secs(1);
    visitor.get("/billing/plans").await.expect(200);
    assert_eq!(wait_of(Door::Rest, &visitor.get("/billing/plans").await), 1);
    app.finish().await;
}

#[tokio::test]
async fn the_scale_multiplies_it() {
    let app = TestApp::with(|config| {
        config.limits.scale = Scale::SMALLEST;
        config.limits.client_requests_per_minute = 20_000;
    })
    .await;
    let visitor = app.visitor();
    for _ in 0..2 {
        visitor.get("/billing/plans").await.expect(200);
    }
    assert_eq!(
        wait_of(Door::Rest, &visitor.get("/billing/plans").await),
        30
    );
    app.finish().await;
}
