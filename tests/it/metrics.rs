//! `/metrics`: what it counts, who may read it, and the page that describes it.

#![expect(clippy::float_cmp, reason = "counts are exact in any format")]

use std::{fmt::Write, time::Duration};

use erpmax::{metrics::Metrics, server};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{Actor, Method, TestApp, process::Place, snapshot};

const TOKEN: &str = "the-token-of-the-reader";

/// With the metrics on the public port, for whoever shows the token.
async fn app_with_token() -> (TestApp, Actor) {
    let app = TestApp::with(|config| config.metrics.token = Some(SecretString::from(TOKEN))).await;
    let reader = app.visitor().with_access(TOKEN);
    (app, reader)
}

async fn scrape(reader: &Actor) -> String {
    let reply = reader.send(Method::GET, "/metrics", None).await;
    assert_eq!(reply.status, 200, "{reply}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(reply.body.ends_with("# EOF\n"), "{reply}");
    reply.body
}

/// The value of a series, written as a scrape shows it.
#[track_caller]
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.trim().parse().expect("a number")
}

fn has(text: &str, series: &str) -> bool {
    text.lines().any(|line| line.starts_with(series))
}

#[tokio::test]
async fn requests_are_counted_by_pattern_and_status() {
    let (app, reader) = app_with_token().await;
    let acme = app.company("Acme").await;
    let visitor = app.visitor();
    for n in 0..3 {
        acme.owner.get(&acme.path("/users")).await.expect(200);
        visitor.get(&format!("/nowhere/{n}")).await;
    }
    visitor.get("/auth/me").await;
    let odd = Method::from_bytes(b"BREW").unwrap();
    visitor.send(odd, "/health", None).await;
    let text = scrape(&reader).await;
    let count = |method: &str, route: &str, status: &str| {
        let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
        value(&text, &format!("erpmax_http_requests_total{labels}"))
    };
    assert_eq!(
        count("GET", "/api/v1/tenants/{tenant_id}/users", "200"),
        3.0
    );
    assert_eq!(count("GET", "none", "404"), 3.0);
    assert_eq!(count("GET", "/api/v1/auth/me", "401"), 1.0);
    assert_eq!(count("other", "/health", "405"), 1.0);
    let timed = "erpmax_http_request_duration_seconds_count\
                 {method=\"GET\",route=\"/api/v1/tenants/{tenant_id}/users\"}";
    assert_eq!(value(&text, timed), 3.0);
    // The one that asks.
    assert_eq!(value(&text, "erpmax_http_requests_in_flight"), 1.0);
    assert!(!text.contains(&acme.id), "an id is a label");
    app.finish().await;
}

#[tokio::test]
async fn operations_are_counted_by_name_and_outcome() {
    let (app, reader) = app_with_token().await;
    let acme = app.company("Acme").await;
    for _ in 0..2 {
        acme.owner
            .gql("query Mine { viewer { id } }", json!({}))
            .await
            .ok();
    }
    let visitor = app.visitor();
    visitor
        .gql("query Stranger { viewer { id } }", json!({}))
        .await;
    visitor.gql("{ plans { id } }", json!({})).await.ok();
    visitor.gql("{ nonsense", json!({})).await;
    let text = scrape(&reader).await;
    let count = |name: &str, outcome: &str| {
        let labels = format!("{{operation=\"{name}\",outcome=\"{outcome}\"}}");
        value(&text, &format!("erpmax_graphql_operations_total{labels}"))
    };
    assert_eq!(count("Mine", "ok"), 2.0);
    assert_eq!(count("other", "UNAUTHENTICATED"), 1.0);
    assert_eq!(count("anonymous", "ok"), 1.0);
    assert_eq!(count("anonymous", "GRAPHQL_PARSE_FAILED"), 1.0);
    assert!(!text.contains("Stranger"));
    let timed = "erpmax_graphql_operation_duration_seconds_count{operation=\"Mine\"}";
    assert_eq!(value(&text, timed), 2.0);
    app.finish().await;
}

#[tokio::test]
async fn nobody_makes_the_metrics_grow() {
    let (app, reader) = {
        let app = TestApp::with(|config| {
            config.metrics.token = Some(SecretString::from(TOKEN));
            config.metrics.operation_names = 3;
        });
        let app = app.await;
        let reader = app.visitor().with_access(TOKEN);
        (app, reader)
    };
    let acme = app.company("Acme").await;
    for n in 0..20 {
        let query = format!("query Q{n} {{ viewer {{ id }} }}");
        acme.owner.gql(&query, json!({})).await.ok();
        app.visitor().gql(&query, json!({})).await;
        app.visitor()
            .send(Method::GET, &format!("/x{n}"), None)
            .await;
    }
    scrape(&reader).await;
    // The first one counts itself in the second.
    let text = scrape(&reader).await;
    let names = (0..20).filter(|n| text.contains(&format!("\"Q{n}\"")));
    assert_eq!(names.count(), 3, "{text}");
    let before = text.lines().count();
    for n in 20..40 {
        let query = format!("query Q{n} {{ viewer {{ id }} }}");
        acme.owner.gql(&query, json!({})).await.ok();
    }
    assert_eq!(scrape(&reader).await.lines().count(), before);
    app.finish().await;
}

