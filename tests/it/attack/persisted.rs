//! Persisted queries, in the protocol that Apollo's clients speak, and how they come by GET.

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Actor, PASSWORD, Reply, TestApp, assert_code, db};

const PLANS: &str = "query Plans { plans { slug } }";
const TENANT: &str = "query Tenant($id: ID) { tenant(id: $id) { id name } }";
const RENAME: &str = "mutation Rename($input: UpdateTenantInput!) {
    updateTenant(input: $input) { tenant { name } } }";

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

fn extensions(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

async fn by_hash(who: &Actor, text: &str, variables: Value) -> Reply {
    let body = json!({ "extensions": extensions(&hash(text)), "variables": variables });
    who.send(Method::POST, "/graphql", Some(body)).await
}

async fn register(who: &Actor, text: &str, variables: Value) -> Reply {
    let body = json!({
        "query": text, "extensions": extensions(&hash(text)), "variables": variables,
    });
    who.send(Method::POST, "/graphql", Some(body)).await
}

async fn get(who: &Actor, parameters: &[(&str, String)], accept: &str) -> Reply {
    let mut address = url::Url::parse(&format!("{}/graphql", who.base)).unwrap();
    address.query_pairs_mut().extend_pairs(parameters);
    let request = who.http.get(address).header("accept", accept);
    Reply::of("GET /graphql".to_owned(), who.signed(request)).await
}

async fn get_by_hash(who: &Actor, text: &str, variables: Value) -> Reply {
    let parameters = [
        ("extensions", extensions(&hash(text)).to_string()),
        ("variables", variables.to_string()),
    ];
    get(who, &parameters, "application/json").await
}

#[tokio::test]
async fn a_client_is_asked_for_the_text_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (text, variables) in [(PLANS, json!({})), (TENANT, json!({ "id": acme.id }))] {
        let missing = by_hash(&acme.owner, text, variables.clone()).await;
        assert_eq!(missing.status, 200, "{missing}");
        assert_eq!(missing.failure().code, "PERSISTED_QUERY_NOT_FOUND");
        // Clients look for these very words.
        assert_eq!(missing.failure().message, "PersistedQueryNotFound");
        assert!(missing.json.get("data").is_none(), "{missing}");
        let first = register(&acme.owner, text, variables.clone()).await;
        let again = by_hash(&acme.owner, text, variables.clone()).await;
        assert_eq!(first.ok(), again.ok());
        let seen = get_by_hash(&acme.owner, text, variables).await;
        assert_eq!(seen.ok(), first.ok());
        assert_eq!(seen.header("cache-control"), Some("no-store"));
    }
    // A document belongs to nobody; what it shows depends on who sends it.
    let beta = app.company("Beta").await;
    let foreign = by_hash(&beta.owner, TENANT, json!({ "id": acme.id })).await;
    assert_code(&foreign, "NOT_FOUND", "");
    let visitor = get_by_hash(&app.visitor(), TENANT, json!({})).await;
    assert_code(&visitor, "UNAUTHENTICATED", "");
    app.finish().await;
}

#[tokio::test]
async fn what_was_sent_as_text_has_a_hash_too() {
    let app = TestApp::new().await;
    app.visitor().gql(PLANS, json!({})).await.ok();
    by_hash(&app.visitor(), PLANS, json!({})).await.ok();
    app.finish().await;
}

