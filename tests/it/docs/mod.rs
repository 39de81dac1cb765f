//! What the documents show is run: the operations for frontends, and what a newcomer or an operator would
//! type (with bash and curl), against the real program on either stack.

mod listening;
mod provisioning;

use std::{collections::BTreeMap, fs, path::Path};

use async_graphql::parser::{parse_query, types::OperationType};
use serde_json::{Map, Value, json};

use crate::support::{
    Actor, Company, PASSWORD, TestApp,
    client::text,
    db,
    process::{Place, Server, Signal},
    sdl, sites,
};

fn operations() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations");
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "docs/operations is empty");
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&file).unwrap())
        })
        .collect()
}

/// A value for every variable that an operation may ask for; new things for each.
async fn values(app: &TestApp, acme: &Company<'_>, name: &str) -> Map<String, Value> {
    let number = app.next_number();
    let invite = async |email: &str| {
        let body = json!({ "email": email, "role": "member" });
        let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
        text(reply.expect(201), "/invitation/id")
    };
    let invited = format!("invited{number}@example.com");
    let invitation = invite(&invited).await;
    app.settle().await;
    let email = match name {
        "sign-in" => acme.owner.email.clone(),
        _ => format!("new{number}@example.com"),
    };
    let job = json!({ "job_type": "create_site" });
    let job = acme.owner.post("/provisioning/jobs", job).await;
    let job = text(job.expect(201), "/id");
    let backup = backup(app, acme).await;
    let other = acme.owner.sign_in().await;
    let query = "{ viewer { sessions { id current } } }";
    let reply = other.gql(query, json!({})).await;
    let sessions = reply.ok()["viewer"]["sessions"].as_array().unwrap();
    let session = sessions.iter().find(|session| session["current"] == true);
    let session = session.map(|session| session["id"].clone());
    let news = "{ viewer { notifications(first: 1) { nodes { id } } } }";
    acme.join("member").await;
    let reply = acme.owner.gql(news, json!({})).await;
    let notification = text(reply.ok(), "/viewer/notifications/nodes/0/id");
    let values = json!({
        "notificationId": notification, "upTo": notification, "unreadOnly": true,
        "preferences": [{ "kind": "MEMBER_JOINED", "channel": "EMAIL", "enabled": true }],
        "tenantId": acme.id, "userId": acme.join("member").await.id, "role": "ADMIN",
        "invitationId": invitation, "token": app.token_for(&invited).await,
        "email": email, "password": PASSWORD, "fullName": "New Person", "companyName": "New Company",
        "refreshToken": acme.owner.sign_in().await.refresh, "name": "Acme", "settings": { "a": 1 },
        "jobId": job, "jobType": "BACKUP_INSTANCE", "jobStatus": "PENDING", "siteName": null,
        "backupId": backup, "logsAfter": null,
        "sessionId": session, "exceptCurrent": true, "search": "example", "first": 5, "after": null, "filter": { "search": "acme" },
    });
    let Value::Object(values) = values else {
        unreachable!("an object was written")
    };
    values
}

/// A backup of the company's site.
async fn backup(app: &TestApp, acme: &Company<'_>) -> String {
    let site = sites::site_of(app, &acme.id).await.expect("a site").id;
    let number = app.next_number();
    let backup = sites::backup(app, &acme.id, site, &format!("backup-{number}")).await;
    backup.to_string()
}

/// Who sends it: some operations are for people without an account.
async fn sender(app: &TestApp, acme: &Company<'_>, name: &str) -> Actor {
    match name {
        "sign-in" | "sign-up" | "accept-invitation" | "refresh-token" | "plans" => app.visitor(),
        "log-out" | "switch-tenant" => acme.owner.sign_in().await,
        "leave-tenant" | "log-out-everywhere" => acme.join("member").await,
        "transfer-ownership" => acme.join("owner").await,
        _ => acme.owner.clone(),
    }
}

#[tokio::test]
async fn every_operation_for_frontends_runs() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    for (name, document) in operations() {
        let parsed = parse_query(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [(_, operation)] = parsed
            .operations
            .iter()
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let known = values(&app, &acme, &name).await;
        let mut variables = Map::new();
        for definition in &operation.node.variable_definitions {
            let variable = definition.node.name.node.to_string();
            let value = known.get(&variable);
            let value = value.unwrap_or_else(|| panic!("{name}: no value for ${variable}"));
            variables.insert(variable, value.clone());
        }
        if operation.node.ty == OperationType::Subscription {
            // See `listening`.
            continue;
        }
        let who = sender(&app, &acme, &name).await;
        let reply = who.gql(&document, variables.clone().into()).await;
        assert!(!reply.refused(), "{name}: {reply}");
        if operation.node.ty == OperationType::Query {
            // Every variable of a query can be left out, unless it says which thing is meant.
            let definitions = operation.node.variable_definitions.iter();
            let needed = definitions.filter(|of| !of.node.var_type.node.nullable);
            let needed: Vec<_> = needed.map(|of| of.node.name.node.to_string()).collect();
            variables.retain(|name, _| needed.contains(name));
            let reply = who.gql(&document, variables.into()).await;
            assert!(!reply.refused(), "{name} without variables: {reply}");
        }
    }
    app.finish().await;
}

