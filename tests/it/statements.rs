//! How many SQL statements an operation sends: a number that does not grow with the answer.

use entity::{ids::UserId, provisioning_job::JobStatus, provisioning_step::StepStatus};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, db, sites};

const ME: &str = "{ viewer { id email fullName currentTenant { id name viewerRole } \
     memberships { nodes { role tenant { id name } } } } }";
const TENANTS: &str = "{ tenants(first: 100) { totalCount nodes { id name viewerRole } } }";
/// The benchmark's nested query (W8) without its jobs.
const NESTED: &str = "query($first: Int!) { viewer { memberships(first: $first) { nodes { \
     tenant { name subscription { status plan { name } } } } } } }";

/// Somebody who is in so many tenants.
async fn owner_of(app: &TestApp, tenants: i64) -> Actor {
    let acme = app.company("Acme").await;
    if tenants > 1 {
        db::more_tenants(app, &acme.owner.id, tenants - 1).await;
    }
    acme.owner
}

async fn graphql(app: &TestApp, who: &Actor, query: &str, variables: Value) -> (u64, Value) {
    let mut data = Value::Null;
    let statements = app
        .sql(async || data = who.gql(query, variables).await.ok().clone())
        .await;
    (statements, data)
}

#[tokio::test]
async fn me_takes_two_statements_at_any_size() {
    for tenants in [1, 10, 100] {
        let app = TestApp::new().await;
        let who = owner_of(&app, tenants).await;
        let rest = app
            .sql(async || drop(who.get("/auth/me").await.expect(200).clone()))
            .await;
        assert!(rest <= 2, "REST: {rest} statements for {tenants} tenants");
        let (sent, data) = graphql(&app, &who, ME, json!({})).await;
        let nodes = data["viewer"]["memberships"]["nodes"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(i64::try_from(nodes).unwrap(), tenants.min(20));
        assert!(
            sent <= 2,
            "GraphQL: {sent} statements for {tenants} tenants"
        );
        assert!(rest >= 1 && sent >= 1, "the counter counts");
        app.finish().await;
    }
}

#[tokio::test]
async fn tenants_takes_two_statements_at_any_size() {
    for tenants in [1, 10, 100] {
        let app = TestApp::new().await;
        let who = owner_of(&app, tenants).await;
        let rest = app
            .sql(async || {
                let reply = who.get("/tenants?size=100").await;
                let list = reply.expect(200).as_array().unwrap().len();
                assert_eq!(i64::try_from(list).unwrap(), tenants);
            })
            .await;
        assert!(rest <= 2, "REST: {rest} statements for {tenants} tenants");
        let (sent, data) = graphql(&app, &who, TENANTS, json!({})).await;
        assert_eq!(data["tenants"]["totalCount"], tenants);
        assert!(
            sent <= 2,
            "GraphQL: {sent} statements for {tenants} tenants"
        );
        app.finish().await;
    }
}

#[tokio::test]
async fn the_nested_query_takes_three_statements_at_any_size() {
    let mut counted = Vec::new();
    for tenants in [1, 10, 100] {
        let app = TestApp::new().await;
        let who = owner_of(&app, tenants).await;
        // Plans are kept for a moment; whoever comes first reads them for all.
        app.visitor().get("/billing/plans").await.expect(200);
        let (sent, data) = graphql(&app, &who, NESTED, json!({ "first": 100 })).await;
        let nodes = data["viewer"]["memberships"]["nodes"]
            .as_array()
            .unwrap()
            .clone();
        assert_eq!(nodes.len(), usize::try_from(tenants).unwrap());
        for node in nodes {
            assert!(
                node["tenant"]["subscription"]["plan"]["name"].is_string(),
                "{node:#}"
            );
        }
        assert!(sent <= 3, "{sent} statements for {tenants} tenants");
        counted.push(sent);
        app.finish().await;
    }
    assert_eq!(counted[1], counted[2], "the number grows with the answer");
}

#[tokio::test]
async fn members_of_a_tenant_take_the_same_number_at_any_size() {
    let query = "{ tenant { usage { users } limits { maxUsers } members(first: 100) {
        totalCount nodes { role user { email } tenant { name } } } } }";
    let mut counted = Vec::new();
    for people in [1, 10, 90] {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        db::more_members(&app, &acme.id, people).await;
        let (sent, data) = graphql(&app, &acme.owner, query, json!({})).await;
        assert_eq!(data["tenant"]["members"]["totalCount"], people + 1);
        assert_eq!(data["tenant"]["usage"]["users"], people + 1);
        counted.push(sent);
        app.finish().await;
    }
    assert!(
        counted.iter().all(|sent| *sent == counted[0] && *sent <= 8),
        "{counted:?}"
    );
}

