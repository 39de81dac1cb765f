//! What only GraphQL has: connections, the playground, statuses, nullability.

use serde_json::{Value, json};

use crate::support::{Actor, Door, Method, PASSWORD, Reply, TestApp, client::text, db, ops};

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String) {
    tenants(first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id name } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(who: &Actor, variables: Value) -> Value {
    who.gql(PAGE, variables).await.ok()["tenants"].clone()
}

fn ids(page: &Value) -> Vec<String> {
    page["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| text(node, "/id"))
        .collect()
}

#[tokio::test]
async fn a_list_can_be_walked_forwards_and_backwards() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::more_tenants(&app, &acme.owner.id, 24).await;
    let whole = ids(&page(&acme.owner, json!({ "first": 100 })).await);
    assert_eq!(whole.len(), 25);
    assert_eq!(
        ids(&page(&acme.owner, json!({})).await),
        whole[..20],
        "twenty unless asked"
    );

    let (mut forwards, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = page(&acme.owner, json!({ "first": 7, "after": after })).await;
        assert_eq!(page["totalCount"], 25);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        assert_eq!(page["edges"][0]["cursor"], page["pageInfo"]["startCursor"]);
        forwards.extend(ids(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(forwards, whole);

    let (mut backwards, mut before) = (Vec::new(), Value::Null);
    loop {
        let page = page(&acme.owner, json!({ "last": 7, "before": before })).await;
        let mut part = ids(&page);
        assert_eq!(page["pageInfo"]["hasNextPage"], !before.is_null());
        part.extend(backwards);
        backwards = part;
        before = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(backwards, whole);

    let empty = page(&acme.owner, json!({ "first": 0 })).await;
    assert_eq!((ids(&empty).len(), &empty["totalCount"]), (0, &json!(25)));
    assert_eq!(empty["pageInfo"]["startCursor"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_walk_is_not_disturbed_by_what_comes_and_goes() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::more_members(&app, &acme.id, 12).await;
    let query = "query($after: String) { tenant { members(first: 5, after: $after) {
        nodes { user { id } } pageInfo { endCursor hasNextPage } } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for step in 0.. {
        let reply = acme.owner.gql(query, json!({ "after": after })).await;
        let members = &reply.ok()["tenant"]["members"];
        for node in members["nodes"].as_array().unwrap() {
            seen.push(text(node, "/user/id"));
        }
        after = members["pageInfo"]["endCursor"].clone();
        if members["pageInfo"]["hasNextPage"] == false {
            break;
        }
        if step == 0 {
            // The one at the cursor leaves, and somebody joins in front.
            let last = seen.last().unwrap();
            acme.owner
                .delete(&acme.path(&format!("/users/{last}")))
                .await
                .expect(200);
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), all), (13, 13), "nobody twice, nobody left out");
    app.finish().await;
}

#[tokio::test]
async fn a_list_can_be_filtered() {
    let app = TestApp::new().await;
    let acme = app.company("Acme Works").await;
    db::more_tenants(&app, &acme.owner.id, 5).await;
    let query = "query($filter: TenantFilter) { tenants(filter: $filter) {
        totalCount nodes { name } } }";
    let found = async |filter: Value| {
        let reply = acme.owner.gql(query, json!({ "filter": filter })).await;
        let tenants = &reply.ok()["tenants"];
        assert_eq!(
            tenants["totalCount"],
            tenants["nodes"].as_array().unwrap().len()
        );
        tenants["totalCount"].as_u64().unwrap()
    };
    assert_eq!(found(Value::Null).await, 6);
    assert_eq!(found(json!({})).await, 6);
    assert_eq!(found(json!({ "role": "OWNER" })).await, 1);
    assert_eq!(found(json!({ "role": "MEMBER" })).await, 5);
    assert_eq!(found(json!({ "role": "ADMIN" })).await, 0);
    assert_eq!(found(json!({ "status": "ACTIVE" })).await, 5);
    assert_eq!(found(json!({ "status": "PROVISIONING" })).await, 1);
    assert_eq!(found(json!({ "search": "aCMe w" })).await, 1);
    assert_eq!(found(json!({ "search": "more" })).await, 5);
    assert_eq!(found(json!({ "search": "  " })).await, 6);
    assert_eq!(found(json!({ "search": "%" })).await, 0);
    assert_eq!(found(json!({ "search": "more", "role": "OWNER" })).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_mutation_tells_the_new_state_in_depth() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    acme.admit(&beta.owner, "member").await;
    let switch = "mutation($id: ID!) { switchTenant(input: { tenantId: $id }) {
        tenant { id viewerRole subscription { status } }
        viewer { currentTenant { id } membership { role isDefault }
            memberships { nodes { isDefault tenant { id } } } } } }";
    let reply = beta.owner.gql(switch, json!({ "id": acme.id })).await;
    let told = &reply.ok()["switchTenant"];
    assert_eq!(told["tenant"]["viewerRole"], "MEMBER");
    assert_eq!(told["tenant"]["subscription"]["status"], "TRIAL");
    assert_eq!(told["viewer"]["currentTenant"]["id"], acme.id);
    assert_eq!(told["viewer"]["membership"]["isDefault"], true);

    let remove = "mutation($input: RemoveMemberInput!) { removeMember(input: $input) {
        removedUserId tenant { usage { users } members { totalCount } } } }";
    let input = json!({ "tenantId": acme.id, "userId": beta.owner.id });
    let reply = acme.owner.gql(remove, json!({ "input": input })).await;
    let told = &reply.ok()["removeMember"];
    assert_eq!(told["removedUserId"], beta.owner.id);
    assert_eq!(
        (
            &told["tenant"]["usage"]["users"],
            &told["tenant"]["members"]["totalCount"]
        ),
        (&json!(1), &json!(1))
    );
    app.finish().await;
}

