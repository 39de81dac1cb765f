//! Bad input on `/graphql`: transports, documents, limits, values.

use std::fmt::Write;

use serde_json::{Value, json};

use super::assert_tells_nothing;
use crate::support::{Actor, Door, Method, Reply, TestApp, assert_code, db, ops};

async fn raw(who: &Actor, kind: &str, body: &str) -> Reply {
    let request = who
        .http
        .post(format!("{}/graphql", who.base))
        .body(body.to_owned());
    let request = if kind.is_empty() {
        request
    } else {
        request.header("content-type", kind)
    };
    Reply::of("POST /graphql".to_owned(), who.signed(request)).await
}

#[track_caller]
fn assert_refused(reply: &Reply, code: &str) {
    assert!(reply.status < 500, "{reply}");
    assert_eq!(reply.failure().code, code, "{reply}");
    assert_tells_nothing(reply);
}

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let body = json!({ "query": "{ plans { id } }" }).to_string();
    for kind in [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let reply = raw(&visitor, kind, &body).await;
        assert_eq!(reply.status, 415, "{kind}: {reply}");
        assert_eq!(reply.failure().code, "UNSUPPORTED_MEDIA_TYPE", "{reply}");
    }
    raw(&visitor, "application/json; charset=utf-8", &body)
        .await
        .ok();
    for broken in [
        "",
        "{",
        "[]",
        "null",
        "1",
        "\"{ plans { id } }\"",
        "{\"query\": 1}",
        "{}",
    ] {
        let reply = raw(&visitor, "application/json", broken).await;
        assert!(
            (400..500).contains(&reply.status) || reply.refused(),
            "{broken}: {reply}"
        );
        assert!(reply.status < 500, "{broken}: {reply}");
        assert!(!reply.failure().code.is_empty(), "{broken}: {reply}");
        assert_tells_nothing(&reply);
    }
    app.finish().await;
}

#[tokio::test]
async fn mutations_do_not_travel_by_get() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::counts(&app).await;
    for query in [
        "?query=mutation%7Blogout%7BsignedOut%7D%7D",
        "?query=%7Bplans%7Bid%7D%7D",
    ] {
        let reply = acme
            .owner
            .send(Method::GET, &format!("/graphql{query}"), None)
            .await;
        assert!(
            reply.status >= 400 || reply.header("content-type").unwrap().contains("html"),
            "{reply}"
        );
    }
    assert_eq!(db::counts(&app).await, before);
    acme.owner.get("/auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn documents_that_are_wrong_say_so_with_a_code() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ plans { id }", "GRAPHQL_PARSE_FAILED"),
        ("{ plans { } }", "GRAPHQL_PARSE_FAILED"),
        ("query { \u{0} }", "GRAPHQL_PARSE_FAILED"),
        ("subscription { plans { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ plans }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ plans { id { x } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ plans(first: 1) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query($x: Int) { plans { id } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ plans { ...Missing } }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ plans { ...A } } fragment A on Plan { ...A }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "{ plans { ...A } } fragment A on Plan { ...B } fragment B on Plan { ...A }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ tenant(id: 7.5) { id } }", "INVALID_INPUT"),
        ("{ tenants(first: \"x\") { totalCount } }", "INVALID_INPUT"),
        (
            "query A { plans { id } } query A { plans { id } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "query A { plans { id } } query B { plans { id } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        let reply = acme.owner.gql(query, json!({})).await;
        // A parser may find at once what others find later; a code there must be.
        let failure = reply.failure();
        assert!(
            failure.code == code || failure.code == "GRAPHQL_PARSE_FAILED",
            "{query}: {reply}"
        );
        assert!(reply.json["data"].is_null(), "{query}: {reply}");
        assert_tells_nothing(&reply);
    }
    let named = json!({ "query": "query A { plans { id } }", "operationName": "B" });
    let reply = raw(&acme.owner, "application/json", &named.to_string()).await;
    assert_refused(&reply, "GRAPHQL_VALIDATION_FAILED");
    app.finish().await;
}

