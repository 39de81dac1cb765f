//! What is peculiar to simulations.

use std::time::{Duration, Instant};

use entity::provisioning_job::JobType;
use erpmax::ports::provisioner::{DryRun, Provisioner, Script, Standing};

use super::subject::{Subject, Talk, backup, dry_run};

#[tokio::test]
async fn it_says_that_it_only_pretends() {
    let subject = dry_run(&[]);
    assert!(subject.driver.is_simulated());
    let order = subject.order(JobType::Create);
    for step in subject.plan(&order).await {
        let mut talk = Talk::new(&order);
        let done = subject.driver.perform(&step.name, talk.call()).await;
        done.expect("it goes well");
        let said = talk.said();
        assert!(!said.is_empty());
        for line in said {
            assert!(line.starts_with("[dry-run] "), "{line}");
        }
    }
}

#[tokio::test]
async fn a_job_takes_the_time_it_is_given_in_all() {
    const TOTAL: Duration = Duration::from_millis(300);
    let driver = std::sync::Arc::new(DryRun::new(TOTAL, Script::default()));
    let subject = Subject::new(driver, None);
    let order = subject.order(JobType::Create);
    let plan = subject.plan(&order).await;
    let usual: Duration = plan.iter().map(|step| step.usual).sum();
    assert!(
        usual.abs_diff(TOTAL) < Duration::from_millis(1),
        "{usual:?}"
    );
    let began = Instant::now();
    subject.run(&order).await;
    assert!(began.elapsed() >= TOTAL.mul_f64(0.95));
}

/// A restart forgets the world, and what orders say is there is there.
#[tokio::test]
async fn what_a_restart_forgot_can_still_be_changed() {
    for job_type in [JobType::Update, JobType::Restore, JobType::Delete] {
        let subject = dry_run(&[]);
        let mut order = subject.order(job_type);
        order.backup = Some(backup("dry-run/acme/of-an-earlier-process"));
        for step in subject.plan(&order).await {
            let seen = subject.check(&order, &step.name).await.expect("a look");
            assert_eq!(seen.standing, Standing::Absent, "{step:?}");
            subject
                .perform(&order, &step.name)
                .await
                .expect("it goes well");
        }
    }
}

#[tokio::test]
async fn clones_share_a_world() {
    let driver = DryRun::new(Duration::ZERO, Script::default());
    let one = Subject::new(std::sync::Arc::new(driver.clone()), None);
    let order = one.order(JobType::Create);
    one.run(&order).await;
    let seen = driver.check("new-site", Talk::new(&order).call()).await;
    assert_eq!(seen.expect("a look").standing, Standing::Done);
}

#[tokio::test]
async fn a_rule_may_be_for_one_company_and_for_looking() {
    let subject = dry_run(&["other/*.*=refuse", "acme/create.new-site.verify=fail:1"]);
    let order = subject.order(JobType::Create);
    subject
        .perform(&order, "new-site")
        .await
        .expect("it goes well");
    subject
        .verify(&order, "new-site")
        .await
        .expect_err("it fails once");
    subject
        .verify(&order, "new-site")
        .await
        .expect("it goes well");
}

#[tokio::test]
async fn a_backup_of_another_company_is_not_put_back() {
    let driver = std::sync::Arc::new(DryRun::new(Duration::ZERO, Script::default()));
    let (one, other) = (
        Subject::new(driver.clone(), None),
        Subject::new(driver, None),
    );
    let made = one.run(&one.order(JobType::Backup)).await;
    let reference = made[0].backup.as_ref().expect("a backup").reference.clone();
    let mut order = other.order(JobType::Restore);
    order.backup = Some(backup(&reference));
    other
        .perform(&order, "restore")
        .await
        .expect_err("it is another's");
    // The site that comes after one that was removed is the same company's.
    order.tenant = one.order(JobType::Restore).tenant;
    other
        .perform(&order, "restore")
        .await
        .expect("it is the company's own");
}
