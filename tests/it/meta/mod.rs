//! The meta-test: what must hold for every operation, type and field, those that come later too.
//! `isolation` asks every operation as everybody, and sees that what changes something is audited.

pub mod laws;

use entity::membership::TenantRole;
use erpmax::domain::access::{Permission, permissions_of};
use serde_json::json;

use self::laws::{Schema, needed, squeeze};
use crate::support::TestApp;

/// Mutations without an input: there is nothing to say.
const WITHOUT_INPUT: &[&str] = &["logout"];

/// Lists that are no connections, and why they are short.
const BOUNDED: &[(&str, &str)] = &[
    (
        "ProvisioningJob.steps",
        "as many as a driver has planned for one job",
    ),
    ("ProvisioningLogLines.lines", "as many as are told at once"),
    (
        "Query.notificationPreferences",
        "as many as there are kinds and channels",
    ),
    ("Query.permissions", "as many as there are permissions"),
    ("Query.plans", "the price list, kept by the operator"),
    ("Site.apps", "as many as are installed on one site"),
    (
        "Tenant.viewerPermissions",
        "as many as there are permissions",
    ),
    (
        "UpdateNotificationPreferencesPayload.notificationPreferences",
        "as many as there are kinds and channels",
    ),
    (
        "Viewer.sessions",
        "an account has a limited number of sessions",
    ),
];

/// What anybody may see.
const PUBLIC: &[&str] = &["Plan", "Limits", "Money", "PageInfo"];
/// What belongs to the one who asks.
const OWN: &[&str] = &[
    "Viewer",
    "Tokens",
    "Session",
    "Notification",
    "NotificationEvent",
    "NotificationPreference",
];
/// What belongs to a tenant.
const OF_TENANTS: &[&str] = &[
    "Tenant",
    "Membership",
    "Invitation",
    "TenantSubscription",
    "Usage",
    "User",
    "ProvisioningJob",
    "ProvisioningStep",
    "LogLine",
    "Site",
    "InstalledApp",
    "Backup",
    "ProvisioningStatusUpdate",
    "ProvisioningLogLines",
    "ProvisioningCompleted",
    "ProvisioningFailed",
    "PaymentReceived",
    "PaymentFailed",
    "SubscriptionUpdated",
    "SubscriptionExpiring",
];

/// What stands before each field that leads to what belongs to a tenant.
const GUARDED: &[(&str, &str)] = &[
    ("PaymentReceived.subscription", "who hears of it may see it"),
    ("PaymentFailed.subscription", "who hears of it may see it"),
    ("ProvisioningStatusUpdate.job", "who hears of it may see it"),
    ("ProvisioningLogLines.job", "who hears of it may see it"),
    ("ProvisioningLogLines.lines", "who hears of it may see it"),
    ("ProvisioningCompleted.job", "who hears of it may see it"),
    ("ProvisioningFailed.job", "who hears of it may see it"),
    (
        "SubscriptionUpdated.subscription",
        "who hears of it may see it",
    ),
    (
        "SubscriptionExpiring.subscription",
        "who hears of it may see it",
    ),
    ("Query.tenant", "membership: `isolation`"),
    ("Query.tenants", "lists own tenants only"),
    ("Notification.tenant", "null unless one is in it"),
    (
        "Viewer.currentTenant",
        "membership, from the token's session",
    ),
    ("Viewer.membership", "one's own"),
    ("Viewer.memberships", "one's own"),
    (
        "Membership.tenant",
        "who sees the membership is in the tenant",
    ),
    (
        "Membership.user",
        "who sees the membership may see its person",
    ),
    (
        "Query.provisioningJob",
        "own tenants' jobs only: `isolation`",
    ),
    ("ProvisioningJob.tenant", "membership"),
    (
        "ProvisioningJob.requestedBy",
        "oneself, or VIEW_MEMBERS and somebody who is there",
    ),
    ("ProvisioningJob.steps", "VIEW_PROVISIONING"),
    ("ProvisioningJob.logs", "VIEW_PROVISIONING"),
    ("Site.apps", "who sees the site may see its apps"),
    ("Site.backups", "VIEW_PROVISIONING"),
    ("Tenant.backups", "VIEW_PROVISIONING"),
    ("Tenant.provisioningJobs", "VIEW_PROVISIONING"),
    ("Tenant.site", "VIEW_PROVISIONING"),
    ("Tenant.members", "VIEW_MEMBERS"),
    ("Tenant.invitations", "VIEW_MEMBERS"),
    ("Tenant.subscription", "VIEW_SUBSCRIPTION"),
    ("Tenant.usage", "who sees the tenant is in it"),
];

fn ours() -> Schema {
    Schema::parse(&erpmax::graphql::sdl())
}

fn permissions() -> Vec<&'static str> {
    Permission::ALL
        .iter()
        .map(|permission| permission.as_str())
        .collect()
}

const NOTHING: [String; 0] = [];

#[test]
fn everything_is_described_for_its_reader() {
    assert_eq!(ours().undescribed(), NOTHING);
}

