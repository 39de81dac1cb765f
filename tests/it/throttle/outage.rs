//! Redis goes away and comes back, while people sign in.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::*;
use crate::support::{
    Method,
    process::{Place, Signal},
    redis::RedisServer,
    storage,
};

/// How long a request may take while Redis does not answer. It is given half a second once in a
/// while; the rest is for slow machines.
const PROMPT: Duration = Duration::from_secs(5);
/// How long recovery may take; it is noticed within a second or so.
const SOON: Duration = Duration::from_mins(1);

async fn app_on(server: &RedisServer) -> TestApp {
    TestApp::with(|config| {
        as_printed(config);
        config.redis_url = Some(server.url().into());
    })
    .await
}

async fn promptly<T>(what: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let done = what.await;
    assert!(started.elapsed() < PROMPT, "took {:?}", started.elapsed());
    done
}

async fn readiness(app: &TestApp) -> serde_json::Value {
    let reply = promptly(app.visitor().send(Method::GET, "/health/ready", None)).await;
    assert_eq!(reply.status, 200, "{reply}");
    reply.json
}

/// What the metrics say of Redis.
fn redis_up(app: &TestApp) -> Option<bool> {
    app.app.cache.answers()
}

/// Asks for something that is counted until Redis has answered.
async fn recovered(app: &TestApp) {
    let visitor = app.visitor();
    let recovering = async {
        let mut interval = tokio::time::interval(Duration::from_millis(20));
        while redis_up(app) != Some(true) {
            interval.tick().await;
            let body = json!({ "refresh_token": app.next_number().to_string() });
            let reply = visitor.post("/auth/refresh", body).await;
            assert!([401, 429].contains(&reply.status), "{reply}");
        }
    };
    tokio::time::timeout(SOON, recovering)
        .await
        .expect("Redis is found again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_people_are_served_and_limits_hold_per_process() {
    if !storage::full_stack() {
        return;
    }
    let mut server = RedisServer::start().await;
    let app = app_on(&server).await;
    let replica = app.replica().await;
    let acme = app.company("Acme").await;
    assert_eq!(readiness(&app).await["status"], "ready");
    assert_eq!(exhaust(&app.visitor(), "first@example.com").await, 10);
    assert_eq!(exhaust(&replica.visitor(), "first@example.com").await, 0);

    server.kill().await;
    for one in [&app, &replica] {
        // A whole visit: signing in, looking around, changing something that others are told of.
        let owner = promptly(one.moved(&acme.owner).sign_in()).await;
        promptly(owner.get("/auth/me")).await.expect(200);
        let path = acme.path("");
        promptly(owner.patch(&path, json!({ "name": "Acme" })))
            .await
            .expect(200);
        let told = readiness(one).await;
        assert_eq!(told["status"], "degraded");
        assert_eq!(
            told["parts"],
            json!({ "database": "ok", "cache": "unavailable", "events": "unavailable", "mail": "ok", "queue": "ok" })
        );
        assert_eq!(redis_up(one), Some(false));
        // Each counts for itself.
        assert_eq!(exhaust(&one.visitor(), "second@example.com").await, 10);
        assert_eq!(exhaust(&one.visitor(), "second@example.com").await, 0);
    }

    server.start_again().await;
    for one in [&app, &replica] {
        recovered(one).await;
        assert_eq!(readiness(one).await["status"], "ready");
    }
    assert_eq!(exhaust(&app.visitor(), "third@example.com").await, 10);
    assert_eq!(exhaust(&replica.visitor(), "third@example.com").await, 0);
    replica.leave().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_says_nothing_keeps_nobody_waiting() {
    if !storage::full_stack() {
        return;
    }
    let server = RedisServer::start().await;
    let app = app_on(&server).await;
    let acme = app.company("Acme").await;
    server.freeze();
    // Together, when nobody knows it yet, and then one after the other.
    let together = (0..5).map(|_| acme.owner.sign_in());
    promptly(join_all(together)).await;
    let started = Instant::now();
    let one_by_one = 40;
    for n in 0..one_by_one {
        let body = json!({ "refresh_token": format!("nonsense {n}") });
        let reply = promptly(app.visitor().post("/auth/refresh", body)).await;
        assert_eq!(reply.status, 401, "{reply}");
    }
    // If each had waited, that would have been twenty seconds.
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(readiness(&app).await["status"], "degraded");
    server.thaw();
    recovered(&app).await;
    assert_eq!(readiness(&app).await["status"], "ready");
    app.finish().await;
}

#[tokio::test]
async fn the_log_and_the_metrics_tell_of_it_once_each_way() {
    if !storage::full_stack() {
        return;
    }
    let mut server = RedisServer::start().await;
    let mut place = Place::new().await;
    place.set("REDIS_URL", &server.url());
    place.set("METRICS_TOKEN", "the-token-of-the-reader");
    let running = place.serve().await;
    let visitor = running.visitor();
    let reader = visitor.with_access("the-token-of-the-reader");
    // The state that the metrics show after so many attempts that something was counted.
    let up = async |attempts: usize| {
        for n in 0..attempts {
            let body = json!({ "refresh_token": format!("nonsense {n}") });
            assert_eq!(visitor.post("/auth/refresh", body).await.status, 401);
        }
        let reply = reader.send(Method::GET, "/metrics", None).await;
        let mut lines = reply.body.lines();
        let value = lines.find_map(|line| line.strip_prefix("erpmax_redis_up "));
        value.expect("it is there").to_owned()
    };
    assert_eq!(up(5).await, "1.0");
    server.kill().await;
    assert_eq!(up(20).await, "0.0");
    for _ in 0..5 {
        let ready = visitor.send(Method::GET, "/health/ready", None).await;
        assert_eq!(ready.json["status"], "degraded", "{ready}");
    }
    server.start_again().await;
    let again = async {
        let mut interval = tokio::time::interval(Duration::from_millis(20));
        while up(0).await != "1.0" {
            interval.tick().await;
            visitor.send(Method::GET, "/health/ready", None).await;
        }
    };
    tokio::time::timeout(SOON, again)
        .await
        .expect("it is found again");
    running.signal(Signal::TERM);
    let (code, said) = running.ended().await;
    assert_eq!(code, Some(0), "{said}");
    for line in ["does not answer as it should", "answers again"] {
        assert_eq!(said.matches(line).count(), 1, "{line}: {said}");
    }
    assert!(!said.contains("ERROR"), "{said}");
    place.remove().await;
}
