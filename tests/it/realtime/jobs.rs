//! What a job says while it runs reaches whoever listens, and all of it before its end.

use entity::provisioning_job::JobType;
use erpmax::domain::realtime::{Next, Told};

use super::{listen, next, stream};
use crate::support::{
    TestApp,
    jobs::{ask, texts},
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
