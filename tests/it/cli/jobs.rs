//! `erpmax jobs`: an operator sees what is done to sites, also while a worker is at it.

use std::fs;

use serde_json::{Value, json};

use super::queue::{asked, owner};
use crate::support::{
    Actor,
    client::text,
    process::{Ended, Place, until},
};

/// A place where simulated jobs last long enough to be seen, and sites cannot be updated.
async fn place() -> Place {
    let mut place = Place::new().await;
    place.set("WORKER_IN_PROCESS", "no");
    place.set("RELAY_INTERVAL_MILLISECONDS", "20");
    place.set("PROVISION_DRY_RUN_MILLISECONDS", "1500");
    place.set("PROVISION_DRY_RUN_SCRIPT", "update.migrate=refuse");
    place
}

async fn ask(who: &Actor, job_type: &str) -> String {
    let body = json!({ "job_type": job_type });
    let reply = who.post("/provisioning/jobs", body).await;
    text(reply.expect(201), "/id")
}

/// What a program is told, an object on each line.
fn objects(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

/// Watches a job from before anybody is at it, into a file; `begins` when something was shown.
async fn watched(
    place: &Place,
    id: &str,
    flags: &str,
    begins: impl AsyncFnOnce(),
) -> (Ended, String) {
    let file = place.dir.path().join("watched");
    let _ = fs::remove_file(&file);
    let script = format!("erpmax jobs watch {flags} {id} > watched");
    let shown = || fs::read_to_string(&file).unwrap_or_default();
    let beginning = async {
        until("something is shown", async || !shown().is_empty()).await;
        begins().await;
    };
    let (ended, ()) = tokio::join!(place.bash(&script, &[]), beginning);
    (ended, shown())
}

#[tokio::test]
async fn a_job_is_watched_while_a_worker_is_at_it() {
    let place = place().await;
    let server = place.serve().await;
    let (ann, _) = owner(&server.visitor()).await;
    let id = ask(&ann, "create_instance").await;
    let mut worker = None;
    let (ended, shown) = watched(&place, &id, "--json", async || {
        worker = Some(place.worker().await);
    })
    .await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let told = objects(&shown);
    let jobs: Vec<_> = told.iter().filter_map(|line| line.get("job")).collect();
    let mut stood: Vec<_> = jobs.iter().map(|job| job["status"].clone()).collect();
    stood.dedup();
    assert_eq!(stood, ["pending", "in_progress", "completed"]);
    assert!(jobs.iter().all(|job| job["id"] == id.as_str()));
    let at_it = jobs.iter().find(|job| job["status"] == "in_progress");
    let claimed_by = at_it.unwrap()["claimed_by"].as_str().unwrap();
    let (host, process) = claimed_by.split_once(", process ").unwrap();
    assert!(!host.is_empty() && process.parse::<u32>().is_ok());
    let running = |line: &&Value| line.pointer("/step/status") == Some(&json!("running"));
    assert!(told.iter().any(|line| running(&line)), "{shown}");
    let seqs = told.iter().filter_map(|line| line.pointer("/line/seq"));
    let seqs: Vec<_> = seqs.filter_map(Value::as_i64).collect();
    assert!(!seqs.is_empty() && (1..).zip(&seqs).all(|(n, seq)| n == *seq));

    // For a person who reads it later; this one fails.
    let id = ask(&ann, "update_instance").await;
    let ended = place.run(&["jobs", "watch", &id]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.out.contains("A (a): update"), "{ended:#?}");
    for fact in [
        "it failed for a reason that stays",
        "it will not go better by itself",
        "Change PROVISION_DRY_RUN_SCRIPT.",
    ] {
        assert!(ended.err.contains(fact), "{fact} is missing in {ended:#?}");
    }
    let told = place.run(&["jobs", "watch", &id, "--json"]).await;
    assert_eq!(told.code, Some(1), "{told:#?}");
    let told = objects(&told.out);
    let last = told.last().unwrap();
    assert!(last.pointer("/error/message").is_some(), "{last}");
    worker.unwrap().stop().await;
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn jobs_are_listed_and_shown() {
    let place = place().await;
    let server = place.serve().await;
    let (ann, _) = owner(&server.visitor()).await;
    let none = place.ok(&["jobs", "list"]).await;
    assert_eq!(none, "no job matches\n");
    let id = ask(&ann, "create_instance").await;
    let list = place.ok(&["jobs", "list", "--tenant", "a"]).await;
    assert!(
        list.starts_with(&id) && list.contains("  a  create   waiting\n1 job\n"),
        "{list}"
    );
    let show = place.ok(&["jobs", "show", &id]).await;
    assert!(show.contains("job       A (a): create\n"), "{show}");
    assert!(show.contains("started   not yet\n"), "{show}");

    let worker = place.worker().await;
    let watched = place.ok(&["jobs", "watch", &id]).await;
    let end = "completed (simulated) http://a.sites.localhost\n";
    assert!(watched.contains(end), "{watched}");
    let again = place.ok(&["jobs", "watch", &id]).await;
    assert!(again.contains(end), "it has ended already: {again}");
    worker.stop().await;
    let show = place.ok(&["jobs", "show", &id, "--lines", "2"]).await;
    for fact in [
        "status    completed, 100 %: Completed\n",
        "✓ Making the site ",
        "log       …\n",
        "\"simulated\": true",
    ] {
        assert!(show.contains(fact), "{fact} is missing in {show}");
    }
    let told = asked(&place, &["jobs", "show", &id]).await;
    assert_eq!(told["job"]["steps"].as_array().unwrap().len(), 8);
    assert_eq!(told["job"]["claimed_by"], json!(null));
    assert_eq!(told["job"]["tenant"]["slug"], "a");

    let called_off = ask(&ann, "backup_instance").await;
    let path = format!("/provisioning/jobs/{called_off}/cancel");
    ann.post(&path, json!({})).await.expect(200);
    let ended = place.run(&["jobs", "watch", &called_off]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.err.contains("the job was cancelled"), "{ended:#?}");
    let list = place.ok(&["jobs", "list", "--limit", "1"]).await;
    assert!(list.contains("the newest 1; there are more"), "{list}");
    for (status, expected) in [("completed", &id), ("cancelled", &called_off)] {
        let told = asked(&place, &["jobs", "list", "--status", status]).await;
        assert_eq!(told["jobs"].as_array().unwrap().len(), 1, "{told}");
        assert_eq!(told["jobs"][0]["id"], expected.as_str());
        assert_eq!(told["more"], false);
    }
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let place = place().await;
    place.ok(&["migrate", "up"]).await;
    let unknown = "0b0e7a0c-7f1e-4c52-a0b5-000000000001";
    for command in ["show", "watch"] {
        for (id, code, said) in [
            (unknown, "NOT_FOUND", "job"),
            ("nonsense", "INVALID_INPUT", "This is not the id of a job."),
        ] {
            let ended = place.run(&["jobs", command, id, "--json"]).await;
            assert_eq!(ended.code, Some(1), "{ended:#?}");
            let told = objects(&ended.out);
            assert_eq!(told.len(), 1, "{ended:#?}");
            assert_eq!(told[0]["error"]["code"], code, "{ended:#?}");
            assert!(
                ended.err.to_lowercase().contains(&said.to_lowercase()),
                "{ended:#?}"
            );
        }
    }
    let ended = place.run(&["jobs", "list", "--tenant", "nobody"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.err.contains("Tenant not found"), "{ended:#?}");
    place.remove().await;
}
