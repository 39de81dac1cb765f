//! The table of permissions, literally, and its printed form.

use entity::membership::TenantRole::{self, Admin, Member, Owner};
use erpmax::domain::access::{Permission, permissions_of};
use serde_json::json;

use crate::support::{TestApp, snapshot};

/// The whole table, written down a second time on purpose: a change of either is a decision.
const TABLE: &[(&str, bool, bool, bool)] = &[
    // permission, owner, admin, member
    ("VIEW_TENANT", true, true, true),
    ("UPDATE_TENANT", true, true, false),
    ("VIEW_MEMBERS", true, true, false),
    ("INVITE_MEMBERS", true, true, false),
    ("GRANT_OWNERSHIP", true, false, false),
    ("TRANSFER_OWNERSHIP", true, false, false),
    ("CHANGE_MEMBER_ROLES", true, false, false),
    ("REMOVE_MEMBERS", true, true, false),
    ("VIEW_SUBSCRIPTION", true, true, true),
    ("VIEW_PROVISIONING", true, true, true),
    ("MANAGE_PROVISIONING", true, true, false),
];

#[test]
fn every_permission_and_role_is_as_the_table_says() {
    let actual: Vec<_> = Permission::ALL
        .iter()
        .map(|permission| {
            let held = |role| permissions_of(role).any(|held| held == *permission);
            (permission.as_str(), held(Owner), held(Admin), held(Member))
        })
        .collect();
    assert_eq!(actual, TABLE);
}

#[tokio::test]
async fn everybody_is_told_what_they_may_do() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let people = [
        (acme.owner.clone(), Owner),
        (acme.join("admin").await, Admin),
        (acme.join("member").await, Member),
    ];
    for (who, role) in people {
        let expected: Vec<_> = held_by(role);
        let query = "{ permissions tenant { viewerRole viewerPermissions } }";
        let reply = who.gql(query, json!({})).await;
        assert_eq!(reply.ok()["permissions"], json!(expected), "{role:?}");
        assert_eq!(
            reply.ok()["tenant"]["viewerPermissions"],
            json!(expected),
            "{role:?}"
        );
    }
    app.finish().await;
}

fn held_by(role: TenantRole) -> Vec<&'static str> {
    let column = |row: &(&'static str, bool, bool, bool)| match role {
        Owner => row.1,
        Admin => row.2,
        Member => row.3,
    };
    TABLE
        .iter()
        .filter(|row| column(row))
        .map(|row| row.0)
        .collect()
}

#[test]
fn the_printed_table_is_the_table() {
    let mut page = "# Permissions\n\n\
        What each role may do in a tenant. Written by `UPDATE_SNAPSHOTS=1 cargo test permissions` \
        from the table in\n`src/domain/access.rs`; do not edit.\n\n\
        | Permission | What it allows | Owner | Admin | Member |\n\
        | --- | --- | :-: | :-: | :-: |\n"
        .to_owned();
    for permission in Permission::ALL {
        let (name, text) = (permission.as_str(), permission.description());
        let cell = |role| {
            if permission.is_held_by(role) {
                "yes"
            } else {
                ""
            }
        };
        let cells = [Owner, Admin, Member].map(cell).join(" | ");
        page.push_str(&format!("| `{name}` | {text} | {cells} |\n").replace("|  |", "| |"));
    }
    snapshot::check("docs/PERMISSIONS.md", &page);
}
