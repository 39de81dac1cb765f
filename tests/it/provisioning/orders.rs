//! Word of jobs that comes twice, late, out of order and to several workers: each step is done once.

use entity::{
    ids::ProvisioningJobId,
    provisioning_job::{JobStatus, JobType},
};
use erpmax::domain::provisioning;
use futures::future::join_all;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::support::{
    Company, TestApp,
    jobs::{self, ask},
    stage::until,
};

/// Word that comes to a worker, of one of the jobs, after so many turns of the others.
type Word = (usize, usize, usize);

/// How many rounds are played.
const ROUNDS: usize = 12;

async fn tell(worker: &TestApp, id: ProvisioningJobId, turns: usize) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    let slot = worker.app.slots.acquire().await;
    provisioning::wake(&worker.system(), id, slot)
        .await
        .unwrap();
}

async fn ask_all(company: &Company<'_>) -> Vec<ProvisioningJobId> {
    let mut ids = Vec::new();
    for job_type in [JobType::Create, JobType::Update, JobType::Backup] {
        ids.push(ask(company, job_type).await);
    }
    ids
}

#[tokio::test]
async fn whatever_word_comes_each_step_is_done_once() {
    let (app, stage) = TestApp::staged().await;
    let workers = [
        app.replica().await,
        app.replica().await,
        app.replica().await,
    ];
    let words = prop::collection::vec((0..3_usize, 0..3_usize, 0..400_usize), 1..30);
    let mut runner = TestRunner::deterministic();
    for round in 0..ROUNDS {
        let words: Vec<Word> = words.new_tree(&mut runner).unwrap().current();
        let company = app.company(&format!("Acme{round}")).await;
        let ids = ask_all(&company).await;
        let before = stage.effects().len();
        let telling = words
            .iter()
            .map(|(worker, job, turns)| tell(&workers[*worker], ids[*job], *turns));
        tokio::join!(join_all(telling), app.settle());
        until("all are done", async || {
            app.settle().await;
            for id in &ids {
                if jobs::status(&app, *id).await != JobStatus::Completed {
                    return false;
                }
            }
            true
        })
        .await;
        let expected = [
            "create.name",
            "create.make",
            "create.look",
            "update.close",
            "update.migrate",
            "update.open",
            "backup.save",
        ];
        assert_eq!(stage.effects()[before..], expected, "{words:?}");
        let heard = jobs::heard(&app, &company).await;
        for kind in ["job_started", "job_completed"] {
            let times = heard.iter().filter(|heard| *heard == kind).count();
            assert_eq!(times, 3, "{kind}: {words:?}");
        }
        for id in &ids {
            assert_eq!(jobs::job(&app, *id).await.fence, 1, "each was claimed once");
        }
    }
    for worker in workers {
        worker.leave().await;
    }
    app.finish().await;
}