#[tokio::test]
async fn plans_and_refusals_are_cheap() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let visitor = app.visitor();
    let plans = async || {
        let rest = app.sql(async || drop(visitor.get("/billing/plans").await));
        let rest = rest.await;
        let query = "{ plans { name limits { maxUsers } } }";
        (rest, graphql(&app, &visitor, query, json!({})).await.0)
    };
    assert_eq!(plans().await, (1, 0), "read once for all");
    assert_eq!(plans().await, (0, 0), "warm");
    app.advance(db::PLANS_SHOWN_FOR);
    assert_eq!(plans().await, (1, 0), "and again after a moment");
    // Nobody asks the database for a token that does not verify, or for no token at all.
    let garbage = visitor.with_access("garbage");
    let refused = app
        .sql(async || assert_eq!(garbage.get("/auth/me").await.status, 401))
        .await;
    assert_eq!(refused, 0);
    let refused = app
        .sql(async || assert_eq!(visitor.get("/tenants").await.status, 401))
        .await;
    assert_eq!(refused, 0);
    // One statement tells session, user and membership.
    let permissions = app
        .sql(async || {
            acme.owner.gql("{ permissions }", json!({})).await.ok();
        })
        .await;
    assert_eq!(permissions, 1);
    app.finish().await;
}

#[tokio::test]
async fn people_of_many_tenants_take_the_same_number_at_any_size() {
    let query = "{ tenants(first: 50) { nodes { usage { users } limits { maxUsers }
        subscription { status } members(first: 3) { totalCount nodes { user { email } } }
        invitations(first: 2) { totalCount nodes { email } } } } }";
    let mut counted = Vec::new();
    for tenants in [1, 10, 50] {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        db::more_tenants(&app, &acme.owner.id, tenants - 1).await;
        db::make_owner_everywhere(&app, &acme.owner.id).await;
        let (sent, data) = graphql(&app, &acme.owner, query, json!({})).await;
        let nodes = data["tenants"]["nodes"].as_array().unwrap().len();
        assert_eq!(i64::try_from(nodes).unwrap(), tenants);
        counted.push(sent);
        app.finish().await;
    }
    assert_eq!(counted[1], counted[2], "{counted:?}");
}

/// The benchmark's nested query (W8), its sizes in a variable.
const WITH_JOBS: &str = "query($first: Int!) { viewer { memberships(first: $first) { nodes { \
     tenant { name subscription { status plan { name } } \
     provisioningJobs(first: 5) { nodes { id status } } } } } } }";

#[tokio::test]
async fn the_nested_query_with_jobs_takes_four_statements_at_any_size() {
    let mut counted = Vec::new();
    for tenants in [1, 10, 50] {
        let app = TestApp::new().await;
        let who = owner_of(&app, tenants).await;
        app.visitor().get("/billing/plans").await.expect(200);
        let reply = who.get("/tenants?size=100").await;
        for tenant in reply.expect(200).as_array().unwrap() {
            sites::finished_jobs(&app, tenant["id"].as_str().unwrap(), 7).await;
        }
        let (sent, data) = graphql(&app, &who, WITH_JOBS, json!({ "first": 50 })).await;
        let nodes = data["viewer"]["memberships"]["nodes"].as_array().unwrap();
        for node in nodes {
            let jobs = &node["tenant"]["provisioningJobs"]["nodes"];
            assert_eq!(jobs.as_array().unwrap().len(), 5, "{node:#}");
        }
        assert!(sent <= 4, "{sent} statements for {tenants} tenants");
        counted.push(sent);
        app.finish().await;
    }
    assert_eq!(counted[1], counted[2], "the number grows with the answer");
}