#[test]
fn every_operation_of_the_schema_is_shown_to_frontends() {
    let shown: String = operations()
        .into_iter()
        .map(|(_, document)| document)
        .collect();
    let offered = sdl::operations().into_iter().chain(sdl::subscriptions());
    for operation in offered {
        let mut words = shown.split(|c: char| !c.is_ascii_alphanumeric());
        assert!(
            words.any(|word| word == operation),
            "docs/operations shows no {operation}"
        );
    }
}

#[test]
fn every_operation_has_its_place_on_a_screen() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/GRAPHQL.md");
    let page = fs::read_to_string(page).unwrap();
    for (name, _) in operations() {
        let link = format!("](operations/{name}.graphql)");
        assert!(page.contains(&link), "docs/GRAPHQL.md does not link {name}");
    }
}

/// The command block of a page that opens with this fence.
fn fence(page: &str, name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(file).unwrap();
    let open = format!("```sh {name}\n");
    let start = text
        .find(&open)
        .unwrap_or_else(|| panic!("{page} has no `{name}`"))
        + open.len();
    let length = text[start..].find("\n```").expect("the fence is closed");
    text[start..start + length].to_owned()
}

/// Types a block into bash beside a running server, and looks for words in what comes.
async fn walk(page: &str, name: &str, words: &[&str]) {
    let place = Place::new().await;
    let server = place.serve().await;
    walk_beside(&place, &server, &fence(page, name), words).await;
    server.stop().await;
    place.remove().await;
}

/// The same beside a server that runs already.
async fn walk_beside(place: &Place, server: &Server, script: &str, words: &[&str]) {
    let data_dir = place.data_dir();
    let data_dir = data_dir.to_str().expect("its name is text");
    let variables = [("BASE", server.base.as_str()), ("DATA_DIR", data_dir)];
    let walked = place.bash(script, &variables).await;
    assert!(
        walked.success,
        "{script} failed: {walked:#?}\n{}",
        server.said
    );
    for word in words {
        assert!(
            walked.out.contains(word),
            "{script} does not show {word}: {walked:#?}"
        );
    }
}

/// What a banner says, by what it says it of.
fn facts(banner: &str) -> BTreeMap<String, String> {
    let lines = banner
        .lines()
        .skip_while(|line| !line.contains(" serves ("));
    lines
        .take_while(|line| !line.starts_with("Ctrl-C"))
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  "))
        .map(|(name, fact)| (name.to_owned(), fact.trim().to_owned()))
        .collect()
}

#[tokio::test]
async fn the_readme_shows_the_banner() {
    let place = Place::new().await;
    let server = place.serve().await;
    let base = server.base.clone();
    server.signal(Signal::TERM);
    let (_, said) = server.ended().await;
    let said = facts(&said.replace(&base, "http://127.0.0.1:8000"));
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = facts(&readme);
    let names = |facts: &BTreeMap<String, String>| facts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&said), names(&shown));
    // The rest depends on the stack; these on whether `web/` was built, which README's was not.
    let mut same = vec!["GraphQL", "REST", "Health", "Metrics"];
    if !erpmax::pages::is_built() {
        same.extend(["Playground", "API pages"]);
    }
    for name in same {
        assert_eq!(said[name], shown[name], "{name}");
    }
    place.remove().await;
}

/// What the walk of README shows over either door.
const README_SHOWS: &[&str] = &["Ann Lee", "/join#", "bob-", "Globex"];

#[tokio::test]
async fn the_walk_of_the_readme_holds_over_rest() {
    walk("README.md", "walk-rest", README_SHOWS).await;
}

#[tokio::test]
async fn the_walk_of_the_readme_holds_over_graphql() {
    walk("README.md", "walk-graphql", README_SHOWS).await;
}

#[tokio::test]
async fn the_walk_of_the_accounts_holds() {
    let shows = [
        "ann@example.com, Ann Lee (superuser)",
        "password",
        "Acme (acme), owner",
        "2 accounts",
        "\"is_superuser\": true",
        "disabled  bob@example.com",
        "unchanged bob@example.com",
        "LAST_SUPERUSER",
        "enabled   bob@example.com",
    ];
    walk("docs/ACCOUNTS.md", "walk", &shows).await;
}