#[tokio::test]
async fn limits_hold_whatever_the_document_looks_like() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let nested = |depth: usize| {
        let mut query = "{ viewer { memberships(first: 1) { nodes { tenant { id ".to_owned();
        query.push_str(&"members(first: 1) { nodes { tenant { id ".repeat(depth));
        query.push_str(&"} } } ".repeat(depth + 1));
        query + "} }"
    };
    acme.owner.gql(&nested(2), json!({})).await.ok();
    assert_refused(
        &acme.owner.gql(&nested(7), json!({})).await,
        "QUERY_TOO_DEEP",
    );
    let braces = format!("{}{}", "{ a ".repeat(50_000), "}".repeat(50_000));
    assert_refused(&acme.owner.gql(&braces, json!({})).await, "QUERY_TOO_DEEP");

    let costly =
        "{ tenants(first: 100) { nodes { members(first: 100) { nodes { user { id } } } } } }";
    assert_refused(&acme.owner.gql(costly, json!({})).await, "QUERY_TOO_COSTLY");
    // The same, its sizes in variables, which are only known when it runs.
    let by_variable = "query($n: Int) { tenants(first: $n) { nodes { members(first: $n) { nodes { \
        user { id } } } } } }";
    let reply = acme.owner.gql(by_variable, json!({ "n": 100 })).await;
    assert_refused(&reply, "QUERY_TOO_COSTLY");
    acme.owner.gql(by_variable, json!({ "n": 2 })).await.ok();
    // The same, its parts in fragments.
    let by_fragment = "{ tenants(first: 100) { nodes { ...T } } } \
        fragment T on Tenant { members(first: 100) { nodes { ...M } } } \
        fragment M on Membership { user { id } }";
    assert_refused(
        &acme.owner.gql(by_fragment, json!({})).await,
        "QUERY_TOO_COSTLY",
    );

    let aliases: String = (0..31).fold(String::new(), |mut text, n| {
        let _ = write!(text, "a{n}: plans {{ id }} ");
        text
    });
    let reply = acme.owner.gql(&format!("{{ {aliases} }}"), json!({})).await;
    assert_refused(&reply, "QUERY_TOO_COSTLY");
    let logins: String = (0..31).fold(String::new(), |mut text, n| {
        let _ = write!(
            text,
            "l{n}: login(input: {{ email: \"a@example.com\", password: \"x\" }}) "
        );
        text + "{ tokens { expiresIn } } "
    });
    let before = db::counts(&app).await;
    let reply = acme
        .owner
        .gql(&format!("mutation {{ {logins} }}"), json!({}))
        .await;
    assert_refused(&reply, "QUERY_TOO_COSTLY");
    assert_eq!(db::counts(&app).await, before);

    // Fragments that spread each other twice double at every step.
    let mut bomb = "{ viewer { ...F0 } } ".to_owned();
    for n in 0..40 {
        let _ = write!(
            bomb,
            "fragment F{n} on Viewer {{ ...F{0} ...F{0} }} ",
            n + 1
        );
    }
    bomb.push_str("fragment F40 on Viewer { id }");
    let reply = acme.owner.gql(&bomb, json!({})).await;
    assert!(reply.status < 500 && reply.refused(), "{reply}");
    assert!(reply.failure().code.starts_with("QUERY_TOO_"), "{reply}");
    app.finish().await;
}

