//! Tenants: listing, reading, changing, slugs (rulings 9, 25).

use serde_json::{Value, json};

use crate::support::{Method, PASSWORD, TestApp, assert_code, assert_same, client::text, db};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

#[tokio::test]
async fn the_list_is_newest_first_and_tells_the_callers_role() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.advance_secs(1);
    let beta = app.company("Beta").await;
    acme.admit(&beta.owner, "admin").await;
    let reply = beta.owner.get("/tenants").await;
    let list = reply.expect(200).as_array().unwrap().clone();
    let told: Vec<_> = list
        .iter()
        .map(|tenant| (tenant["name"].clone(), tenant["role"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("Beta"), json!("owner")),
            (json!("Acme"), json!("admin"))
        ]
    );
    assert_eq!(reply.json["error"], Value::Null);
    assert_eq!(
        reply.json["pagination"],
        json!({ "total": 2, "page": 1, "size": 10, "pages": 1 })
    );
    app.finish().await;
}

#[tokio::test]
async fn pages_are_clamped_never_refused_and_never_overlap() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::more_tenants(&app, &acme.owner.id, 24).await;
    let page = async |query: &str| {
        let reply = acme.owner.get(&format!("/tenants{query}")).await;
        let data = reply.expect(200).as_array().unwrap().clone();
        (data, reply.json["pagination"].clone())
    };
    let (default, told) = page("").await;
    assert_eq!(default.len(), 10);
    assert_eq!(
        told,
        json!({ "total": 25, "page": 1, "size": 10, "pages": 3 })
    );

    let mut seen = Vec::new();
    for number in 1..=3 {
        seen.extend(page(&format!("?page={number}&size=10")).await.0);
    }
    let mut ids: Vec<_> = seen.iter().map(|tenant| text(tenant, "/id")).collect();
    assert_eq!(ids.len(), 25);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 25);

    for (query, size, at) in [
        ("?size=1000", 100, 1),
        ("?size=0", 1, 1),
        ("?size=-5&page=-5", 1, 1),
        ("?page=0", 10, 1),
        ("?page=9&size=10", 10, 9),
    ] {
        let (_, told) = page(query).await;
        assert_eq!(
            (&told["size"], &told["page"]),
            (&json!(size), &json!(at)),
            "{query}"
        );
        assert_eq!(told["total"], 25, "{query}");
    }
    let (empty, _) = page("?page=99999999999999999999999").await;
    assert_eq!(empty, Vec::<Value>::new());
    let wrong = acme.owner.get("/tenants?page=one").await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.json["errors"][0]["field"], "query -> page");
    assert_eq!(wrong.json["errors"][0]["type"], "int_parsing");
    app.finish().await;
}

#[tokio::test]
async fn the_current_tenant_comes_with_subscription_and_limits() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let reply = acme.owner.get("/tenants/current").await;
    let tenant = reply.expect(200);
    assert_eq!(tenant["id"], acme.id);
    assert_eq!(tenant["role"], "owner");
    assert_eq!(tenant["settings"], json!({}));
    assert_eq!(tenant["created_at"], "2026-01-09T12:00:00Z");
    assert_eq!(tenant["subscription"]["status"], "trial");
    assert_eq!(tenant["subscription"]["plan"]["slug"], "trial");
    assert_eq!(tenant["limits"]["max_users"], 3);
    assert_eq!(tenant["limits"]["max_storage_gb"], 10);
    app.finish().await;
}

#[tokio::test]
async fn the_tokens_tenant_and_the_paths_tenant_may_differ() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    // The owner of Beta works in Acme as a member, and still manages Beta.
    let guest = acme.admit(&beta.owner, "member").await;
    let current = guest.get("/tenants/current").await;
    assert_eq!(current.expect(200)["id"], acme.id);
    guest
        .patch(&beta.path(""), json!({ "name": "Beta Two" }))
        .await
        .expect(200);
    guest.get(&beta.path("/users")).await.expect(200);
    let refused = guest.patch(&acme.path(""), json!({ "name": "Mine" })).await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    app.finish().await;
}

#[tokio::test]
async fn foreign_and_unknown_tenants_look_alike() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let foreign = acme.owner.get(&beta.path("")).await;
    assert_eq!(
        (foreign.status, foreign.failure().code.as_str()),
        (403, "NOT_FOUND")
    );
    assert_same(
        &foreign,
        &acme.owner.get(&format!("/tenants/{NOBODY}")).await,
    );
    app.finish().await;
}

#[tokio::test]
async fn a_patch_tells_absent_null_and_value_apart() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let patch = async |body: Value| acme.owner.patch(&acme.path(""), body).await;

    app.advance_secs(60);
    let reply = patch(json!({ "settings": { "theme": "dark", "deep": { "a": [1, null] } } })).await;
    let data = reply.expect(200);
    assert_eq!(data["name"], "Acme");
    assert_eq!(data["settings"]["deep"]["a"], json!([1, null]));
    assert_eq!(data["updated_at"], "2026-01-09T12:01:00Z");
    assert_eq!(data["created_at"], "2026-01-09T12:00:00Z");
    // Settings replace the old object; the slug stays with the name it was made from.
    let reply = patch(json!({ "settings": { "other": true }, "name": "  Acme Two " })).await;
    let data = reply.expect(200);
    assert_eq!(data["settings"], json!({ "other": true }));
    assert_eq!(
        (&data["name"], &data["slug"]),
        (&json!("Acme Two"), &json!("acme"))
    );

    app.advance_secs(60);
    let reply = patch(json!({})).await;
    assert_eq!(reply.expect(200)["updated_at"], "2026-01-09T12:01:00Z");
    let ignored = json!({ "slug": "taken", "status": "active", "id": NOBODY });
    let reply = patch(ignored).await;
    let data = reply.expect(200);
    assert_eq!(
        (&data["slug"], &data["status"]),
        (&json!("acme"), &json!("provisioning"))
    );

    let reply = patch(json!({ "settings": null })).await;
    assert_eq!(reply.expect(200)["settings"], json!({}));
    let reply = patch(json!({ "name": null })).await;
    assert_eq!(reply.status, 422);
    assert_code(&reply, "INVALID_INPUT", "NOT_NULL");
    app.finish().await;
}

