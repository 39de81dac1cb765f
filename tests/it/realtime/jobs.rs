//! What a job says while it runs reaches whoever listens, and all of it before its end.

use entity::provisioning_job::{JobStatus, JobType};
use erpmax::domain::{
    realtime::{Next, Told},
    signal::{JobSignal, Signal},
};

use super::{hear, listen, next, stream, tenant};
use crate::support::{
    TestApp,
    jobs::{ask, texts},
    sites,
};

#[tokio::test]
async fn a_job_is_heard_from_its_beginning_to_its_end() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut listener = listen(&replica, stream(&acme), None).await;
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let (mut words, mut lines) = (Vec::new(), Vec::new());
    loop {
        let Next::Heard(heard) = next(&mut listener).await else {
            panic!("the stream ended")
        };
        match heard.told.clone() {
            Some(Told::StatusLog { job, lines: said }) => {
                assert_eq!(job.job_id, id);
                assert!(!heard.lasting);
                lines.extend(said.into_iter().map(|line| line.text));
            }
            Some(Told::StatusUpdate { status, .. }) if heard.lasting => {
                words.push(format!("{status:?}"));
            }
            Some(Told::StatusUpdate { .. }) | None => {}
            Some(Told::StatusCompleted { job, site_url, .. }) => {
                assert_eq!((job.job_id, job.progress), (id, 100));
                assert!(site_url.is_some());
                break;
            }
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(words, ["Pending", "InProgress"]);
    let written = texts(&app, id).await;
    assert_eq!(
        lines, written,
        "every line was heard before the end, in order"
    );
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn what_a_job_said_at_its_end_is_heard_however_much_it_was() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |job| job.status = JobStatus::Completed).await;
    sites::lines(&app, &job, 450).await;
    let mut listener = listen(&app, stream(&acme), None).await;
    let said = JobSignal {
        tenant_id: tenant(&acme),
        job_id: job.id,
        first_line: Some(1),
    };
    app.app.bus.publish(&[Signal::Job(said)]).await;
    let mut lines = Vec::new();
    while lines.len() < 450 {
        match hear(&mut listener).await.told.clone() {
            Some(Told::StatusLog { lines: said, .. }) => lines.extend(said),
            other => panic!("{other:?}"),
        }
    }
    let seqs = lines.iter().map(|line| line.seq);
    assert!(seqs.eq(1..=450));
    app.finish().await;
}
