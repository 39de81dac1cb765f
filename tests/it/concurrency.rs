//! What happens when many ask at once: exactly what would happen one after the other.

use std::collections::{BTreeMap, HashSet};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, Reply, TestApp, assert_code, client::text, db};

/// Sends all requests at once and counts the answers by status.
async fn at_once(
    requests: impl IntoIterator<Item = impl Future<Output = Reply>>,
) -> (BTreeMap<u16, usize>, Vec<Reply>) {
    let replies = join_all(requests).await;
    let mut counted = BTreeMap::new();
    for reply in &replies {
        *counted.entry(reply.status).or_default() += 1;
    }
    (counted, replies)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_registrations_of_one_address_one_succeeds() {
    let app = TestApp::new().await;
    let register = |n: usize| {
        let visitor = app.visitor();
        // The same address in different spellings.
        let email = if n.is_multiple_of(2) {
            "race@example.com"
        } else {
            "Race@Example.com"
        };
        let body = json!({
            "email": email, "password": PASSWORD, "full_name": "R", "company_name": "Race",
        });
        async move { visitor.post("/auth/register", body).await }
    };
    let (counted, replies) = at_once((0..20).map(register)).await;
    assert_eq!(
        counted,
        BTreeMap::from([(201, 1), (409, 19)]),
        "{replies:#?}"
    );
    for refused in replies.iter().filter(|reply| reply.status == 409) {
        assert_code(refused, "CONFLICT", "EMAIL_TAKEN");
    }
    let counts = db::counts(&app).await;
    assert_eq!(
        (
            counts.users,
            counts.tenants,
            counts.memberships,
            counts.subscriptions
        ),
        (1, 1, 1, 1)
    );
    assert_eq!(counts.sessions, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn companies_of_one_name_that_register_at_once_get_slugs_of_their_own() {
    let app = TestApp::new().await;
    let register = |n: usize| {
        let visitor = app.visitor();
        let body = json!({
            "email": format!("r{n}@example.com"), "password": PASSWORD,
            "full_name": "R", "company_name": "Same Name",
        });
        async move { visitor.post("/auth/register", body).await }
    };
    let (counted, replies) = at_once((0..12).map(register)).await;
    assert_eq!(counted, BTreeMap::from([(201, 12)]), "{replies:#?}");
    let slug = |reply: &Reply| text(reply.expect(201), "/current_tenant/slug");
    assert_eq!(replies.iter().map(slug).collect::<HashSet<_>>().len(), 12);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_invites_of_one_account_one_succeeds() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let invite = |_| {
        let body = json!({ "email": beta.owner.email, "role": "member" });
        let (owner, path) = (acme.owner.clone(), acme.path("/users/invite"));
        async move { owner.post(&path, body).await }
    };
    let (counted, replies) = at_once((0..10).map(invite)).await;
    assert_eq!(
        counted,
        BTreeMap::from([(201, 1), (409, 9)]),
        "{replies:#?}"
    );
    for refused in replies.iter().filter(|reply| reply.status == 409) {
        assert_code(refused, "CONFLICT", "ALREADY_MEMBER");
    }
    let list = acme.owner.get(&acme.path("/users")).await;
    assert_eq!(list.expect(200).as_array().unwrap().len(), 2);
    app.settle().await;
    assert_eq!(app.letters_to(&beta.owner.email).await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_invites_of_an_unknown_address_are_one_invitation() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let invite = |_| {
        let body = json!({ "email": "new@example.com", "role": "member" });
        let (owner, path) = (acme.owner.clone(), acme.path("/users/invite"));
        async move { owner.post(&path, body).await }
    };
    let (counted, replies) = at_once((0..10).map(invite)).await;
    assert_eq!(counted, BTreeMap::from([(201, 10)]), "{replies:#?}");
    assert_eq!(db::counts(&app).await.invitations, 1);
    // The last renewal's letter is the only one with a working link.
    app.settle().await;
    assert_eq!(app.letters_to("new@example.com").await.len(), 1);
    let body = json!({ "token": app.token_for("new@example.com").await, "password": PASSWORD });
    app.visitor()
        .post("/invitations/accept", body)
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_seat_is_taken_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    acme.join("member").await;
    let mut others = Vec::new();
    for name in ["B", "C", "D", "E", "F"] {
        others.push(app.company(name).await.owner);
    }
    // Half of them are invited, half come by the links of their letters.
    let mut tokens = Vec::new();
    for n in 0..5 {
        let email = format!("n{n}@example.com");
        let body = json!({ "email": email, "role": "member" });
        acme.owner
            .post(&acme.path("/users/invite"), body)
            .await
            .expect(201);
        app.settle().await;
        tokens.push(app.token_for(&email).await);
    }
    let invites = others.iter().map(|who| {
        let body = json!({ "email": who.email, "role": "member" });
        (acme.owner.clone(), acme.path("/users/invite"), body)
    });
    let accepts = tokens.iter().map(|token| {
        let body = json!({ "token": token, "password": PASSWORD });
        (app.visitor(), "/invitations/accept".to_owned(), body)
    });
    let requests = invites
        .chain(accepts)
        .map(|(who, path, body)| async move { who.post(&path, body).await });
    let (counted, replies) = at_once(requests).await;
    let joined = counted.get(&201).unwrap_or(&0) + counted.get(&200).unwrap_or(&0);
    assert_eq!((joined, counted.get(&402)), (1, Some(&9)), "{replies:#?}");
    let list = acme.owner.get(&acme.path("/users")).await;
    assert_eq!(list.expect(200).as_array().unwrap().len(), 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_owners_who_demote_each_other_leave_one() {
    for action in ["demote", "remove", "both"] {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        let second = acme.join("owner").await;
        let against = |by: &Actor, whom: &Actor, demote: bool| {
            let (by, seat) = (by.clone(), acme.seat(whom));
            async move {
                if demote {
                    by.patch(&seat, json!({ "role": "member" })).await
                } else {
                    by.delete(&seat).await
                }
            }
        };
        let one = against(&acme.owner, &second, action != "remove");
        let two = against(&second, &acme.owner, action == "demote");
        let (one, two) = tokio::join!(one, two);
        let won = [&one, &two]
            .iter()
            .filter(|reply| reply.status == 200)
            .count();
        assert_eq!(won, 1, "{action}: {one}\n{two}");
        // Whoever lost was refused, not served an error of ours.
        for reply in [&one, &two] {
            assert!(reply.status < 500, "{action}: {reply}");
        }
        let winner = if one.status == 200 {
            &acme.owner
        } else {
            &second
        };
        let list = winner.get(&acme.path("/users")).await;
        let owners = list.expect(200).as_array().unwrap().iter();
        assert_eq!(
            owners.filter(|member| member["role"] == "owner").count(),
            1,
            "{action}"
        );
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_owner_who_steps_down_while_the_other_does_too_is_stopped() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let second = acme.join("owner").await;
    let step_down = |who: &Actor| {
        let (who, seat) = (who.clone(), acme.seat(who));
        async move { who.patch(&seat, json!({ "role": "member" })).await }
    };
    let (one, two) = tokio::join!(step_down(&acme.owner), step_down(&second));
    let refused = if one.status == 200 { &two } else { &one };
    assert_eq!(one.status.min(two.status), 200, "{one}\n{two}");
    assert_code(refused, "CONFLICT", "LAST_OWNER");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_refreshes_at_once_sign_nobody_out() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let sessions = [
        acme.owner.clone(),
        acme.owner.sign_in().await,
        acme.owner.sign_in().await,
    ];
    let refresh = |n: usize| {
        let session = sessions[n % 3].clone();
        async move {
            let body = json!({ "refresh_token": session.refresh });
            session.signed_out().post("/auth/refresh", body).await
        }
    };
    let (counted, replies) = at_once((0..50).map(refresh)).await;
    assert_eq!(counted, BTreeMap::from([(200, 50)]), "{replies:#?}");
    for (n, session) in sessions.iter().enumerate() {
        // One winner per session, and everybody else got the winner's pair.
        let pairs: HashSet<_> = replies
            .iter()
            .skip(n)
            .step_by(3)
            .map(|reply| reply.expect(200).to_string())
            .collect();
        assert_eq!(pairs.len(), 1, "session {n}");
        let pair: Value = serde_json::from_str(pairs.iter().next().unwrap()).unwrap();
        let renewed = session.with_tokens(&pair);
        renewed.get("/auth/me").await.expect(200);
        let body = json!({ "refresh_token": renewed.refresh });
        renewed.post("/auth/refresh", body).await.expect(200);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_a_window_of_zero_one_of_many_refreshes_wins() {
    let app =
        TestApp::with(|config| config.auth.refresh_reuse_window = std::time::Duration::ZERO).await;
    let acme = app.company("Acme").await;
    let refresh = |_| {
        let session = acme.owner.clone();
        async move {
            let body = json!({ "refresh_token": session.refresh });
            session.signed_out().post("/auth/refresh", body).await
        }
    };
    let (counted, replies) = at_once((0..10).map(refresh)).await;
    assert_eq!(
        counted,
        BTreeMap::from([(200, 1), (401, 9)]),
        "{replies:#?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_link_used_twice_at_once_works_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    app.settle().await;
    let token = app.token_for("new@example.com").await;
    let accept = |_| {
        let body = json!({ "token": token, "password": PASSWORD });
        let visitor = app.visitor();
        async move { visitor.post("/invitations/accept", body).await }
    };
    let (counted, replies) = at_once((0..6).map(accept)).await;
    assert_eq!(
        counted,
        BTreeMap::from([(200, 1), (409, 5)]),
        "{replies:#?}"
    );
    let counts = db::counts(&app).await;
    assert_eq!((counts.users, counts.memberships), (2, 2));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_and_a_registration_at_once_make_one_account() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    app.settle().await;
    let accept = json!({ "token": app.token_for("new@example.com").await, "password": PASSWORD });
    let register = json!({
        "email": "new@example.com", "password": PASSWORD, "full_name": "N", "company_name": "N",
    });
    let (one, two) = (app.visitor(), app.visitor());
    let (accepted, registered) = tokio::join!(
        one.post("/invitations/accept", accept),
        two.post("/auth/register", register),
    );
    let statuses = (accepted.status, registered.status);
    assert!(
        matches!(statuses, (200, 409) | (409, 201)),
        "{accepted}\n{registered}"
    );
    assert_eq!(db::counts(&app).await.users, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn defaults_stay_single_when_tenants_are_switched_and_lost_at_once() {
    let app = TestApp::new().await;
    let beta = app.company("Beta").await;
    let acme = app.company("Acme").await;
    let gamma = app.company("Gamma").await;
    for company in [&acme, &gamma] {
        let body = json!({ "email": beta.owner.email, "role": "member" });
        company
            .owner
            .post(&company.path("/users/invite"), body)
            .await
            .expect(201);
    }
    let sessions = [beta.owner.sign_in().await, beta.owner.sign_in().await];
    let switch = |who: &Actor, to: &str| {
        let (who, body) = (who.clone(), json!({ "tenant_id": to }));
        async move { who.post("/auth/switch-tenant", body).await }
    };
    let seat = acme.seat(&beta.owner);
    let (one, two, three) = tokio::join!(
        switch(&sessions[0], &acme.id),
        switch(&sessions[1], &gamma.id),
        acme.owner.delete(&seat),
    );
    assert_eq!((two.status, three.status), (200, 200), "{two}\n{three}");
    assert!(matches!(one.status, 200 | 403), "{one}");
    let me = beta.owner.get("/auth/me").await;
    let tenants = me.expect(200)["tenants"].as_array().unwrap().clone();
    assert_eq!(tenants.len(), 2, "{me}");
    assert_eq!(
        tenants
            .iter()
            .filter(|tenant| tenant["is_default"] == true)
            .count(),
        1,
        "{me}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_jobs_wait_than_may_however_many_ask_at_once() {
    let app = TestApp::with(|config| config.provisioning.max_pending = 5).await;
    let acme = app.company("Acme").await;
    let ask = |_| {
        let owner = acme.owner.clone();
        let body = json!({ "job_type": "create_site" });
        async move { owner.post("/provisioning/jobs", body).await }
    };
    let (counted, replies) = at_once((0..15).map(ask)).await;
    assert_eq!(
        counted,
        BTreeMap::from([(201, 5), (409, 10)]),
        "{replies:#?}"
    );
    for refused in replies.iter().filter(|reply| reply.status == 409) {
        assert_code(refused, "CONFLICT", "TOO_MANY_JOBS");
    }
    let counts = db::counts(&app).await;
    assert_eq!((counts.jobs, counts.sites), (5, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_is_called_off_and_tried_again_once_however_many_ask() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = json!({ "job_type": "backup_site" });
    let reply = acme.owner.post("/provisioning/jobs", body).await;
    let id = text(reply.expect(201), "/id");
    for (verb, trace) in [("cancel", "job.cancelled"), ("retry", "job.retried")] {
        let ask = |_| {
            let owner = acme.owner.clone();
            let path = format!("/provisioning/jobs/{id}/{verb}");
            async move { owner.post(&path, json!({})).await }
        };
        let (counted, replies) = at_once((0..12).map(ask)).await;
        assert_eq!(counted, BTreeMap::from([(200, 12)]), "{replies:#?}");
        let deeds = db::deeds(&app).await;
        let times = deeds.iter().filter(|(what, _, _)| what == trace).count();
        assert_eq!(times, 1, "{verb}");
    }
    let reply = acme.owner.get(&format!("/provisioning/jobs/{id}")).await;
    assert_eq!(reply.expect(200)["attempt"], 2);
    app.finish().await;
}