#[tokio::test]
async fn a_patch_refuses_what_a_tenant_cannot_be() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let large = "x".repeat(65 * 1024);
    for (body, field, reason) in [
        (json!({ "name": "" }), "name", "BLANK"),
        (json!({ "name": " \u{a0} " }), "name", "BLANK"),
        (json!({ "name": "x".repeat(256) }), "name", "TOO_LONG"),
        (json!({ "name": "a\u{0}" }), "name", "CONTROL_CHARACTER"),
        (json!({ "name": 5 }), "name", "WRONG_TYPE"),
        (json!({ "settings": [] }), "settings", "WRONG_TYPE"),
        (json!({ "settings": "{}" }), "settings", "WRONG_TYPE"),
        (
            json!({ "settings": { "a": { "b\u{0}": 1 } } }),
            "settings",
            "CONTROL_CHARACTER",
        ),
        (
            json!({ "settings": { "a": large } }),
            "settings",
            "TOO_LARGE",
        ),
    ] {
        let reply = acme.owner.patch(&acme.path(""), body.clone()).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_code(&reply, "INVALID_INPUT", reason);
        assert_eq!(reply.failure().fields, [field]);
    }
    let reply = acme.owner.get(&acme.path("")).await;
    assert_eq!(
        (&reply.expect(200)["name"], &reply.expect(200)["settings"]),
        (&json!("Acme"), &json!({}))
    );
    app.finish().await;
}

#[tokio::test]
async fn owners_and_admins_change_a_tenant_and_members_do_not() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let member = acme.join("member").await;
    admin
        .patch(&acme.path(""), json!({ "name": "By admin" }))
        .await
        .expect(200);
    let refused = member
        .patch(&acme.path(""), json!({ "name": "By member" }))
        .await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    let reply = member.get(&acme.path("")).await;
    assert_eq!(reply.expect(200)["name"], "By admin");
    assert_eq!(reply.expect(200)["role"], "member");
    app.finish().await;
}

#[tokio::test]
async fn slugs_are_readable_and_unique() {
    let app = TestApp::new().await;
    let slug = async |name: &str| {
        let body = json!({
            "email": format!("s{}@example.com", app.next_number()), "password": PASSWORD,
            "full_name": "S", "company_name": name,
        });
        let reply = app.visitor().post("/auth/register", body).await;
        text(reply.expect(201), "/current_tenant/slug")
    };
    assert_eq!(slug("Acme").await, "acme");
    assert_eq!(slug("  ACME!! ").await, "acme-1");
    assert_eq!(slug("acme").await, "acme-2");
    assert_eq!(slug("Рога и копыта").await, "roga-i-kopyta");
    assert_eq!(slug("Ünïcode & Söhne GmbH").await, "unicode-sohne-gmbh");
    let long = "a".repeat(100);
    let first = slug(&long).await;
    let second = slug(&long).await;
    assert_eq!(first, long);
    assert_ne!(first, second);
    for odd in ["!!!", "...", "—", "🎉🎉"] {
        let made = slug(odd).await;
        assert!(!made.is_empty(), "{odd}");
        well_formed(&made);
    }
    assert_ne!(slug("?!").await, slug("?!").await);
    well_formed(&first);
    well_formed(&second);
    well_formed(&slug(&"щ".repeat(255)).await);
    app.finish().await;
}

#[track_caller]
fn well_formed(slug: &str) {
    assert!(slug.len() <= 100, "{slug} has {} characters", slug.len());
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    assert!(slug.split('-').all(part), "{slug}");
}

#[tokio::test]
async fn ids_in_paths_are_uuids_in_any_spelling() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for wrong in [
        "1",
        "not-a-uuid",
        "%00",
        "..%2f..",
        "00000000-0000-0000-0000-00000000000g",
    ] {
        let reply = acme.owner.get(&format!("/tenants/{wrong}")).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_eq!(
            reply.json["errors"][0]["field"], "path -> tenant_id",
            "{reply}"
        );
        assert_eq!(reply.json["errors"][0]["type"], "uuid_parsing", "{reply}");
    }
    let upper = acme
        .owner
        .get(&format!("/tenants/{}", acme.id.to_uppercase()))
        .await;
    assert_eq!(upper.expect(200)["id"], acme.id);
    app.finish().await;
}

#[tokio::test]
async fn both_forms_of_a_path_are_routed() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for path in [
        "/tenants/",
        "/tenants/current/",
        &acme.path("/"),
        &acme.path("/users/"),
    ] {
        let reply = acme.owner.rest(Method::GET, path, None).await;
        assert_eq!(reply.status, 200, "{reply}");
    }
    app.finish().await;
}
