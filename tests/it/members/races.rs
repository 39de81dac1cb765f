//! Ownership and membership when many act at once: there is always exactly as much of it as if they
//! had acted one after the other.

use serde_json::json;

use crate::support::{Actor, Company, Door, Reply, TestApp, assert_code, db, ops};

/// The roles in a tenant, as the database has them.
async fn owners(app: &TestApp, acme: &Company<'_>) -> usize {
    let roles = db::roles(app, &acme.id).await;
    roles.iter().filter(|role| *role == "owner").count()
}

fn transfer(by: &Actor, acme: &Company<'_>, to: &Actor) -> impl Future<Output = Reply> {
    let (by, call) = (by.clone(), ops::transfer_ownership(&acme.id, &to.id));
    async move { by.call(Door::Graphql, &call).await }
}

fn leave(who: &Actor, acme: &Company<'_>) -> impl Future<Output = Reply> {
    let (who, call) = (who.clone(), ops::leave_tenant(&acme.id));
    async move { who.call(Door::Graphql, &call).await }
}

fn delete(by: &Actor, acme: &Company<'_>, whom: &Actor) -> impl Future<Output = Reply> {
    let (by, seat) = (by.clone(), acme.seat(whom));
    async move { by.delete(&seat).await }
}

/// Asserts that nobody was served an error of ours.
#[track_caller]
fn orderly(replies: &[&Reply]) {
    for reply in replies {
        assert!(
            !reply.refused() || reply.failure().code != "INTERNAL",
            "{reply}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_owners_who_leave_at_once_one_stays() {
    for _ in 0..5 {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        let second = acme.join("owner").await;
        let (one, two) = tokio::join!(leave(&acme.owner, &acme), leave(&second, &acme));
        orderly(&[&one, &two]);
        let refused = if one.refused() { &one } else { &two };
        assert!(one.refused() != two.refused(), "{one}\n{two}");
        assert_code(refused, "CONFLICT", "LAST_OWNER");
        assert_eq!(owners(&app, &acme).await, 1);
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_owner_who_leaves_while_the_other_steps_down_is_not_the_last() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let second = acme.join("owner").await;
    let (by, seat) = (second.clone(), acme.seat(&second));
    let step_down = async move { by.patch(&seat, json!({ "role": "member" })).await };
    let (one, two) = tokio::join!(leave(&acme.owner, &acme), step_down);
    assert!(one.refused() != two.refused(), "{one}\n{two}");
    assert_code(
        if one.refused() { &one } else { &two },
        "CONFLICT",
        "LAST_OWNER",
    );
    assert_eq!(owners(&app, &acme).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_ownership_goes_to_one_heir() {
    for _ in 0..5 {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        let heirs = [acme.join("member").await, acme.join("admin").await];
        let (one, two) = tokio::join!(
            transfer(&acme.owner, &acme, &heirs[0]),
            transfer(&acme.owner, &acme, &heirs[1]),
        );
        assert!(one.refused() != two.refused(), "{one}\n{two}");
        let refused = if one.refused() { &one } else { &two };
        assert_eq!(refused.failure().code, "FORBIDDEN", "{refused}");
        assert_eq!(owners(&app, &acme).await, 1);
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_heir_who_is_removed_or_leaves_at_that_moment_takes_no_ownership_along() {
    for removed in [true, false, true, false] {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        let (admin, heir) = (acme.join("admin").await, acme.join("member").await);
        let away = async {
            if removed {
                delete(&admin, &acme, &heir).await
            } else {
                leave(&heir, &acme).await
            }
        };
        let (handed, gone) = tokio::join!(transfer(&acme.owner, &acme, &heir), away);
        orderly(&[&handed, &gone]);
        // Either they went first, and nobody is found; or they are the owner now, and stay.
        assert!(handed.refused() != gone.refused(), "{handed}\n{gone}");
        if handed.refused() {
            assert_eq!(handed.failure().code, "NOT_FOUND", "{handed}");
        } else {
            let reason = if removed {
                "OWNER_PROTECTED"
            } else {
                "LAST_OWNER"
            };
            assert_code(&gone, "CONFLICT", reason);
        }
        assert_eq!(owners(&app, &acme).await, 1);
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn owners_who_hand_over_and_leave_in_a_tangle_leave_at_least_one() {
    for _ in 0..3 {
        let app = TestApp::new().await;
        db::unlimited(&app, "trial").await;
        let acme = app.company("Acme").await;
        let (second, third) = (acme.join("owner").await, acme.join("member").await);
        let (one, two, three, four) = tokio::join!(
            transfer(&acme.owner, &acme, &third),
            leave(&second, &acme),
            delete(&second, &acme, &acme.owner),
            leave(&acme.owner, &acme),
        );
        orderly(&[&one, &two, &three, &four]);
        let left = owners(&app, &acme).await;
        assert!((1..=2).contains(&left), "{left} owners");
        app.finish().await;
    }
}
