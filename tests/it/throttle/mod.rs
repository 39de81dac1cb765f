//! How often things may be done: by whom and from where, over all processes, with proxies in front and
//! with Redis away. The table itself is printed by `rate_limits`.

mod everything;
mod general;
mod outage;
mod proxies;
mod strangers;
mod waiting;

use erpmax::config::{Config, Proxies, Scale};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::support::{Actor, Door, PASSWORD, Reply, TestApp, json, ops};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Limits as they are in production.
fn as_printed(config: &mut Config) {
    config.limits.scale = Scale::ONE;
}

/// Believes this machine and a private network what they say of clients.
fn behind_proxies(config: &mut Config) {
    config.connections.trusted_proxies =
        Proxies::parse("127.0.0.0/8, 10.0.0.0/8").expect("networks");
}

/// The same person, whose requests say that they come from elsewhere.
fn saying(who: &Actor, header: HeaderName, value: &str) -> Actor {
    let value = HeaderValue::from_str(value).expect("a header");
    let http = reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([(header, value)]))
        .build()
        .expect("a client");
    Actor {
        http,
        ..who.clone()
    }
}

/// The same person at another address, seen through a proxy.
fn at(who: &Actor, address: &str) -> Actor {
    saying(who, X_FORWARDED_FOR, address)
}

/// Signs in with a password that is none.
async fn guess(who: &Actor, email: &str) -> Reply {
    let body = json!({ "email": email, "password": "not the password" });
    who.post("/auth/login", body).await
}

/// Guesses until the address may be tried no more from there; how often that was possible.
async fn exhaust(who: &Actor, email: &str) -> u32 {
    for granted in 0..1_000 {
        let reply = guess(who, email).await;
        match reply.failure().code.as_str() {
            "UNAUTHENTICATED" => {}
            "RATE_LIMITED" => return granted,
            _ => panic!("{reply}"),
        }
    }
    panic!("{email} may be tried for ever")
}

/// How many seconds a refusal tells to wait, as the door tells it.
fn wait_of(door: Door, reply: &Reply) -> u64 {
    assert_eq!(reply.failure().code, "RATE_LIMITED", "{reply}");
    match door {
        Door::Rest => {
            assert_eq!(reply.status, 429, "{reply}");
            let header = reply.header("retry-after").expect("Retry-After");
            let wait = header.parse().expect("whole seconds");
            assert_eq!(
                reply.json["error"]["details"]["retry_after"], wait,
                "{reply}"
            );
            wait
        }
        Door::Graphql => {
            let wait = &reply.json["errors"][0]["extensions"]["retryAfter"];
            wait.as_u64().expect("whole seconds")
        }
    }
}

/// The classes and axes on which somebody was refused.
fn refusals(app: &TestApp) -> Vec<(String, String)> {
    let text = app.app.metrics.encode().expect("text");
    let series = "erpmax_rate_limited_total{class=\"";
    let refused = text.lines().filter_map(|line| line.strip_prefix(series));
    refused
        .map(|rest| {
            let mut words = rest.split('"');
            let class = words.next().unwrap_or_default();
            let axis = words.nth(1).unwrap_or_default();
            (class.to_owned(), axis.to_owned())
        })
        .collect()
}
