//! What counts as done at the next attempt, and what does not.

use entity::provisioning_job::JobType;
use erpmax::ports::provisioner::{Order, Standing};

use super::{Make, assert_stands, backup};

pub async fn what_was_done_is_done_again_at_the_next_attempt(make: Make) {
    let subject = make(&[]);
    let create = subject.order(JobType::Create);
    subject.run(&create).await;
    let found = subject.run(&subject.order(JobType::Backup)).await;
    let reference = found.into_iter().find_map(|facts| facts.backup);
    let reference = reference.expect("a backup").reference;
    for job_type in [
        JobType::Update,
        JobType::Suspend,
        JobType::Resume,
        JobType::Restore,
    ] {
        let mut order = subject.order(job_type);
        order.backup = Some(backup(&reference));
        subject.run(&order).await;
        order.attempt = 2;
        for step in subject.plan(&order).await {
            // That the site answers shows at the site.
            if step.name != "health-check" {
                assert_stands(&subject, &order, &step.name, Standing::Absent).await;
            }
            subject
                .perform(&order, &step.name)
                .await
                .expect("it goes well");
            assert_stands(&subject, &order, &step.name, Standing::Done).await;
        }
    }
    // What makes a site is found as long as the site is there.
    let again = Order {
        attempt: 2,
        ..create
    };
    for step in subject.plan(&again).await {
        assert_stands(&subject, &again, &step.name, Standing::Done).await;
    }
    subject.run(&subject.order(JobType::Delete)).await;
    for step in subject.plan(&again).await {
        assert_stands(&subject, &again, &step.name, Standing::Absent).await;
    }
}

pub async fn what_was_taken_back_leaves_nothing_of_a_site(make: Make) {
    let subject = make(&["create.install-apps=half:1"]);
    let order = subject.order(JobType::Create);
    for step in ["reserve-name", "new-site"] {
        subject.perform(&order, step).await.expect("it goes well");
    }
    subject
        .perform(&order, "install-apps")
        .await
        .expect_err("it breaks off");
    let plan = subject.plan(&order).await;
    for step in plan.iter().rev().filter(|step| step.undoable) {
        subject
            .undo(&order, &step.name)
            .await
            .expect("it can be taken back");
    }
    for step in &plan {
        assert_stands(&subject, &order, &step.name, Standing::Absent).await;
    }
}
