//! What people see of jobs: lists, steps, logs, estimates, who asked.

use entity::{provisioning_job::JobStatus, provisioning_step::StepStatus, site::SiteStatus};
use erpmax::domain::{
    cx::{Cx, RequestInfo},
    provisioning::{self, LogCursor, LogWindow},
};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, client::text, sites};

async fn nodes(who: &Actor, query: &str, path: &str) -> Vec<Value> {
    let reply = who.gql(query, json!({})).await;
    let found = reply.ok().pointer(path).cloned();
    let found = found.unwrap_or_else(|| panic!("{path}: {reply}"));
    found.as_array().expect("a list").clone()
}

#[tokio::test]
async fn jobs_are_listed_newest_first_page_by_page() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    sites::finished_jobs(&app, &acme.id, 45).await;
    sites::finished_jobs(&app, &beta.id, 3).await;
    let mut seen = Vec::new();
    for (page, expected) in [(1, 20), (2, 20), (3, 5), (4, 0)] {
        let path = format!("/provisioning/jobs?page={page}&size=20");
        let reply = acme.owner.get(&path).await;
        let jobs = reply.expect(200).as_array().unwrap().clone();
        assert_eq!(jobs.len(), expected);
        let pagination = json!({ "total": 45, "page": page, "size": 20, "pages": 3 });
        assert_eq!(reply.json["pagination"], pagination);
        seen.extend(jobs);
    }
    assert!(seen.is_sorted_by_key(|job| std::cmp::Reverse(text(job, "/created_at"))));
    // The same by cursor, forwards and backwards.
    let mut after = Value::Null;
    let mut by_cursor = Vec::new();
    for _ in 0..5 {
        let query = "query($after: String) { tenant { provisioningJobs(first: 10, after: $after) { \
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { id } } } }";
        let reply = acme.owner.gql(query, json!({ "after": after })).await;
        let page = &reply.ok()["tenant"]["provisioningJobs"];
        assert_eq!(page["totalCount"], 45);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        by_cursor.extend(page["nodes"].as_array().unwrap().clone());
        after = page["pageInfo"]["endCursor"].clone();
        assert_eq!(page["pageInfo"]["hasNextPage"], json!(by_cursor.len() < 45));
    }
    let ids = |jobs: &[Value]| jobs.iter().map(|job| text(job, "/id")).collect::<Vec<_>>();
    assert_eq!(ids(&by_cursor), ids(&seen));
    let query = "{ tenant { provisioningJobs(last: 2) { nodes { id } } } }";
    let last = nodes(&acme.owner, query, "/tenant/provisioningJobs/nodes").await;
    assert_eq!(ids(&last), ids(&seen[43..]));
    app.finish().await;
}

#[tokio::test]
async fn jobs_are_listed_by_state_and_type() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    sites::finished_jobs(&app, &acme.id, 3).await;
    for word in ["create_site", "backup_site"] {
        let body = json!({ "job_type": word });
        acme.owner
            .post("/provisioning/jobs", body)
            .await
            .expect(201);
    }
    for (filter, expected) in [
        ("(status: PENDING)", 2),
        ("(status: COMPLETED)", 3),
        ("(type: BACKUP_INSTANCE)", 4),
        ("(type: BACKUP_INSTANCE, status: PENDING)", 1),
        ("(status: FAILED)", 0),
    ] {
        let query =
            format!("{{ tenant {{ provisioningJobs{filter} {{ totalCount nodes {{ id }} }} }} }}");
        let reply = acme.owner.gql(&query, json!({})).await;
        let page = &reply.ok()["tenant"]["provisioningJobs"];
        assert_eq!(page["totalCount"], expected, "{filter}");
        assert_eq!(
            page["nodes"].as_array().unwrap().len(),
            expected,
            "{filter}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn a_running_job_shows_its_steps_and_how_long_it_still_takes() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |job| {
        job.status = JobStatus::InProgress;
        job.attempt = 2;
        job.lease_until = Some(job.created_at + chrono::Duration::hours(1));
    })
    .await;
    let mut earlier = job.clone();
    earlier.attempt = 1;
    sites::steps(&app, &earlier, &[StepStatus::Failed]).await;
    let states = [
        StepStatus::Completed,
        StepStatus::Running,
        StepStatus::Pending,
    ];
    sites::steps(&app, &job, &states).await;
    app.advance_secs(4);
    let query = "query($id: ID!) { provisioningJob(id: $id) { status estimatedSecondsLeft \
        estimatedCompletionAt steps { name title status progress tries usualMilliseconds } } }";
    let reply = acme.owner.gql(query, json!({ "id": job.id })).await;
    let told = &reply.ok()["provisioningJob"];
    assert_eq!(told["status"], "IN_PROGRESS");
    assert_eq!(told["estimatedSecondsLeft"], 16);
    assert_eq!(told["estimatedCompletionAt"], "2026-01-09T12:00:20Z");
    let expected: Vec<_> = ["COMPLETED", "RUNNING", "PENDING"]
        .into_iter()
        .zip([1, 1, 0])
        .enumerate()
        .map(|(n, (status, tries))| {
            json!({
                "name": format!("step-{n}"), "title": format!("Step {n}"), "status": status,
                "progress": 0, "tries": tries, "usualMilliseconds": 10_000,
            })
        })
        .collect();
    assert_eq!(
        told["steps"],
        json!(expected),
        "of the present attempt only"
    );
    // Nobody knows before there are steps, and there is nothing to know of what has ended.
    for status in [JobStatus::Pending, JobStatus::Completed] {
        let job = sites::job(&app, &acme.id, |job| job.status = status).await;
        let reply = acme.owner.gql(query, json!({ "id": job.id })).await;
        assert_eq!(
            reply.ok()["provisioningJob"]["estimatedSecondsLeft"],
            Value::Null
        );
    }
    app.abandon().await;
}

