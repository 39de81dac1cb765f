//! The proof that nothing was forgotten: every operation that changes something is limited on both
//! axes, and none that reads asks the shared cache. It walks the table of `isolation`, which knows
//! every operation of the schema and of the OpenAPI document.

use std::collections::BTreeSet;

use erpmax::domain::throttle::{Axis, TABLE};

use super::*;
use crate::{
    isolation::{self, World, table},
    support::{db, ops::Call, sdl},
};

/// The same operation about other things.
fn another(row: &table::Row, world: &World, tenant: &str) -> Call {
    match row.operation {
        // Its call is always about the same account.
        "login" => ops::login("owner@acme.example.com", PASSWORD),
        _ => (row.call)(world, 1, tenant),
    }
}

#[tokio::test]
async fn whatever_changes_something_is_limited_by_who_and_from_where() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    let member = acme.join("member").await;
    let world = isolation::world(&app, &acme).await;
    let mutations: BTreeSet<_> = sdl::mutations().into_iter().collect();
    let mut classes = BTreeSet::new();
    for row in table::TABLE {
        let changes = mutations.contains(row.operation);
        let writes = !row.route.is_empty() && !row.route.starts_with("GET ");
        assert!(changes || !writes, "{} changes nothing", row.route);
        if !changes {
            continue;
        }
        for &door in row.doors() {
            let label = format!("{} {} through {door:?}", row.operation, row.route);
            // Nobody has done anything there yet, and everything may be done once.
            let replica = app
                .replica_with(|config| {
                    behind_proxies(config);
                    config.limits.scale = Scale::SMALLEST;
                    config.limits.client_requests_per_minute = u32::MAX;
                    config.redis_prefix = format!("{}{}:", config.redis_prefix, app.next_number());
                })
                .await;
            let send = async |who: &Actor, address: &str, call: &Call| {
                let who = isolation::session_for(row, who).await;
                at(&replica.moved(&who), address).call(door, call).await
            };
            let call = (row.call)(&world, 0, &acme.id);
            let limited = |reply: &Reply| reply.refused() && reply.failure().code == "RATE_LIMITED";

            let first = send(&member, "192.0.2.1", &call).await;
            assert!(!limited(&first), "{label} may be done once: {first}");
            let elsewhere = send(&member, "192.0.2.2", &call).await;
            assert!(
                limited(&elsewhere),
                "{label} has no limit by whom: {elsewhere}"
            );
            let by_whom = refusals(&replica);
            assert!(
                by_whom
                    .iter()
                    .all(|(_, axis)| axis != Axis::Client.as_str()),
                "{label}: {by_whom:?}"
            );
            let other = another(row, &world, &beta.id);
            let other = send(&beta.owner, "192.0.2.1", &other).await;
            assert!(limited(&other), "{label} has no limit by address: {other}");
            let refused = refusals(&replica);
            assert!(
                refused
                    .iter()
                    .any(|(_, axis)| axis == Axis::Client.as_str()),
                "{label}: {refused:?}"
            );
            classes.extend(refused.into_iter().map(|(class, _)| class));
            replica.leave().await;
        }
    }
    // The others are asked after one of these: `strangers`.
    let first = TABLE.iter().filter(|limit| limit.axis == Axis::Client);
    let first: BTreeSet<_> = first.map(|limit| limit.class.as_str().to_owned()).collect();
    assert_eq!(classes, first);
    app.finish().await;
}

#[tokio::test]
async fn whatever_only_reads_asks_no_cache() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let world = isolation::world(&app, &acme).await;
    let mutations: BTreeSet<_> = sdl::mutations().into_iter().collect();
    let commands = || app.app.metrics.cache.count();
    let mut read = 0;
    for row in table::TABLE {
        if mutations.contains(row.operation) {
            continue;
        }
        for &door in row.doors() {
            let before = commands();
            let call = (row.call)(&world, 0, &acme.id);
            let reply = acme.owner.call(door, &call).await;
            assert!(!reply.refused(), "{reply}");
            assert_eq!(commands(), before, "{} {}", row.operation, row.route);
            read += 1;
        }
    }
    assert!(read >= 15, "only {read} were tried");
    // They would have been counted: a sign-in draws once and leaves a mark.
    let before = commands();
    acme.owner.sign_in().await;
    assert_eq!(commands(), before + 2);
    app.finish().await;
}
