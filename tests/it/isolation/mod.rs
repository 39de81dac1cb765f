//! Who may do what: every operation, asked by everybody, through both doors. An operation that the
//! schema or the OpenAPI document has and this table lacks fails the build. Subscriptions have a table
//! of their own.

mod listening;
pub mod table;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    Actor, Door, Method, Reply, TestApp,
    client::{assert_same, text},
    db,
    ops::{self, Call},
    sdl,
};

use table::{NO, NONE, OK, Row, TABLE};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

/// The people and things that the calls are about. Each case takes things nobody has touched.
pub struct World {
    acme: String,
    spare_members: Vec<String>,
    spare_invitations: Vec<String>,
    spare_tokens: Vec<String>,
    spare_refresh: Vec<String>,
    spare_sessions: Vec<String>,
    spare_jobs: Vec<String>,
    ended_jobs: Vec<String>,
    /// One of the owner's.
    notification: String,
}

/// Routes that concern nobody's data; anybody may ask.
const SERVICE: &[&str] = &["GET /", "GET /health", "GET /health/ready"];

#[test]
fn the_table_knows_every_operation_of_the_schema() {
    let known: BTreeSet<_> = TABLE.iter().map(|row| row.operation.to_owned()).collect();
    let offered: BTreeSet<_> = sdl::operations().into_iter().collect();
    assert_eq!(offered, known);
    let alone = TABLE.iter().filter(|row| row.route.is_empty());
    let alone: BTreeSet<_> = alone.map(|row| row.operation).collect();
    assert_eq!(alone, ops::GRAPHQL_ONLY.iter().copied().collect());
}

#[test]
fn the_table_knows_every_route_of_the_document() {
    let mut known: BTreeSet<_> = TABLE
        .iter()
        .map(|row| row.route.to_owned())
        .filter(|route| !route.is_empty())
        .collect();
    known.extend(SERVICE.iter().map(ToString::to_string));
    let document = serde_json::to_value(erpmax::rest::openapi()).unwrap();
    let mut offered = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if Method::from_bytes(method.to_uppercase().as_bytes()).is_ok()
                && method != "parameters"
            {
                offered.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert_eq!(offered, known);
}

/// Makes them.
pub async fn world(app: &TestApp, acme: &crate::support::Company<'_>) -> World {
    db::more_members(app, &acme.id, 20).await;
    let reply = acme.owner.get(&acme.path("/users?size=100")).await;
    let spare = |member: &Value| {
        let many = text(member, "/email").ends_with("@many.example.com");
        many.then(|| text(member, "/user_id"))
    };
    let spare_members = reply
        .expect(200)
        .as_array()
        .unwrap()
        .iter()
        .filter_map(spare)
        .collect();
    let mut spare_invitations = Vec::new();
    let mut spare_refresh = Vec::new();
    for n in 0..10 {
        let body = json!({ "email": format!("spare{n}@example.com"), "role": "member" });
        let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
        spare_invitations.push(text(reply.expect(201), "/invitation/id"));
        spare_refresh.push(acme.owner.sign_in().await.refresh);
    }
    let mut spare_tokens = Vec::new();
    for n in 0..10 {
        let email = format!("token{n}@example.com");
        let body = json!({ "email": email, "role": "member" });
        acme.owner
            .post(&acme.path("/users/invite"), body)
            .await
            .expect(201);
        app.settle().await;
        spare_tokens.push(app.token_for(&email).await);
    }
    acme.join("member").await;
    let query = "{ viewer { notifications(first: 1) { nodes { id } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let notification = text(reply.ok(), "/viewer/notifications/nodes/0/id");
    // Last, so that nobody has begun with those that wait.
    let (mut spare_jobs, mut ended_jobs) = (Vec::new(), Vec::new());
    for n in 0..30 {
        let body = json!({ "job_type": "backup_site" });
        let reply = acme.owner.post("/provisioning/jobs", body).await;
        let id = text(reply.expect(201), "/id");
        if n % 3 == 0 {
            let cancel = format!("/provisioning/jobs/{id}/cancel");
            acme.owner.post(&cancel, json!({})).await.expect(200);
            ended_jobs.push(id);
        } else {
            spare_jobs.push(id);
        }
    }
    let query = "{ viewer { sessions { id current } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let sessions = reply.ok()["viewer"]["sessions"].as_array().unwrap();
    let others = sessions
        .iter()
        .filter(|session| session["current"] == false);
    World {
        acme: acme.id.clone(),
        spare_members,
        spare_invitations,
        spare_tokens,
        spare_refresh,
        spare_sessions: others.map(|session| text(session, "/id")).collect(),
        spare_jobs,
        ended_jobs,
        notification,
    }
}

fn outcome(reply: &Reply) -> String {
    if reply.refused() {
        reply.failure().code
    } else {
        OK.to_owned()
    }
}

/// Mutations that leave no trace in the audit log: the next pair of tokens of a session, every
/// quarter of an hour, tells nothing that its start and end do not (a stolen one is audited), and
/// what somebody reads of their own concerns nobody else.
const UNAUDITED: &[&str] = &[
    "refreshToken",
    "markNotificationRead",
    "markAllNotificationsRead",
];

#[tokio::test]
async fn everybody_may_do_exactly_what_the_table_says() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let people = [
        ("visitor", app.visitor()),
        ("owner", acme.owner.clone()),
        ("admin", acme.join("admin").await),
        ("member", acme.join("member").await),
        ("foreign owner", beta.owner.clone()),
    ];
    let world = world(&app, &acme).await;
    let mutations: BTreeSet<_> = sdl::mutations().into_iter().collect();
    for row in TABLE {
        let mut nth = 0;
        for ((name, who), expected) in people.iter().zip(row.expected) {
            for &door in row.doors() {
                let label = format!("{} {} through {door:?} by {name}", row.operation, row.route);
                let who = session_for(row, who).await;
                let before = db::counts(&app).await;
                let call = (row.call)(&world, nth, &world.acme);
                nth += 1;
                let reply = who.call(door, &call).await;
                assert_eq!(outcome(&reply), expected, "{label}: {reply}");
                if expected != OK {
                    assert_eq!(db::counts(&app).await, before, "{label} changed something");
                } else if mutations.contains(row.operation) && !UNAUDITED.contains(&row.operation) {
                    let audit = db::counts(&app).await.audit;
                    assert!(
                        audit > before.audit,
                        "{label} left no trace in the audit log"
                    );
                }
                if *name == "foreign owner" {
                    assert!(!tells_of(&reply, &world), "{label} tells of Acme: {reply}");
                    if row.scoped {
                        let unknown = who.call(door, &(row.call)(&world, nth - 1, NOBODY)).await;
                        assert_same(&reply, &unknown);
                    }
                }
            }
        }
    }
    app.finish().await;
}