#[tokio::test]
async fn a_log_is_read_from_any_place() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |job| job.status = JobStatus::Failed).await;
    sites::lines(&app, &job, 120).await;
    let query = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { \
        provisioningJob(id: $id) { logs(first: $first, after: $after, last: $last, \
        before: $before) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor } \
        nodes { seq } } } }";
    let read = async |mut arguments: Value| {
        arguments["id"] = json!(job.id);
        let reply = acme.owner.gql(query, arguments).await;
        let log = reply.ok()["provisioningJob"]["logs"].clone();
        assert_eq!(log["totalCount"], 120);
        let seqs = log["nodes"].as_array().unwrap().iter();
        let seqs: Vec<_> = seqs.map(|line| line["seq"].as_i64().unwrap()).collect();
        (seqs, log["pageInfo"].clone())
    };
    let span = |from: i64, to: i64| (from..=to).collect::<Vec<_>>();
    let (seqs, page) = read(json!({})).await;
    assert_eq!(seqs, span(1, 20), "from the start");
    let (seqs, page) = read(json!({ "first": 100, "after": page["endCursor"] })).await;
    assert_eq!((seqs, &page["hasNextPage"]), (span(21, 120), &json!(false)));
    // A client that polls hears what is new, and nothing twice.
    let (seqs, page) = read(json!({ "after": page["endCursor"] })).await;
    assert_eq!((seqs, &page["endCursor"]), (Vec::new(), &Value::Null));
    let (seqs, page) = read(json!({ "last": 3 })).await;
    assert_eq!(
        (seqs, &page["hasPreviousPage"]),
        (span(118, 120), &json!(true))
    );
    let (_, page) = read(json!({ "first": 10 })).await;
    let (seqs, _) = read(json!({ "last": 4, "before": page["endCursor"] })).await;
    assert_eq!(seqs, span(6, 9));
    for wrong in [
        json!({ "first": 101 }),
        json!({ "after": "x" }),
        json!({ "first": 1, "last": 1 }),
    ] {
        let mut arguments = wrong;
        arguments["id"] = json!(job.id);
        let reply = acme.owner.gql(query, arguments).await;
        assert_eq!(reply.failure().code, "INVALID_INPUT", "{reply}");
    }
    // Over REST by number, and the end of it with the job.
    let path = format!("/provisioning/jobs/{}", job.id);
    let reply = acme.owner.get(&format!("{path}/logs?after=2&size=2")).await;
    let expected = json!([
        { "seq": 3, "attempt": 1, "step": null, "level": "error", "text": "line 3",
          "at": "2026-01-09T12:00:00Z" },
        { "seq": 4, "attempt": 1, "step": "step-0", "level": "info", "text": "line 4",
          "at": "2026-01-09T12:00:00Z" },
    ]);
    assert_eq!(reply.expect(200), &expected);
    let reply = acme.owner.get(&path).await;
    let logs = reply.expect(200)["logs"].as_array().unwrap().clone();
    assert_eq!(logs.len(), 100);
    assert_eq!(logs[99], "2026-01-09T12:00:00Z INFO step-0: line 120");
    let list = acme.owner.get("/provisioning/jobs").await;
    assert_eq!(list.expect(200)[0]["logs"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn logs_of_many_jobs_are_each_read_from_their_own_place() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let stranger = app.company("Other").await;
    let own = |n| {
        let mut job = sites::a_job(&app, if n == 0 { &stranger.id } else { &acme.id });
        job.status = JobStatus::Failed;
        job
    };
    // More than the parts that one statement of SQLite may have.
    let all: Vec<_> = (0..=510).map(own).collect();
    sites::insert_jobs(&app, all.clone()).await;
    let long = [(0, 9), (1, 40), (2, 3), (510, 7)];
    for (job, lines) in long {
        sites::lines(&app, &all[job], lines).await;
    }
    let request = RequestInfo {
        bearer: acme.owner.access.clone(),
        ..RequestInfo::default()
    };
    let cx = Cx::request(app.app.clone(), request);
    let ids: Vec<_> = all.iter().map(|job| job.id).collect();
    let tenants = [acme.id.parse().unwrap(), stranger.id.parse().unwrap()];
    let cursor = |seq| LogCursor(seq).to_string();
    for (window, expected) in [
        (
            LogWindow::new(Some(4), None, None, None),
            [&[][..], &[1, 2, 3, 4], &[1, 2, 3], &[1, 2, 3, 4]],
        ),
        (
            LogWindow::new(Some(2), Some(&cursor(5)), None, None),
            [&[], &[6, 7], &[], &[6, 7]],
        ),
        (
            LogWindow::new(None, None, Some(3), None),
            [&[], &[38, 39, 40], &[1, 2, 3], &[5, 6, 7]],
        ),
        (
            LogWindow::new(None, None, Some(2), Some(&cursor(4))),
            [&[], &[2, 3], &[2, 3], &[2, 3]],
        ),
    ] {
        let window = window.unwrap();
        let logs = provisioning::logs(&cx, &tenants, &ids, &window).await;
        let logs = logs.unwrap();
        assert_eq!(logs.len(), ids.len());
        for ((job, _), expected) in long.iter().zip(expected) {
            let lines = logs[&ids[*job]].items.iter();
            let seqs: Vec<_> = lines.map(|line| line.node.seq).collect();
            assert_eq!(seqs, expected, "job {job}");
        }
        assert!(logs[&ids[3]].items.is_empty());
    }
    app.finish().await;
}

#[tokio::test]
async fn who_asked_is_told_to_those_who_may_see_them() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let member = acme.join("member").await;
    let body = json!({ "job_type": "backup_site" });
    admin
        .post("/provisioning/jobs", body.clone())
        .await
        .expect(201);
    acme.owner
        .post("/provisioning/jobs", body)
        .await
        .expect(201);
    sites::job(&app, &acme.id, |_| ()).await;
    let query = "{ tenant { provisioningJobs { nodes { requestedById requestedBy { email } } } } }";
    let told = async |who: &Actor| {
        let jobs = nodes(who, query, "/tenant/provisioningJobs/nodes").await;
        let known = jobs.iter().filter(|job| !job["requestedById"].is_null());
        assert_eq!(known.count(), 2, "ids are no secret");
        let people = jobs
            .iter()
            .filter_map(|job| job["requestedBy"]["email"].as_str());
        let mut people: Vec<_> = people.map(str::to_owned).collect();
        people.sort_unstable();
        people
    };
    let mut both = [admin.email.clone(), acme.owner.email.clone()];
    both.sort_unstable();
    assert_eq!(told(&acme.owner).await, both);
    assert_eq!(told(&admin).await, both);
    assert_eq!(told(&member).await, [""; 0]);
    // Who has left is no longer shown; oneself always is.
    acme.owner.delete(&acme.seat(&admin)).await.expect(200);
    assert_eq!(told(&acme.owner).await, [acme.owner.email.as_str()]);
    app.finish().await;
}