#[tokio::test]
async fn variables_are_looked_at_every_time() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let text = "query Page($n: Int, $f: TenantFilter) {
        tenants(first: $n, filter: $f) { nodes { id members(first: $n) { nodes { role } } } } }";
    register(&acme.owner, text, json!({ "n": 2 })).await.ok();
    for (variables, code, reason) in [
        (json!({ "n": "x" }), "INVALID_INPUT", "WRONG_TYPE"),
        (json!({ "n": [1] }), "INVALID_INPUT", "WRONG_TYPE"),
        (json!({ "n": -1 }), "INVALID_INPUT", "OUT_OF_RANGE"),
        (json!({ "n": 100 }), "QUERY_TOO_COSTLY", ""),
        (
            json!({ "f": { "role": "KING" } }),
            "INVALID_INPUT",
            "UNKNOWN_WORD",
        ),
        (
            json!({ "f": { "unknown": 1 } }),
            "INVALID_INPUT",
            "UNKNOWN_WORD",
        ),
        (
            json!({ "f": { "search": 7 } }),
            "INVALID_INPUT",
            "WRONG_TYPE",
        ),
    ] {
        let known = by_hash(&acme.owner, text, variables.clone()).await;
        assert_code(&known, code, reason);
        // A text that nobody has sent before is looked at as a whole: it says the same.
        let new = text.replace("Page", &format!("Page{}", app.next_number()));
        let new = acme.owner.gql(&new, variables).await;
        assert_eq!(new.failure(), known.failure());
    }
    let variables = json!({ "n": 1, "f": { "role": "OWNER", "search": null } });
    by_hash(&acme.owner, text, variables).await.ok();
    // What is not sent is absent, not null, also in a document that is known.
    register(
        &acme.owner,
        RENAME,
        json!({ "input": { "name": "Acme Two" } }),
    )
    .await
    .ok();
    let text = "mutation($name: String, $settings: JSON) {
        updateTenant(input: { name: $name, settings: $settings }) { tenant { name settings } } }";
    for (variables, expected) in [
        (
            json!({ "settings": { "a": 1 } }),
            json!({ "name": "Acme Two", "settings": { "a": 1 } }),
        ),
        (
            json!({ "name": "Acme" }),
            json!({ "name": "Acme", "settings": { "a": 1 } }),
        ),
        (
            json!({ "name": "Acme", "settings": null }),
            json!({ "name": "Acme", "settings": {} }),
        ),
        (
            json!({ "name": "A" }),
            json!({ "name": "A", "settings": {} }),
        ),
    ] {
        let reply = acme.owner.gql(text, variables).await;
        assert_eq!(reply.ok()["updateTenant"]["tenant"], expected);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_hash_is_refused_and_registers_nothing() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let send = async |extensions: Value, query: Option<&str>| {
        let mut body = json!({ "extensions": extensions });
        if let Some(query) = query {
            body["query"] = query.into();
        }
        visitor.send(Method::POST, "/graphql", Some(body)).await
    };
    let other = hash("{ plans { id } }");
    let mismatch = send(extensions(&other), Some(PLANS)).await;
    assert_code(&mismatch, "INVALID_INPUT", "HASH_MISMATCH");
    assert_eq!(
        mismatch.failure().message,
        "provided sha does not match query"
    );
    assert_eq!(mismatch.failure().fields, ["sha256_hash"]);
    for unknown in [&other, &hash(PLANS), &hash(PLANS).to_uppercase()] {
        let reply = send(extensions(unknown), None).await;
        assert_eq!(reply.failure().code, "PERSISTED_QUERY_NOT_FOUND");
    }
    for (wrong, reason) in [
        (
            json!({ "persistedQuery": { "version": 2, "sha256Hash": other } }),
            "OUT_OF_RANGE",
        ),
        (
            json!({ "persistedQuery": { "version": 1, "sha256Hash": "" } }),
            "WRONG_TYPE",
        ),
        (
            json!({ "persistedQuery": { "version": 1, "sha256Hash": "x".repeat(64) } }),
            "WRONG_TYPE",
        ),
        (
            json!({ "persistedQuery": { "version": 1, "sha256Hash": "é".repeat(32) } }),
            "WRONG_TYPE",
        ),
        (
            json!({ "persistedQuery": { "version": 1, "sha256Hash": 7 } }),
            "WRONG_TYPE",
        ),
        (json!({ "persistedQuery": { "version": 1 } }), "WRONG_TYPE"),
        (json!({ "persistedQuery": [] }), "WRONG_TYPE"),
        (json!([]), "WRONG_TYPE"),
        (json!({}), "REQUIRED"),
        (json!({ "persistedQuery": null }), "REQUIRED"),
        (json!({ "other": 1 }), "REQUIRED"),
    ] {
        let reply = send(wrong, None).await;
        assert_code(&reply, "INVALID_INPUT", reason);
    }
    app.finish().await;
}

