//! Workers as processes: beside a server, through RabbitMQ, over a wire that is cut.

use std::{collections::HashMap, fs};

use reqwest::Method;
use serde_json::json;

use super::queue::{asked, given_up, owner};
use crate::support::{
    process::{Place, Signal, letter_to, until},
    rabbitmq::Broker,
    storage,
};

/// How many letters there are to each address.
fn letters(place: &Place) -> HashMap<String, usize> {
    let mut letters = HashMap::new();
    let files = fs::read_dir(place.data_dir().join("mail"));
    for file in files.into_iter().flatten().flatten() {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        if let Some(line) = text.lines().next() {
            *letters.entry(line.to_owned()).or_default() += 1;
        }
    }
    letters
}

/// A place on the queues of a broker.
async fn place_on(broker: &Broker) -> Place {
    let mut place = Place::new().await;
    place.set("RABBITMQ_URL", broker.url());
    place.set("RABBITMQ_PREFIX", &broker.settings.prefix);
    place.set("RELAY_INTERVAL_MILLISECONDS", "50");
    place.set("RATE_LIMIT_SCALE", "1000");
    place
}

#[tokio::test]
async fn a_worker_does_what_a_server_leaves_to_it() {
    let mut place = Place::new().await;
    place.set("WORKER_IN_PROCESS", "no");
    place.set("RELAY_INTERVAL_MILLISECONDS", "20");
    let server = place.serve().await;
    assert!(server.said.contains("`erpmax worker` does them") || !server.said.contains("Jobs"));
    let (ann, invite) = owner(&server.visitor()).await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    ann.post(&invite, body).await.expect(201);
    let status = asked(&place, &["queue", "status"]).await;
    assert_eq!(status["lanes"][1]["waiting"], 1, "nobody works: {status}");
    assert_eq!(status["broker"], json!(null));
    let worker = place.worker().await;
    letter_to(&place.data_dir().join("mail"), "new@example.com").await;
    worker.signal(Signal::TERM);
    let (code, said) = worker.ended().await;
    assert_eq!(code, Some(0), "{said}");
    for fact in ["works (development)", "Jobs", "Letters", "Database"] {
        assert!(said.contains(fact), "the banner lacks {fact}: {said}");
    }
    server.stop().await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_a_wire_that_is_cut() {
    if !storage::full_stack() {
        return;
    }
    let broker = Broker::new().await;
    let place = place_on(&broker).await;
    let server = place.serve().await;
    let workers = [place.worker().await, place.worker().await];
    let (ann, invite) = owner(&server.visitor()).await;
    for n in 0..60 {
        match n % 10 {
            3 | 7 => broker.wire.cut(),
            5 => broker.wire.take_away(),
            8 => broker.wire.give_back(),
            _ => {}
        }
        let body = json!({ "email": format!("n{n}@example.com"), "role": "member" });
        ann.post(&invite, body).await.expect(201);
    }
    // Without a broker the server serves, and says what it lacks.
    broker.wire.take_away();
    until("it says what it lacks", async || {
        let visitor = server.visitor();
        let ready = visitor.send(Method::GET, "/health/ready", None).await;
        assert_eq!(ready.status, 200, "{ready}");
        let ready = ready.json;
        ready["status"] == "degraded" && ready["parts"]["queue"] == "unavailable"
    })
    .await;
    broker.wire.give_back();
    for n in 0..60 {
        letter_to(&place.data_dir().join("mail"), &format!("n{n}@example.com")).await;
    }
    let sent = letters(&place);
    assert!(sent.values().all(|count| *count == 1), "{sent:#?}");
    // The last acknowledgements may still be under way.
    until("all is done", async || {
        let status = asked(&place, &["queue", "status"]).await;
        let lane = &status["lanes"][1];
        assert_eq!(lane["dead"], 0, "{status}");
        lane["waiting"] == 0 && lane["sent"] == 0
    })
    .await;
    for worker in workers {
        worker.stop().await;
    }
    server.stop().await;
    broker.remove().await;
    place.remove().await;
}

#[tokio::test]
async fn a_killed_worker_loses_no_letter() {
    if !storage::full_stack() {
        return;
    }
    let broker = Broker::new().await;
    let place = place_on(&broker).await;
    let server = place.serve().await;
    let (ann, invite) = owner(&server.visitor()).await;
    let worker = place.worker().await;
    for n in 0..20 {
        let body = json!({ "email": format!("n{n}@example.com"), "role": "member" });
        ann.post(&invite, body).await.expect(201);
        if n == 10 {
            worker.signal(Signal::KILL);
        }
    }
    assert_eq!(worker.ended().await.0, None, "it was killed");
    let worker = place.worker().await;
    for n in 0..20 {
        letter_to(&place.data_dir().join("mail"), &format!("n{n}@example.com")).await;
    }
    worker.stop().await;
    server.stop().await;
    broker.remove().await;
    place.remove().await;
}

#[tokio::test]
async fn what_nobody_can_read_is_kept_for_a_person_and_the_predecessor_is_heard() {
    if !storage::full_stack() {
        return;
    }
    let broker = Broker::new().await;
    let place = place_on(&broker).await;
    let worker = place.worker().await;
    let legacy = br#"{"job_id":"0b0e7a0c-7f1e-4c52-a0b5-000000000001"}"#;
    broker.put("provisioning", b"{ not json \x00").await;
    broker.put("provisioning", legacy).await;
    broker.put("jobs.letters", b"nonsense").await;
    let jobs = given_up(&place, 2).await;
    for job in &jobs {
        assert_eq!(
            (&job["kind"], &job["lane"]),
            (&json!("unreadable"), &json!("unreadable"))
        );
        let id = job["id"].as_str().unwrap();
        let refused = place.run(&["queue", "dead", "redrive", id]).await;
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(refused.err.contains("cannot be read"), "{refused:#?}");
    }
    let status = asked(&place, &["queue", "status"]).await;
    let dead: Vec<_> = [0, 1, 2].map(|lane| &status["lanes"][lane]["dead"]).into();
    assert_eq!(dead, [0, 0, 2], "{status}");
    let status = place.ok(&["queue", "status"]).await;
    let said = "unreadable    2 given up, see `erpmax queue dead list`";
    assert!(status.contains(said), "{status}");
    let raw: Vec<_> = jobs.iter().map(|job| &job["content"]["raw"]).collect();
    assert!(raw.contains(&&json!("nonsense")) && raw.contains(&&json!("{ not json \u{fffd}")));
    // The job of the predecessor is looked for, and is not there.
    until("it was looked for", async || {
        let status = asked(&place, &["queue", "status"]).await;
        let (lane, broker) = (&status["lanes"][0], &status["broker"]);
        assert_eq!(broker["answers"], true, "{status}");
        lane["waiting"] == 0 && lane["sent"] == 0 && broker["queues"][3]["messages"] == 0
    })
    .await;
    worker.signal(Signal::TERM);
    let (code, said) = worker.ended().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("a message of the predecessor"), "{said}");
    assert!(said.contains("job provision"), "{said}");
    broker.remove().await;
    place.remove().await;
}