#[tokio::test]
async fn a_page_of_jobs_takes_one_statement_beside_the_callers() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    sites::finished_jobs(&app, &acme.id, 50).await;
    let rest = app
        .sql(async || {
            let reply = acme.owner.get("/provisioning/jobs?page=1&size=20").await;
            assert_eq!(reply.json["pagination"]["total"], 50);
        })
        .await;
    assert_eq!(rest, 2, "the caller; the page with its total");
    let jobs = "nodes { id type status progress message error createdAt }";
    for (more, statements) in [("", 3), ("totalCount", 4)] {
        let query = format!("{{ tenant {{ provisioningJobs(first: 20) {{ {more} {jobs} }} }} }}");
        let (sent, _) = graphql(&app, &acme.owner, &query, json!({})).await;
        assert_eq!(sent, statements, "{query}");
    }
    app.finish().await;
}

#[tokio::test]
async fn steps_logs_and_people_of_many_jobs_take_the_same_number_at_any_size() {
    let query = "{ tenant { site { backups { nodes { id } } } provisioningJobs(first: 50) { nodes { \
        estimatedSecondsLeft steps { name } logs(first: 2) { totalCount nodes { text } } \
        tenant { name } requestedBy { email } } } } }";
    let mut counted = Vec::new();
    for jobs in [2, 10, 40] {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        let admin = acme.join("admin").await;
        for _ in 0..jobs {
            let job = sites::job(&app, &acme.id, |job| {
                job.status = JobStatus::Failed;
                job.requested_by = Some(UserId(acme.owner.id.parse().unwrap()));
            })
            .await;
            sites::lines(&app, &job, 3).await;
            sites::steps(&app, &job, &[StepStatus::Completed, StepStatus::Failed]).await;
        }
        let (sent, data) = graphql(&app, &admin, query, json!({})).await;
        for job in data["tenant"]["provisioningJobs"]["nodes"]
            .as_array()
            .unwrap()
        {
            assert_eq!(job["steps"].as_array().unwrap().len(), 2);
            assert_eq!(job["logs"]["totalCount"], 3);
            assert_eq!(job["logs"]["nodes"][1]["text"], "line 2");
            assert_eq!(job["requestedBy"]["email"], acme.owner.email.as_str());
        }
        counted.push(sent);
        app.finish().await;
    }
    assert!(
        counted.iter().all(|sent| *sent == counted[0] && *sent <= 8),
        "{counted:?}"
    );
}

#[tokio::test]
async fn to_tell_people_takes_two_statements_however_many_they_are() {
    let mut counted = Vec::new();
    for managers in [1, 12] {
        let app = TestApp::new().await;
        db::unlimited(&app, "trial").await;
        let acme = app.company("Acme").await;
        let other = acme.join("owner").await;
        for _ in 1..managers {
            acme.join("admin").await;
        }
        let member = acme.join("member").await;
        let change = async |who: &Actor, of: &Actor, role: &str| {
            let (path, body) = (acme.seat(of), json!({ "role": role }));
            let sent = app.sql(async || drop(who.patch(&path, body).await.expect(200).clone()));
            sent.await
        };
        // Nobody is told of their own deed, so nothing is looked up for it.
        let untold = change(&other, &other, "admin").await;
        let told = change(&acme.owner, &member, "admin").await;
        // The other owner counted owners, the member is none.
        assert_eq!(told, untold - 1 + 2, "who they are; their notifications");
        let leave = "mutation { leaveTenant(input: {}) { leftTenantId } }";
        let (left, _) = graphql(&app, &member, leave, json!({})).await;
        counted.push((untold, told, left));
        app.finish().await;
    }
    assert_eq!(counted[0], counted[1], "the number grows with the people");
}

#[tokio::test]
async fn an_inbox_takes_the_same_number_at_any_size() {
    let query = "{ viewer { unreadNotificationCount notifications(first: 50) {
        totalCount nodes { title tenant { name } } } } }";
    let mut counted = Vec::new();
    for news in [1, 10, 30] {
        let app = TestApp::new().await;
        let who = app.company("Acme").await.owner;
        for n in 0..news {
            let other = app.company(&format!("Other{n}")).await;
            other.admit(&who, "member").await;
        }
        let (sent, data) = graphql(&app, &who, query, json!({})).await;
        let inbox = &data["viewer"]["notifications"];
        assert_eq!(inbox["totalCount"], news);
        assert_eq!(data["viewer"]["unreadNotificationCount"], news);
        for node in inbox["nodes"].as_array().unwrap() {
            assert!(node["tenant"]["name"].is_string(), "{node:#}");
        }
        assert!(sent <= 5, "{sent} statements for {news} notifications");
        counted.push(sent);
        app.finish().await;
    }
    assert_eq!(counted[1], counted[2], "the number grows with the answer");
}