#[tokio::test]
async fn a_site_shows_its_backups_and_the_tenant_those_of_all() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let gone = sites::site(&app, &acme.id, "old", SiteStatus::Deleted).await;
    sites::backup(&app, &acme.id, gone, "old-1").await;
    app.advance_secs(1);
    let site = sites::site(&app, &acme.id, "acme", SiteStatus::Active).await;
    sites::backup(&app, &acme.id, site, "new-1").await;
    let query = "{ tenant { site { name host url status provisioner simulated \
        apps { name version } backups { totalCount nodes { reference sizeBytes files } } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let expected = json!({
        "name": "acme", "host": "acme.sites.localhost", "url": "http://acme.sites.localhost",
        "status": "ACTIVE", "provisioner": "dry-run", "simulated": true,
        "apps": [{ "name": "frappe", "version": "15.41.0" }, { "name": "erpnext", "version": null }],
        "backups": { "totalCount": 1, "nodes": [
            { "reference": "new-1", "sizeBytes": 5_000_000_000_i64, "files": ["database.sql.gz"] }
        ] },
    });
    assert_eq!(reply.ok()["tenant"]["site"], expected);
    let reply = acme.owner.get("/provisioning/backups").await;
    let all = reply.expect(200).as_array().unwrap().clone();
    let references: Vec<_> = all
        .iter()
        .map(|backup| text(backup, "/reference"))
        .collect();
    assert_eq!(references, ["new-1", "old-1"]);
    assert_eq!(reply.json["pagination"]["total"], 2);
    app.finish().await;
}