/// Whoever signs out needs a session to spend, and after signing out everywhere there is none left.
pub async fn session_for(row: &Row, who: &Actor) -> Actor {
    const SPENT: &[&str] = &[
        "logout",
        "revokeSession",
        "logoutEverywhere",
        "transferOwnership",
        "leaveTenant",
    ];
    if SPENT.contains(&row.operation) && who.access.is_some() {
        who.sign_in().await
    } else {
        who.clone()
    }
}

/// Whether an answer holds anything of Acme's.
fn tells_of(reply: &Reply, world: &World) -> bool {
    reply.body.contains(&world.acme) || reply.body.contains("acme.example.com")
}

#[tokio::test]
async fn ids_of_another_tenants_things_are_unknown_in_ones_own() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let world = world(&app, &acme).await;
    for door in Door::BOTH {
        let calls: [fn(&str, &str) -> Call; 4] = [
            |tenant, id| ops::change_member_role(tenant, id, "admin"),
            ops::remove_member,
            ops::resend_invitation,
            ops::revoke_invitation,
        ];
        for (n, call) in calls.into_iter().enumerate() {
            let things = if n < 2 {
                &world.spare_members
            } else {
                &world.spare_invitations
            };
            let before = db::counts(&app).await;
            let foreign = beta.owner.call(door, &call(&beta.id, &things[0])).await;
            let unknown = beta.owner.call(door, &call(&beta.id, NOBODY)).await;
            assert_eq!(foreign.failure().code, NONE, "{foreign}");
            assert_same(&foreign, &unknown);
            assert_eq!(db::counts(&app).await, before);
        }
        let calls: [fn(&str) -> Call; 4] = [
            ops::provisioning_job,
            ops::provisioning_logs,
            ops::retry_provisioning_job,
            ops::cancel_provisioning_job,
        ];
        for call in calls {
            let before = db::counts(&app).await;
            let foreign = beta.owner.call(door, &call(&world.ended_jobs[0])).await;
            let unknown = beta.owner.call(door, &call(NOBODY)).await;
            assert_eq!(foreign.failure().code, NONE, "{foreign}");
            assert_same(&foreign, &unknown);
            assert_eq!(db::counts(&app).await, before);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn an_operator_has_no_role_in_any_tenant() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let operator = app.company("Operators").await.owner;
    db::make_superuser(&app, &operator.id).await;
    for door in Door::BOTH {
        let me = operator.call(door, &ops::viewer()).await;
        assert!(me.body.contains("\"is_superuser\":true"), "{me}");
        let foreign = operator.call(door, &ops::tenant(&acme.id)).await;
        assert_eq!(foreign.failure().code, NONE);
        assert_same(&foreign, &operator.call(door, &ops::tenant(NOBODY)).await);
        let members = operator.call(door, &ops::members(&acme.id)).await;
        assert_eq!(members.failure().code, NONE);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_graph_leads_nowhere_that_its_start_does_not_allow() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    // From oneself over the tenant to its people, by a member who may not see them.
    for query in [
        "{ viewer { currentTenant { members { nodes { user { email } } } } } }",
        "{ viewer { memberships { nodes { tenant { members { totalCount } } } } } }",
        "{ tenants { nodes { invitations { nodes { email } } } } }",
        "{ viewer { membership { tenant { invitations { totalCount } } } } }",
    ] {
        let reply = member.gql(query, json!({})).await;
        assert_eq!(reply.failure().code, NO, "{query}: {reply}");
        assert!(
            !reply.body.contains("owner@acme.example.com"),
            "{query}: {reply}"
        );
        acme.owner.gql(query, json!({})).await.ok();
    }
    // What a person keeps to themselves: where their sign-in lands.
    let query = "{ tenant { members { nodes { user { id defaultTenantId } } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let nodes = reply.ok()["tenant"]["members"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    for node in nodes {
        let own = node["user"]["id"] == acme.owner.id;
        assert_eq!(!node["user"]["defaultTenantId"].is_null(), own, "{node}");
    }
    app.finish().await;
}
