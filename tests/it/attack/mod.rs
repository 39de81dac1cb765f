//! GraphQL under attack: whatever is sent is refused with its code, at the cost of an ordinary
//! request.

mod bodies;
mod documents;
mod glued;
mod persisted;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::support::{Actor, Reply, TestApp, db};

/// How often something is measured; the least counts.
const ROUNDS: usize = 3;

/// How much this thread has worked, in milliseconds: with the test's runtime of one thread that is
/// client, server and all, whatever else the machine does.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
fn cpu() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "bodies of a test")]
fn megabytes(body: &str) -> f64 {
    body.len() as f64 / 1e6
}

/// Sends a body; the answer and what it cost.
async fn send(who: &Actor, body: &str) -> (Reply, f64) {
    let mut least = f64::INFINITY;
    let mut answer = None;
    for _ in 0..ROUNDS {
        let request = who.http.post(format!("{}/graphql", who.base));
        let request = request.header("content-type", "application/json");
        let request = who.signed(request.body(body.to_owned()));
        let before = cpu();
        answer = Some(Reply::of("POST /graphql".to_owned(), request).await);
        least = least.min(cpu() - before);
        // What is not worth a second look.
        if least < 10.0 {
            break;
        }
    }
    (answer.expect("it was sent"), least)
}

#[tokio::test]
async fn whatever_is_sent_is_refused_at_the_cost_of_an_ordinary_request() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let standard = json!({ "query": include_str!("../bad_input/introspection.graphql") });
    let (reply, budget) = send(&acme.owner, &standard.to_string()).await;
    reply.ok();
    let before = db::counts(&app).await;
    let mut wrong = Vec::new();
    let all = documents::TEXTS.iter().chain(bodies::BODIES);
    for hostile in all.chain(glued::TEXTS) {
        let (small, large) = ((hostile.body)(hostile.n / 4), (hostile.body)(hostile.n));
        let (_, small_cost) = send(&acme.owner, &small).await;
        let (reply, cost) = send(&acme.owner, &large).await;
        let code = if reply.refused() {
            reply.failure().code
        } else {
            String::new()
        };
        let expected =
            hostile.codes.contains(&code.as_str()) || (code.is_empty() && hostile.codes.is_empty());
        let growth = (cost / small_cost) / (megabytes(&large) / megabytes(&small));
        // Reading a body takes its time, whatever is in it.
        let budget = budget * (6.0 + 6.0 * megabytes(&large));
        let told = format!(
            "{}: {code} after {cost:.1} ms of {budget:.1}, {growth:.1} times as much per byte as a \
             quarter of it, answered with {} bytes",
            hostile.name,
            reply.body.len()
        );
        println!("{told}");
        // Small costs are mostly the request's own; a growth of them says nothing. A quarter that is
        // answered is known the second time, and cheaper.
        let steep = cost > 20.0 && growth > 4.0;
        if !expected || reply.status >= 500 || cost > budget || steep || reply.body.len() > 100_000
        {
            wrong.push(told);
        }
    }
    assert_eq!(db::counts(&app).await, before);
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.finish().await;
}