#[tokio::test]
async fn only_what_is_valid_and_within_limits_is_kept() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let long = format!("{{ plans {{ {} }} }}", "id ".repeat(4_000));
    let secret = format!(
        "mutation {{ login(input: {{ email: \"{}\", password: \"{PASSWORD}\" }}) {{ viewer {{ id }} }} }}",
        acme.owner.email
    );
    for (text, code) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        (long.as_str(), "QUERY_TOO_COSTLY"),
        (
            "{ tenants(first: 100) { nodes { members(first: 100) { nodes { role } } } } }",
            "QUERY_TOO_COSTLY",
        ),
        // It does what it says, but the password in its text is not kept.
        (&secret, ""),
    ] {
        let reply = register(&acme.owner, text, json!({})).await;
        let told = if reply.refused() {
            reply.failure().code
        } else {
            String::new()
        };
        assert_eq!(told, code, "{reply}");
        let reply = by_hash(&acme.owner, text, json!({})).await;
        assert_eq!(reply.failure().code, "PERSISTED_QUERY_NOT_FOUND", "{text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_flood_of_documents_does_not_push_out_what_is_used() {
    let app = TestApp::with(|config| config.graphql.documents = 32).await;
    let visitor = app.visitor();
    for _ in 0..3 {
        register(&visitor, PLANS, json!({})).await.ok();
        by_hash(&visitor, PLANS, json!({})).await.ok();
    }
    for n in 0..200 {
        let text = format!("query Flood{n} {{ plans {{ slug }} }}");
        register(&visitor, &text, json!({})).await.ok();
    }
    by_hash(&visitor, PLANS, json!({})).await.ok();
    let mut kept = 0;
    for n in 0..200 {
        let text = format!("query Flood{n} {{ plans {{ slug }} }}");
        kept += usize::from(!by_hash(&visitor, &text, json!({})).await.refused());
    }
    assert!(kept < 32, "{kept} of the flood are kept");
    app.finish().await;
}

#[tokio::test]
async fn the_smallest_store_keeps_what_is_large() {
    let smallest = |config: &mut erpmax::config::Config| config.graphql.documents_bytes = 2 << 20;
    let app = TestApp::with(smallest).await;
    let acme = app.company("Acme").await;
    let large = format!("{{ viewer {{ {} }} }}", "id ".repeat(2_900));
    register(&acme.owner, &large, json!({})).await.ok();
    by_hash(&acme.owner, &large, json!({})).await.ok();
    app.finish().await;
}

#[tokio::test]
async fn get_changes_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let input = json!({ "input": { "name": "Acme Two" } });
    register(&acme.owner, RENAME, input.clone()).await.ok();
    let both = "query Look { plans { id } } mutation Log { logout { signedOut } }";
    let named = json!({
        "query": both, "operationName": "Look", "extensions": extensions(&hash(both)),
    });
    acme.owner
        .send(Method::POST, "/graphql", Some(named))
        .await
        .ok();
    let before = db::counts(&app).await;
    for accept in [
        "application/json",
        "application/graphql-response+json",
        "text/html",
    ] {
        let parameters = [
            ("extensions", extensions(&hash(RENAME)).to_string()),
            ("variables", input.to_string()),
        ];
        let reply = get(&acme.owner, &parameters, accept).await;
        assert_eq!(reply.status, 405, "{reply}");
        assert_eq!(reply.header("allow"), Some("POST"));
        assert_eq!(reply.failure().code, "METHOD_NOT_ALLOWED");
    }
    let operation = |name: &str| {
        [
            ("extensions", extensions(&hash(both)).to_string()),
            ("operationName", name.to_owned()),
        ]
    };
    get(&acme.owner, &operation("Look"), "*/*").await.ok();
    let reply = get(&acme.owner, &operation("Log"), "*/*").await;
    assert_eq!(
        (reply.status, reply.failure().code.as_str()),
        (405, "METHOD_NOT_ALLOWED")
    );
    // Nothing but the name of a document: no text, and no registration.
    let new = "{ plans { name } }";
    for parameters in [
        vec![("query", PLANS.to_owned())],
        vec![
            ("query", new.to_owned()),
            ("extensions", extensions(&hash(new)).to_string()),
        ],
    ] {
        let reply = get(&acme.owner, &parameters, "application/json").await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("POST")),
            "{reply}"
        );
        assert_eq!(reply.failure().code, "METHOD_NOT_ALLOWED");
    }
    assert_eq!(
        get_by_hash(&acme.owner, new, json!({}))
            .await
            .failure()
            .code,
        "PERSISTED_QUERY_NOT_FOUND"
    );
    assert_eq!(db::counts(&app).await, before);
    acme.owner.get("/auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn what_comes_by_get_may_be_malformed() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    register(&visitor, PLANS, json!({})).await.ok();
    let good = extensions(&hash(PLANS)).to_string();
    for (extensions, variables, field, reason) in [
        ("", "", "extensions", "MALFORMED_JSON"),
        ("{", "", "extensions", "MALFORMED_JSON"),
        ("[]", "", "extensions", "WRONG_TYPE"),
        ("{}", "", "query", "REQUIRED"),
        ("\u{0}", "", "extensions", "MALFORMED_JSON"),
        (good.as_str(), "x", "variables", "MALFORMED_JSON"),
        (&good, "[]", "variables", "WRONG_TYPE"),
        (&good, "7", "variables", "WRONG_TYPE"),
    ] {
        let parameters = [
            ("extensions", extensions.to_owned()),
            ("variables", variables.to_owned()),
        ];
        let reply = get(&visitor, &parameters, "application/json").await;
        assert_eq!(reply.status, 400, "{reply}");
        assert_code(&reply, "INVALID_INPUT", reason);
        assert_eq!(reply.failure().fields, [field], "{reply}");
    }
    for variables in ["", "null", "{}"] {
        let parameters = [
            ("extensions", good.clone()),
            ("variables", variables.to_owned()),
        ];
        get(&visitor, &parameters, "application/json").await.ok();
    }
    app.finish().await;
}