#[tokio::test]
async fn limits_are_settings_and_the_cost_is_told() {
    let app = TestApp::with(|config| {
        config.graphql.max_cost = 250;
        config.graphql.max_depth = 5;
        config.graphql.max_aliases = 1;
    })
    .await;
    let acme = app.company("Acme").await;
    let reply = acme
        .owner
        .gql("{ tenants(first: 3) { nodes { id } } }", json!({}))
        .await;
    reply.ok();
    let cost = &reply.json["extensions"]["cost"];
    assert_eq!(cost["available"], 250, "{reply}");
    assert!(cost["requested"].as_u64().unwrap() >= 3, "{reply}");
    let longer = acme
        .owner
        .gql("{ tenants(first: 100) { nodes { id } } }", json!({}))
        .await;
    let longer = longer.json["extensions"]["cost"]["requested"]
        .as_u64()
        .unwrap();
    assert!(
        longer > cost["requested"].as_u64().unwrap(),
        "the size of a list counts"
    );
    let deep = "{ viewer { memberships { nodes { tenant { subscription { id } } } } } }";
    assert_refused(&acme.owner.gql(deep, json!({})).await, "QUERY_TOO_DEEP");
    let aliases = "{ a: plans { id } b: plans { id } }";
    assert_refused(
        &acme.owner.gql(aliases, json!({})).await,
        "QUERY_TOO_COSTLY",
    );
    app.finish().await;
}

#[tokio::test]
async fn the_standard_introspection_passes_unless_it_is_off() {
    let query = include_str!("introspection.graphql");
    let app = TestApp::new().await;
    let reply = app.visitor().gql(query, json!({})).await;
    assert!(reply.ok()["__schema"]["types"].as_array().unwrap().len() > 20);
    app.finish().await;
    let app = TestApp::with(|config| config.graphql.introspection = false).await;
    let reply = app.visitor().gql(query, json!({})).await;
    assert_refused(&reply, "GRAPHQL_VALIDATION_FAILED");
    app.visitor()
        .gql("{ __typename plans { __typename } }", json!({}))
        .await
        .ok();
    app.finish().await;
}

#[tokio::test]
async fn names_are_suggested_only_where_wanted() {
    for (wanted, app) in [
        (true, TestApp::new().await),
        (
            false,
            TestApp::with(|config| config.graphql.suggestions = false).await,
        ),
    ] {
        let reply = app.visitor().gql("{ plan { id } }", json!({})).await;
        assert_eq!(reply.body.contains("plans"), wanted, "{reply}");
        app.finish().await;
    }
}

#[tokio::test]
async fn values_that_the_domain_refuses_name_their_fields() {
    let app = TestApp::new().await;
    let before = db::counts(&app).await;
    let register =
        "mutation($input: RegisterInput!) { register(input: $input) { tokens { expiresIn } } }";
    let input = json!({
        "email": "no", "password": "x", "fullName": " ", "companyName": "a\u{0}",
    });
    let reply = app.visitor().gql(register, json!({ "input": input })).await;
    assert_code(&reply, "INVALID_INPUT", "INVALID_EMAIL");
    let fields = &reply.json["errors"][0]["extensions"]["fields"];
    let named: Vec<_> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["field"].clone())
        .collect();
    assert_eq!(named, ["email", "password", "fullName", "companyName"]);
    assert!(
        fields[1]["message"].is_string() && fields[1]["reason"] == "TOO_SHORT",
        "{reply}"
    );

    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn arguments_that_the_domain_refuses_name_themselves() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (query, field, reason) in [
        (
            "{ tenants(first: -1) { totalCount } }",
            "first",
            "OUT_OF_RANGE",
        ),
        (
            "{ tenants(first: 101) { totalCount } }",
            "first",
            "OUT_OF_RANGE",
        ),
        (
            "{ tenants(first: 1, last: 1) { totalCount } }",
            "last",
            "MUTUALLY_EXCLUSIVE",
        ),
        (
            "{ tenants(after: \"garbage\") { totalCount } }",
            "after",
            "INVALID_CURSOR",
        ),
        (
            "{ tenants(before: \"\") { totalCount } }",
            "before",
            "INVALID_CURSOR",
        ),
        (
            "{ tenants(filter: { search: \"a\\u0000b\" }) { totalCount } }",
            "search",
            "CONTROL_CHARACTER",
        ),
        ("{ tenant(id: \"nowhere\") { id } }", "id", "INVALID_ID"),
        (
            "{ tenant { members(search: \"a\\u0000\") { totalCount } } }",
            "search",
            "CONTROL_CHARACTER",
        ),
        (
            "{ tenant { invitations(first: 1000) { totalCount } } }",
            "first",
            "OUT_OF_RANGE",
        ),
        (
            "{ viewer { memberships(last: -5) { totalCount } } }",
            "last",
            "OUT_OF_RANGE",
        ),
    ] {
        let reply = acme.owner.gql(query, json!({})).await;
        // The cost of a page too long may be what is refused first.
        if reply.failure().code != "QUERY_TOO_COSTLY" {
            assert_code(&reply, "INVALID_INPUT", reason);
            assert_eq!(reply.failure().fields, [field], "{query}: {reply}");
        }
        assert_tells_nothing(&reply);
    }
    let long = "x".repeat(101);
    let query = "query($s: String) { tenants(filter: { search: $s }) { totalCount } }";
    assert_code(
        &acme.owner.gql(query, json!({ "s": long })).await,
        "INVALID_INPUT",
        "TOO_LONG",
    );
    app.finish().await;
}