#[tokio::test]
async fn storage_hashing_jobs_and_the_process_are_told() {
    let (app, reader) = app_with_token().await;
    let acme = app.company("Acme").await;
    let invite = json!({ "email": "new@example.com", "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), invite)
        .await
        .expect(201);
    app.advance(Duration::from_secs(90));
    let text = scrape(&reader).await;
    assert_eq!(
        value(
            &text,
            "erpmax_outbox_jobs{lane=\"letters\",state=\"waiting\"}"
        ),
        1.0
    );
    assert_eq!(
        value(&text, "erpmax_outbox_jobs{lane=\"letters\",state=\"dead\"}"),
        0.0
    );
    assert_eq!(value(&text, "erpmax_outbox_lag_seconds"), 90.0);
    for kind in ["select", "insert"] {
        let statements = format!("erpmax_sql_statements_total{{kind=\"{kind}\",outcome=\"ok\"}}");
        assert!(value(&text, &statements) >= 1.0);
        let timed = format!("erpmax_sql_statement_duration_seconds_count{{kind=\"{kind}\"}}");
        assert!(value(&text, &timed) >= 1.0);
    }
    assert_eq!(value(&text, "erpmax_database_connections_max"), 6.0);
    let open = value(&text, "erpmax_database_connections{state=\"idle\"}")
        + value(&text, "erpmax_database_connections{state=\"in_use\"}");
    assert!((1.0..=6.0).contains(&open), "{open}");
    // One account was made.
    assert_eq!(value(&text, "erpmax_hashing_work_seconds_count"), 1.0);
    assert_eq!(value(&text, "erpmax_hashing_wait_seconds_count"), 1.0);
    assert_eq!(value(&text, "erpmax_hashing{state=\"waiting\"}"), 0.0);
    assert_eq!(value(&text, "erpmax_hashing_refused_total"), 0.0);
    assert!(value(&text, "erpmax_events_total{kind=\"invitation_sent\"}") >= 1.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1e6);
    assert!(value(&text, "process_open_fds") > 3.0);
    assert!(value(&text, "process_cpu_seconds_total") > 0.0);
    let version = concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    assert_eq!(value(&text, &format!("erpmax_build_info{version}")), 1.0);

    app.settle().await;
    let text = scrape(&reader).await;
    let done = "erpmax_jobs_handled_total{kind=\"invitation_mail\",outcome=\"done\"}";
    assert_eq!(value(&text, done), 1.0);
    app.app.metrics.rate_limited("sign_in", "ip");
    let limited = "erpmax_rate_limited_total{class=\"sign_in\",axis=\"ip\"}";
    assert_eq!(value(&scrape(&reader).await, limited), 1.0);
    app.finish().await;
}

#[tokio::test]
async fn readers_in_a_hurry_do_not_load_the_database() {
    let (app, reader) = app_with_token().await;
    let sent = app
        .sql(async || {
            let readers = (0..20).map(|_| scrape(&reader));
            futures::future::join_all(readers).await;
        })
        .await;
    // The answer holds for a second, which twenty readers may use up on a busy machine.
    assert!((1..=3).contains(&sent), "{sent} statements for 20 readers");
    app.finish().await;
}

#[tokio::test]
async fn without_a_database_the_rest_is_told() {
    let (app, reader) = app_with_token().await;
    app.app.db.close().await.unwrap();
    let text = scrape(&reader).await;
    assert!(value(&text, "erpmax_outbox_lag_seconds").is_nan());
    assert!(
        value(
            &text,
            "erpmax_outbox_jobs{lane=\"letters\",state=\"waiting\"}"
        )
        .is_nan()
    );
    assert!(has(&text, "erpmax_http_requests_in_flight"));
    app.abandon().await;
}

#[tokio::test]
async fn only_who_shows_the_token_reads() {
    let (app, _) = app_with_token().await;
    let visitor = app.visitor();
    let long = format!("{TOKEN}x");
    for shown in [
        None,
        Some(""),
        Some("wrong"),
        Some(long.as_str()),
        Some(&TOKEN[1..]),
    ] {
        let who = Actor {
            access: shown.map(str::to_owned),
            ..visitor.clone()
        };
        let reply = who.send(Method::GET, "/metrics", None).await;
        assert_eq!(reply.status, 401, "{shown:?}: {reply}");
        assert_eq!(reply.failure().code, "UNAUTHENTICATED");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    app.finish().await;
    // Without token and address there is nothing to find.
    let app = TestApp::new().await;
    let reply = app.visitor().send(Method::GET, "/metrics", None).await;
    assert_eq!(reply.status, 404, "{reply}");
    assert_eq!(reply.failure().code, "ROUTE_NOT_FOUND");
    app.finish().await;
}

#[tokio::test]
async fn on_a_listener_of_their_own_there_is_nothing_else() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = TestApp::with(|config| config.metrics.address = Some(address)).await;
    let serving = tokio::spawn(server::serve_metrics(app.app.clone(), listener));
    let public = app.visitor().send(Method::GET, "/metrics", None).await;
    assert_eq!(public.status, 404, "{public}");
    let reader = Actor {
        base: format!("http://{address}").into(),
        ..app.visitor()
    };
    scrape(&reader).await;
    for path in ["/", "/health", "/graphql", "/api/v1/auth/me"] {
        let reply = reader.send(Method::GET, path, None).await;
        assert_eq!(reply.status, 404, "{reply}");
        assert_eq!(reply.json["error"]["code"], "ROUTE_NOT_FOUND");
    }
    let reply = reader.send(Method::POST, "/metrics", None).await;
    assert_eq!(reply.status, 405, "{reply}");
    app.finish().await;
    serving.await.unwrap();
}

#[tokio::test]
async fn the_program_serves_them_where_it_is_told_to() {
    let mut place = Place::new().await;
    place.set("METRICS_ADDR", "127.0.0.1:0");
    let server = place.serve().await;
    // The banner has said it before the line that says where GraphQL is, or says it right after.
    server.signal(crate::support::process::Signal::TERM);
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(0), "{said}");
    let line = said.lines().find(|line| line.contains("Metrics"));
    let line = line.expect("the banner tells where the metrics are");
    assert!(
        line.contains("http://127.0.0.1:") && !line.contains(":0/"),
        "{line}"
    );
    place.remove().await;
}

#[test]
fn the_page_lists_what_there_is() {
    let metrics = Metrics::new(chrono::DateTime::UNIX_EPOCH, 1);
    let mut page = PAGE_HEAD.to_owned();
    for metric in metrics.catalogue() {
        let labels: Vec<_> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let cells = [
            format!("`{}`", metric.name),
            metric.kind.to_owned(),
            labels.join(", "),
            format!("{}.", metric.help),
        ];
        let _ = writeln!(
            page,
            "{}",
            format!("| {} |", cells.join(" | ")).replace("|  |", "| |")
        );
    }
    page.push_str(PAGE_TAIL);
    snapshot::check("docs/METRICS.md", &page);
}

#[tokio::test]
async fn the_page_and_a_scrape_name_the_same() {
    let (app, reader) = app_with_token().await;
    let text = scrape(&reader).await;
    let page = snapshot::read("docs/METRICS.md");
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for line in types {
        let (name, kind) = line.split_once(' ').expect("a name and a kind");
        let suffix = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let row = format!("| `{name}{suffix}` | {kind} |");
        assert!(page.contains(&row), "docs/METRICS.md has no row {row}");
    }
    app.finish().await;
}

const PAGE_HEAD: &str = "\
# Metrics

What `/metrics` tells, as OpenMetrics text. The table is written by `UPDATE_SNAPSHOTS=1 cargo test metrics` from
`src/metrics/`; do not edit.

- `METRICS_ADDR=127.0.0.1:9090` serves it on a listener of its own, and nothing else there.
- `METRICS_TOKEN=…` alone serves it on the public port to whoever sends `Authorization: Bearer …`; with
  `METRICS_ADDR` the token is asked for there.
- With neither there is no `/metrics`.

Labels are bounded: routes are the patterns of the router, names of GraphQL operations are told apart up to
`METRICS_OPERATION_NAMES`, and only who has signed in can add one. What the database has to be asked for is asked
at most once a second, however many read.

| Metric | Kind | Labels | What it says |
| --- | --- | --- | --- |
";

const PAGE_TAIL: &str = "
A histogram `x` is read as `x_bucket`, `x_sum` and `x_count`.

## Alerts to begin with

```yaml
groups:
  - name: erpmax
    rules:
      - alert: ErpmaxFailing # more than 1 % of the answers are our fault
        expr: |
          sum(rate(erpmax_http_requests_total{status=~\"5..\"}[5m]))
            > 0.01 * sum(rate(erpmax_http_requests_total[5m]))
        for: 5m
      - alert: ErpmaxOperationsFailing # the same in GraphQL, whose answers are 200
        expr: sum(rate(erpmax_graphql_operations_total{outcome=~\"INTERNAL|UPSTREAM|TIMEOUT\"}[5m])) > 0.1
        for: 5m
      - alert: ErpmaxSlow # one answer in a hundred takes longer than a second
        expr: |
          histogram_quantile(0.99, sum by (le) (rate(erpmax_http_request_duration_seconds_bucket[5m]))) > 1
        for: 10m
      - alert: ErpmaxOutboxStuck # jobs are not done: letters, say
        expr: erpmax_outbox_lag_seconds > 300
        for: 5m
      - alert: ErpmaxJobsGivenUp # somebody must look at them
        expr: erpmax_outbox_jobs{state=\"dead\"} > 0
      - alert: ErpmaxPoolExhausted
        expr: erpmax_database_connections{state=\"in_use\"} >= on (instance) erpmax_database_connections_max
        for: 1m
      - alert: ErpmaxSignInsRefused # a flood of sign-ins, or too few HASHING_PERMITS
        expr: rate(erpmax_hashing_refused_total[5m]) > 0
        for: 5m
```
";
