//! Sign-up.

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, assert_code, db};

fn body(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "full_name": "Ann Lee", "company_name": "Acme" })
}

#[tokio::test]
async fn registering_makes_user_company_ownership_and_trial() {
    let app = TestApp::new().await;
    let reply = app
        .visitor()
        .post("/auth/register", body("ann@example.com"))
        .await;
    let data = reply.expect(201).clone();

    assert_eq!(reply.json["status"], "success");
    assert_eq!(reply.json["error"], Value::Null);
    assert_eq!(data["token_type"], "bearer");
    let user = &data["user"];
    let tenant = &data["current_tenant"];
    assert_eq!(
        *user,
        json!({
            "id": user["id"], "email": "ann@example.com", "full_name": "Ann Lee",
            "is_active": true, "is_superuser": false, "default_tenant_id": tenant["id"],
            "created_at": "2026-01-09T12:00:00Z", "updated_at": "2026-01-09T12:00:00Z",
        })
    );
    assert_eq!(tenant["name"], "Acme");
    assert_eq!(tenant["slug"], "acme");
    assert_eq!(tenant["status"], "provisioning");
    assert_eq!(tenant["erpnext_site_url"], Value::Null);
    assert_eq!(tenant["settings"], json!({}));
    let [membership] = data["tenants"].as_array().unwrap().as_slice() else {
        panic!("one membership: {data:#}")
    };
    assert_eq!(membership["tenant_id"], tenant["id"]);
    assert_eq!(membership["tenant_name"], "Acme");
    assert_eq!(membership["role"], "owner");
    assert_eq!(membership["is_default"], true);

    let ann = app.visitor().with_tokens(&data);
    let reply = ann.get("/billing/subscription").await;
    let subscription = reply.expect(200);
    assert_eq!(subscription["status"], "trial");
    assert_eq!(subscription["billing_period"], "monthly");
    assert_eq!(subscription["plan"]["slug"], "trial");
    assert_eq!(subscription["current_period_start"], "2026-01-09T12:00:00Z");
    assert_eq!(subscription["trial_ends_at"], "2026-01-23T12:00:00Z");
    assert_eq!(subscription["current_period_end"], "2026-01-23T12:00:00Z");
    app.finish().await;
}