#[tokio::test]
async fn values_of_the_wrong_type_name_their_fields() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let invite = "mutation($input: InviteMemberInput!) { inviteMember(input: $input) {
        invitation { id } } }";
    for (input, field, reason) in [
        (json!({ "email": 7 }), "email", "WRONG_TYPE"),
        (json!({ "email": null }), "email", "WRONG_TYPE"),
        (json!({}), "email", "REQUIRED"),
        (
            json!({ "email": "a@example.com", "role": "KING" }),
            "role",
            "UNKNOWN_WORD",
        ),
        (
            json!({ "email": "a@example.com", "role": ["ADMIN"] }),
            "role",
            "WRONG_TYPE",
        ),
        (
            json!({ "email": "a@example.com", "unknown": 1 }),
            "unknown",
            "UNKNOWN_WORD",
        ),
        (Value::Null, "variables", "REQUIRED"),
    ] {
        let reply = acme.owner.gql(invite, json!({ "input": input })).await;
        assert_code(&reply, "INVALID_INPUT", reason);
        assert_eq!(reply.failure().fields, [field], "{reply}");
        assert_tells_nothing(&reply);
    }
    let reply = acme.owner.gql(invite, json!({ "input": "text" })).await;
    assert_code(&reply, "INVALID_INPUT", "WRONG_TYPE");
    // Huge and odd numbers.
    for first in [
        json!(9_999_999_999_u64),
        json!(1.5),
        json!("1"),
        json!(true),
        json!([1]),
    ] {
        let query = "query($n: Int) { tenants(first: $n) { totalCount } }";
        let reply = acme.owner.gql(query, json!({ "n": first })).await;
        assert!(reply.status < 500, "{reply}");
        if reply.refused() {
            assert!(!reply.failure().code.is_empty(), "{reply}");
            assert_ne!(reply.failure().code, "INTERNAL", "{reply}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_failure_in_one_field_spares_the_others() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let query = "{ viewer { id } plans { slug } tenant(id: \"0199d3a0-0000-7000-8000-000000000000\") { id } }";
    let reply = member.gql(query, json!({})).await;
    assert_eq!(reply.json["data"]["viewer"]["id"], member.id);
    assert_eq!(reply.json["data"]["tenant"], Value::Null);
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 1, "{reply}");
    assert_eq!(reply.json["errors"][0]["path"], json!(["tenant"]));
    assert_eq!(reply.failure().code, "NOT_FOUND");
    // A page of one's own beside a bad token: what needs no token is still told.
    let stale = member.with_access("stale");
    let reply = stale.call(Door::Graphql, &ops::plans()).await;
    assert!(!reply.refused(), "{reply}");
    app.finish().await;
}