#[test]
fn mutations_take_one_input_and_return_one_payload() {
    assert_eq!(ours().misshapen(WITHOUT_INPUT), NOTHING);
}

#[test]
fn mutations_say_who_may_use_them() {
    assert_eq!(ours().unguarded(&permissions()), NOTHING);
}

#[test]
fn lists_are_bounded() {
    assert_eq!(ours().unbounded(BOUNDED), NOTHING);
}

#[test]
fn what_belongs_to_a_tenant_is_reached_through_a_guard() {
    assert_eq!(ours().unclassified(&[PUBLIC, OWN, OF_TENANTS]), NOTHING);
    assert_eq!(ours().open_edges(OF_TENANTS, GUARDED), NOTHING);
}

/// A schema that breaks every law once or more.
const BAD: &str = r#"
"All."
type Query {
  "Your tenants." tenants(first: Int, after: String): TenantConnection!
  "All words." words: [String!]!
  "Somebody's." secret: Tenant
  bare(x: Int): Int
}
"All."
type Mutation {
  "Does something." unsaid(input: UnsaidInput!): UnsaidPayload!
  "Needs `NO_SUCH_THING`." misnamed(input: MisnamedInput!): MisnamedPayload!
  "Needs `VIEW_TENANT`." two("One." a: Int, "Other." b: Int): TwoPayload!
  "Public." odd("All." input: String): Tenant!
  "Public." none: NonePayload!
}
"Page." type TenantConnection { "All." nodes: [Tenant!]! }
"One." type Tenant { "Back." payload: TwoPayload }
"None." type Stranger { "One." a: Int }
"One." type UnsaidPayload { "One." a: Int }
"One." type MisnamedPayload { "One." a: Int }
"One." type TwoPayload { "One." a: Int }
"One." type NonePayload { "One." a: Int }
"One." input UnsaidInput { a: Int }
"One." input MisnamedInput { "One." a: Int }
"Words." enum Word { ONE }
"#;

#[test]
fn a_schema_that_breaks_the_laws_is_found_out() {
    let bad = Schema::parse(BAD);
    assert_eq!(
        bad.undescribed(),
        [
            "UnsaidInput(a:)",
            "Word.ONE",
            "Query.tenants(first:)",
            "Query.tenants(after:)",
            "Query.bare",
            "Query.bare(x:)",
            "Mutation.unsaid(input:)",
            "Mutation.misnamed(input:)",
        ]
    );
    assert_eq!(
        bad.misshapen(&[]),
        [
            "two takes (a: Int, b: Int)",
            "odd returns Tenant!",
            "odd takes (input: String)",
            "none takes ()",
            "Tenant.payload leads to TwoPayload",
        ]
    );
    assert_eq!(
        bad.unguarded(&permissions()),
        [
            "unsaid does not say who may use it",
            "Mutation.misnamed needs NO_SUCH_THING"
        ]
    );
    assert_eq!(
        bad.unbounded(&[("Query.gone", "")]),
        [
            "Query.tenants takes no page",
            "Query.words is a list without a bound",
            "Query.gone is listed, but gone",
        ]
    );
    assert_eq!(
        bad.open_edges(&["Tenant"], &[("Query.tenants", ""), ("Query.gone", "")]),
        ["Query.secret", "Query.gone is listed, but gone"]
    );
    assert_eq!(bad.unclassified(&[&["Tenant"]]), ["Stranger"]);
}

#[tokio::test]
async fn fields_keep_what_their_descriptions_promise() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let people = [
        (TenantRole::Owner, acme.owner.clone()),
        (TenantRole::Admin, acme.join("admin").await),
        (TenantRole::Member, acme.join("member").await),
    ];
    let schema = ours();
    let ways = schema.ways();
    let mut checked = 0;
    // What is listened to is tried beside its door (`subscriptions`), as everybody by `isolation`.
    let asked =
        |from: &str| !["Mutation", "Subscription"].contains(&from) && ways.contains_key(from);
    for edge in schema.edges().filter(|edge| asked(edge.from)) {
        let text = squeeze(edge.text());
        let Some(permission) = needed(&text).first().copied() else {
            continue;
        };
        let way = &ways[edge.from];
        let leaf = if edge.to().ends_with("Connection") {
            "{ totalCount nodes { __typename } }"
        } else {
            "{ __typename }"
        };
        let field = format!("{} {leaf}", edge.field.name.node);
        let query = laws::along(way, field);
        for (role, who) in &people {
            let reply = who.gql(&format!("{{ {query} }}"), json!({})).await;
            let held = permissions_of(*role).any(|held| held.as_str() == permission);
            let outcome = if reply.refused() {
                reply.failure().code
            } else {
                "ok".to_owned()
            };
            let expected = if held { "ok" } else { "FORBIDDEN" };
            assert_eq!(outcome, expected, "{query} by {role:?}: {reply}");
        }
        checked += 1;
    }
    assert!(checked >= 3, "only {checked} fields promise something");
    app.finish().await;
}
