//! In which form an answer goes out: what the client reads decides, and what it asks for.

use reqwest::Response;
use serde_json::json;

use super::PAID;
use crate::support::{Actor, TestApp};

const QUERY: &str = "{ viewer { email } }";
/// What urql sends with everything.
const ALL: &str = "application/graphql-response+json, application/graphql+json, application/json, \
                   text/event-stream, multipart/mixed";
const EVENTS: &str = "text/event-stream";
const EXACT: &str = "application/graphql-response+json";
const PLAIN: &str = "application/json";

async fn send(who: &Actor, accept: &str, query: &str) -> Response {
    let url = format!("{}/graphql", who.base);
    let request = who.http.post(url).header("accept", accept);
    let request = request.json(&json!({ "query": query }));
    who.signed(request).send().await.unwrap()
}

fn kind(response: &Response) -> String {
    let kind = response.headers()["content-type"].to_str().unwrap();
    kind.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_goes_out_in_a_form_that_the_client_reads() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (accept, asked, listened) in [
        (ALL, EXACT, EVENTS),
        (EVENTS, EVENTS, EVENTS),
        ("Text/Event-Stream;q=0.1", EVENTS, EVENTS),
        ("text/event-stream, application/json;q=0.1", PLAIN, EVENTS),
        ("text/event-stream, */*", PLAIN, EVENTS),
        ("text/event-stream, application/*;q=0", EVENTS, EVENTS),
        (
            "text/event-stream, */*;q=0.1, application/*;q=0",
            EVENTS,
            EVENTS,
        ),
        ("text/event-stream;q=0", PLAIN, PLAIN),
        (
            "text/event-stream; Q=0.000 , application/json",
            PLAIN,
            PLAIN,
        ),
        ("text/*, */*", PLAIN, PLAIN),
        (EXACT, EXACT, EXACT),
        (
            "application/graphql-response+json;q=0, application/json",
            PLAIN,
            PLAIN,
        ),
        (
            "application/graphql-response+json;q=0.8, application/json;q=0.9",
            PLAIN,
            PLAIN,
        ),
        (
            "application/json;q=0.9, application/graphql-response+json",
            EXACT,
            EXACT,
        ),
        ("text/html", PLAIN, PLAIN),
    ] {
        let response = send(&acme.owner, accept, QUERY).await;
        assert_eq!(
            (response.status().as_u16(), kind(&response)),
            (200, asked.to_owned()),
            "{accept}"
        );
        let body = response.text().await.unwrap();
        assert!(body.contains(&acme.owner.email), "{accept}: {body}");
        let response = send(&acme.owner, accept, PAID).await;
        assert_eq!(kind(&response), listened, "{accept}");
    }
    app.finish().await;
}

#[tokio::test]
async fn refusals_keep_to_the_form_too() {
    let app = TestApp::new().await;
    for (accept, expected) in [
        (ALL, (400, EXACT)),
        ("text/event-stream, application/json", (200, PLAIN)),
        (EVENTS, (200, EVENTS)),
    ] {
        for query in ["{ nothing }", "subscription {"] {
            let response = send(&app.visitor(), accept, query).await;
            let (status, kind) = (response.status().as_u16(), kind(&response));
            assert_eq!((status, &*kind), expected, "{accept}: {query}");
        }
    }
    app.finish().await;
}
