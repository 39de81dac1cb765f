//! `erpmax queue`: how jobs stand, and those that were given up.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Actor, PASSWORD,
    client::text,
    process::{Place, letter_to, until},
};

/// A place where letters cannot be sent, and one attempt is all there is.
async fn mailless() -> Place {
    let mut place = Place::new().await;
    place.set("JOB_MAX_ATTEMPTS", "1");
    place.set("RELAY_INTERVAL_MILLISECONDS", "20");
    fs::create_dir_all(place.data_dir()).unwrap();
    fs::write(place.data_dir().join("mail"), "in the way").unwrap();
    place
}

/// Somebody with a company, and the path where it invites.
pub async fn owner(visitor: &Actor) -> (Actor, String) {
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD, "full_name": "Ann", "company_name": "A",
    });
    let reply = visitor.post("/auth/register", body).await;
    let tenant = text(reply.expect(201), "/current_tenant/id");
    let ann = visitor.with_tokens(reply.expect(201));
    (ann, format!("/tenants/{tenant}/users/invite"))
}

/// Runs a command that answers a program.
pub async fn asked(place: &Place, arguments: &[&str]) -> Value {
    let ended = place.run(&[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("no JSON: {ended:#?}"))
}

/// Waits until so many jobs were given up; those.
pub async fn given_up(place: &Place, count: usize) -> Vec<Value> {
    let mut jobs = Vec::new();
    until("jobs are given up", async || {
        let listed = asked(place, &["queue", "dead", "list"]).await;
        jobs.clone_from(listed["jobs"].as_array().unwrap());
        jobs.len() >= count
    })
    .await;
    jobs
}

#[tokio::test]
async fn jobs_that_were_given_up_can_be_seen_and_done_after_all() {
    let place = mailless().await;
    let server = place.serve().await;
    let (ann, invite) = owner(&server.visitor()).await;
    for name in ["new", "other", "third"] {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "role": "member" });
        ann.post(&invite, body).await.expect(201);
    }
    let jobs = given_up(&place, 3).await;
    server.stop().await;

    let status = place.ok(&["queue", "status"]).await;
    assert!(
        status.contains("letters       0 waiting, 0 sent, 3 given up"),
        "{status}"
    );
    assert!(
        status.contains("provisioning  0 waiting, 0 sent, 0 given up"),
        "{status}"
    );
    let list = place.ok(&["queue", "dead", "list", "--limit", "2"]).await;
    assert!(list.contains("the latest 2; there are more"), "{list}");
    assert!(list.contains("invitation_mail"), "{list}");
    let id = jobs[0]["id"].as_str().unwrap();
    let shown = place.ok(&["queue", "dead", "show", id]).await;
    for fact in [id, "invitation_mail (letters)", "why ", "generation"] {
        assert!(shown.contains(fact), "{fact} is missing in {shown}");
    }
    assert_eq!(
        asked(&place, &["queue", "dead", "show", id]).await["job"],
        jobs[0]
    );

    fs::remove_file(place.data_dir().join("mail")).unwrap();
    let redriven = place.ok(&["queue", "dead", "redrive", id]).await;
    assert_eq!(redriven, "1 job is due again\n2 given up are left\n");
    for command in ["show", "redrive"] {
        let again = place.run(&["queue", "dead", command, id]).await;
        assert_eq!(again.code, Some(1), "{again:#?}");
        assert!(again.err.contains("`erpmax queue dead list`"), "{again:#?}");
    }
    for command in ["show", "redrive"] {
        let nonsense = place.run(&["queue", "dead", command, "nope"]).await;
        assert_eq!(nonsense.code, Some(2), "{nonsense:#?}");
        let remedy = "`erpmax queue dead list` shows the jobs with their ids";
        assert!(nonsense.err.contains(remedy), "{nonsense:#?}");
    }
    let status = asked(&place, &["queue", "status"]).await;
    assert_eq!(status["lanes"][1]["waiting"], 1, "{status}");
    let all = asked(&place, &["queue", "dead", "redrive", "--all"]).await;
    assert_eq!(all, json!({ "redriven": 2, "left": 0 }));
    let none = place.ok(&["queue", "dead", "list"]).await;
    assert_eq!(none, "no job was given up\n");

    let server = place.serve().await;
    for name in ["new", "other", "third"] {
        letter_to(
            &place.data_dir().join("mail"),
            &format!("{name}@example.com"),
        )
        .await;
    }
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn a_database_without_tables_is_told_and_not_made() {
    let place = Place::new().await;
    let ended = place.run(&["queue", "status"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.err.contains("migrate"), "{ended:#?}");
    place.remove().await;
}