#[tokio::test]
async fn an_address_is_trimmed_kept_as_typed_and_compared_without_case() {
    let app = TestApp::new().await;
    let reply = app
        .visitor()
        .post("/auth/register", body("  Ann.Lee@Example.COM "))
        .await;
    assert_eq!(reply.expect(201)["user"]["email"], "Ann.Lee@Example.COM");

    let again = app
        .visitor()
        .post("/auth/register", body("ann.lee@example.com"))
        .await;
    assert_eq!(again.status, 409);
    assert_code(&again, "CONFLICT", "EMAIL_TAKEN");

    let login = json!({ "email": "ANN.LEE@example.com ", "password": PASSWORD });
    app.visitor().post("/auth/login", login).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_refused_sign_up_leaves_nothing_behind() {
    let app = TestApp::new().await;
    app.company("First").await;
    let before = db::counts(&app).await;
    let taken = json!({
        "email": "owner@first.example.com", "password": PASSWORD,
        "full_name": "Somebody", "company_name": "Brand new",
    });
    assert_code(
        &app.visitor().post("/auth/register", taken).await,
        "CONFLICT",
        "EMAIL_TAKEN",
    );
    let short = json!({
        "email": "new@example.com", "password": "short", "full_name": "A", "company_name": "B",
    });
    assert_code(
        &app.visitor().post("/auth/register", short).await,
        "INVALID_INPUT",
        "TOO_SHORT",
    );
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn rest_wants_every_field_and_names_all_that_are_missing() {
    let app = TestApp::new().await;
    let reply = app.visitor().post("/auth/register", json!({})).await;
    assert_eq!(reply.status, 422);
    let failure = reply.failure();
    assert_eq!(failure.code, "INVALID_INPUT");
    assert_eq!(
        failure.fields,
        ["email", "password", "full_name", "company_name"]
    );
    let errors = reply.json["errors"].as_array().unwrap();
    assert_eq!(errors[0]["field"], "body -> email");
    assert!(
        errors.iter().all(|error| error["type"] == "missing"),
        "{reply}"
    );
    app.finish().await;
}

#[tokio::test]
async fn wrong_values_are_named_by_the_legacy_types() {
    let app = TestApp::new().await;
    let cases = [
        (json!({ "email": "not an address" }), "email", "value_error"),
        (json!({ "email": 7 }), "email", "string_type"),
        (json!({ "email": null }), "email", "string_type"),
        (
            json!({ "password": "1234567" }),
            "password",
            "string_too_short",
        ),
        (
            json!({ "password": "x".repeat(129) }),
            "password",
            "string_too_long",
        ),
        (
            json!({ "password": "password123" }),
            "password",
            "value_error",
        ),
        (json!({ "full_name": "" }), "full_name", "value_error"),
        (
            json!({ "full_name": "x".repeat(256) }),
            "full_name",
            "string_too_long",
        ),
        (
            json!({ "company_name": "   " }),
            "company_name",
            "value_error",
        ),
        (
            json!({ "company_name": "a\u{0}b" }),
            "company_name",
            "value_error",
        ),
        (
            json!({ "company_name": ["Acme"] }),
            "company_name",
            "string_type",
        ),
    ];
    for (change, field, kind) in cases {
        let mut wrong = body("ann@example.com");
        wrong
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let reply = app.visitor().post("/auth/register", wrong).await;
        assert_eq!(reply.status, 422, "{change}: {reply}");
        let errors = reply.json["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{reply}");
        assert_eq!(errors[0]["field"], format!("body -> {field}"), "{reply}");
        assert_eq!(errors[0]["type"], kind, "{change}: {reply}");
    }
    app.finish().await;
}

#[tokio::test]
async fn passwords_are_neither_common_nor_the_address_and_never_cut() {
    let app = TestApp::new().await;
    let register = async |email: &str, password: &str| {
        let mut body = body(email);
        body["password"] = json!(password);
        app.visitor().post("/auth/register", body).await
    };
    for common in ["password", "12345678", "Password"] {
        let reply = register("a@example.com", common).await;
        assert_code(&reply, "INVALID_INPUT", "COMMON_PASSWORD");
    }
    let own = register("unusual.address@example.com", "Unusual.Address@example.com").await;
    assert_code(&own, "INVALID_INPUT", "PASSWORD_IS_EMAIL");

    // 128 characters of three bytes each: beyond the 72 bytes at which bcrypt stops to look.
    let long = "пароль-語".chars().cycle().take(128).collect::<String>();
    register("long@example.com", &long).await.expect(201);
    let cut: String = long.chars().take(127).collect();
    let login = async |password: &str| {
        let body = json!({ "email": "long@example.com", "password": password });
        app.visitor().post("/auth/login", body).await.status
    };
    assert_eq!(login(&cut).await, 401);
    assert_eq!(login(&long).await, 200);
    app.finish().await;
}

#[tokio::test]
async fn graphql_asks_only_for_address_and_password() {
    let app = TestApp::new().await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) {
        tokens { accessToken tokenType }
        viewer { fullName email currentTenant { name slug viewerRole } } } }";
    let input = json!({ "email": "Ann.Lee@example.com", "password": PASSWORD });
    let reply = app.visitor().gql(query, json!({ "input": input })).await;
    let viewer = &reply.ok()["register"]["viewer"];
    assert_eq!(viewer["fullName"], "Ann.Lee");
    assert_eq!(viewer["email"], "Ann.Lee@example.com");
    assert_eq!(viewer["currentTenant"]["name"], "Ann.Lee's company");
    assert_eq!(viewer["currentTenant"]["slug"], "ann-lee-s-company");
    assert_eq!(viewer["currentTenant"]["viewerRole"], "OWNER");
    app.finish().await;
}
