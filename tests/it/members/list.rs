//! Who is in a tenant.

use serde_json::{Value, json};

use crate::support::{TestApp, db};

#[tokio::test]
async fn the_list_is_newest_first_and_shows_members_only() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.advance_secs(60);
    let admin = acme.join("admin").await;
    let invite = json!({ "email": "waiting@example.com", "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), invite)
        .await
        .expect(201);

    let reply = acme.owner.get(&acme.path("/users")).await;
    assert_eq!(
        *reply.expect(200),
        json!([
            {
                "user_id": admin.id, "email": admin.email, "full_name": "New admin",
                "role": "admin", "is_default": true, "joined_at": "2026-01-09T12:01:00Z",
            },
            {
                "user_id": acme.owner.id, "email": acme.owner.email, "full_name": "Olga Acme",
                "role": "owner", "is_default": true, "joined_at": "2026-01-09T12:00:00Z",
            },
        ])
    );
    assert_eq!(
        reply.json["pagination"],
        json!({ "total": 2, "page": 1, "size": 20, "pages": 1 })
    );
    app.finish().await;
}

#[tokio::test]
async fn owners_and_admins_see_the_list_and_members_do_not() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let member = acme.join("member").await;
    admin.get(&acme.path("/users")).await.expect(200);
    let refused = member.get(&acme.path("/users")).await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    app.finish().await;
}

#[tokio::test]
async fn many_members_come_in_pages_and_can_be_filtered() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::more_members(&app, &acme.id, 30).await;
    let reply = acme.owner.get(&acme.path("/users?size=20&page=2")).await;
    assert_eq!(reply.expect(200).as_array().unwrap().len(), 11);
    assert_eq!(reply.json["pagination"]["total"], 31);

    let query = "query($id: ID, $role: TenantRole, $search: String) { tenant(id: $id) {
        members(role: $role, search: $search, first: 100) {
            totalCount nodes { user { email } role } } } }";
    let found = async |role: Value, search: &str| {
        let variables = json!({ "id": acme.id, "role": role, "search": search });
        let reply = acme.owner.gql(query, variables).await;
        let members = &reply.ok()["tenant"]["members"];
        assert_eq!(
            members["totalCount"],
            members["nodes"].as_array().unwrap().len()
        );
        members["totalCount"].as_u64().unwrap()
    };
    assert_eq!(found(json!("OWNER"), "").await, 1);
    assert_eq!(found(json!("MEMBER"), "").await, 30);
    // Made by `db::more_members`: person0@many.example.com … with one 100% match and no wildcard.
    assert_eq!(found(Value::Null, "PERSON7@").await, 1);
    assert_eq!(found(Value::Null, "many.example").await, 30);
    assert_eq!(found(Value::Null, "%").await, 0);
    assert_eq!(found(Value::Null, "person_@").await, 0);
    assert_eq!(found(Value::Null, "\\").await, 0);
    assert_eq!(found(json!("OWNER"), "many.example").await, 0);
    app.finish().await;
}