#[tokio::test]
async fn the_current_tenant_is_meant_where_none_is_named() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let guest = acme.admit(&beta.owner, "admin").await;
    let update = "mutation($input: UpdateTenantInput!) { updateTenant(input: $input) {
        tenant { id name } } }";
    let reply = guest
        .gql(update, json!({ "input": { "name": "Changed" } }))
        .await;
    assert_eq!(reply.ok()["updateTenant"]["tenant"]["id"], acme.id);
    let invite = "mutation($input: InviteMemberInput!) { inviteMember(input: $input) {
        invitation { tenantId role } } }";
    let reply = guest
        .gql(invite, json!({ "input": { "email": "new@example.com" } }))
        .await;
    let told = &reply.ok()["inviteMember"]["invitation"];
    assert_eq!(
        (&told["tenantId"], &told["role"]),
        (&json!(acme.id), &json!("MEMBER"))
    );
    app.finish().await;
}

#[tokio::test]
async fn statuses_are_two_hundred_unless_asked_for() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let send = async |accept: &str, who: &Actor, query: &str| {
        let request = who
            .http
            .post(format!("{}/graphql", who.base))
            .header("accept", accept);
        let request = request.json(&json!({ "query": query }));
        Reply::of("POST /graphql".to_owned(), who.signed(request)).await
    };
    let (usual, exact) = ("application/json", "application/graphql-response+json");
    let visitor = app.visitor();
    assert_eq!(send(usual, &visitor, "{ viewer { id } }").await.status, 200);
    assert_eq!(send(usual, &visitor, "{ nothing }").await.status, 200);
    assert_eq!(send(exact, &visitor, "{ viewer { id } }").await.status, 401);
    assert_eq!(send(exact, &visitor, "{ nothing }").await.status, 400);
    assert_eq!(send(exact, &visitor, "{").await.status, 400);
    let fine = send(exact, &acme.owner, "{ viewer { id } }").await;
    assert_eq!(fine.status, 200);
    assert!(
        fine.header("content-type").unwrap().starts_with(exact),
        "{fine}"
    );
    app.finish().await;
}

#[tokio::test]
async fn the_playground_opens_in_a_browser_where_it_is_on() {
    let open = async |app: &TestApp| {
        let visitor = app.visitor();
        let request = visitor.http.get(format!("{}/graphql", visitor.base));
        Reply::of(
            "GET /graphql".to_owned(),
            request.header("accept", "text/html"),
        )
        .await
    };
    let app = TestApp::new().await;
    let page = open(&app).await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html"),
        "{page}"
    );
    assert!(page.body.contains("<title>ERPMax GraphQL"), "{page}");
    let program = app.visitor().send(Method::GET, "/graphql", None).await;
    assert!(
        program.status >= 400,
        "only a browser gets the page: {program}"
    );
    app.finish().await;
    let app = TestApp::with(|config| config.server.playground = false).await;
    assert!(open(&app).await.status >= 400);
    app.finish().await;
}

#[tokio::test]
async fn money_is_told_exactly() {
    let app = TestApp::new().await;
    db::price_plan(&app, "professional", 9_007_199_254_740_993, "USD").await;
    let query = "{ plans { slug priceMonthly { amountMinor amount currency } } }";
    let reply = app.visitor().gql(query, json!({})).await;
    let plans = reply.ok()["plans"].as_array().unwrap().clone();
    let price = |slug: &str| {
        let plan = plans.iter().find(|plan| plan["slug"] == slug).unwrap();
        plan["priceMonthly"].clone()
    };
    assert_eq!(
        price("trial"),
        json!({ "amountMinor": 0, "amount": "0.00", "currency": "USD" })
    );
    assert_eq!(price("professional")["amount"], "90071992547409.93");
    app.finish().await;
}

#[tokio::test]
async fn a_search_knows_no_case_in_any_script() {
    let app = TestApp::new().await;
    let acme = app.company("Ромашка Плюс").await;
    let query = "query($s: String) { tenants(filter: { search: $s }) { totalCount } }";
    for (term, found) in [("ромашка", 1), ("РОМАШКА", 1), ("плЮс", 1), ("ромбик", 0)]
    {
        let reply = acme.owner.gql(query, json!({ "s": term })).await;
        assert_eq!(reply.ok()["tenants"]["totalCount"], found, "{term}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_given_up() {
    let app = TestApp::with(|config| config.graphql.timeout = std::time::Duration::ZERO).await;
    let login = ops::login("nobody@example.com", PASSWORD);
    let reply = app.visitor().call(Door::Graphql, &login).await;
    assert_eq!(reply.failure().code, "TIMEOUT", "{reply}");
    app.finish().await;
}
