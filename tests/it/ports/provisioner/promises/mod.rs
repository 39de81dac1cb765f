//! What every driver promises, each as a function of how a driver is made.

mod again;
mod stopping;

use std::{collections::HashSet, time::Duration};

use entity::provisioning_job::{ErrorClass, JobType};
use erpmax::ports::provisioner::{Order, Seen, Standing};
use tokio::time::timeout;

pub use self::{
    again::{
        what_was_done_is_done_again_at_the_next_attempt,
        what_was_taken_back_leaves_nothing_of_a_site,
    },
    stopping::{
        a_call_that_is_given_up_ends, a_slow_step_stops_when_it_is_told_to,
        a_step_that_never_ends_stops_when_it_is_told_to,
    },
};
use super::subject::{Subject, Talk, backup};

/// Makes a driver in which this goes wrong.
pub type Make = fn(&[&str]) -> Subject;

/// How long what should be over soon may take.
const SOON: Duration = Duration::from_secs(20);

/// Makes a test of each promise, for one driver.
macro_rules! kept_by {
    ($make:path) => {
        promises::kept_by! { $make:
            every_type_of_job_runs_to_its_end,
            what_is_done_twice_is_done_once,
            each_attempt_makes_a_backup_of_its_own,
            what_was_done_is_done_again_at_the_next_attempt,
            what_was_taken_back_leaves_nothing_of_a_site,
            what_fails_for_a_while_succeeds_then,
            what_is_refused_is_final,
            a_lost_answer_is_found,
            what_was_half_made_is_taken_back_and_made_again,
            a_lie_is_found_out,
            a_slow_step_stops_when_it_is_told_to,
            a_step_that_never_ends_stops_when_it_is_told_to,
            a_call_that_is_given_up_ends,
            a_flood_neither_blocks_nor_drowns_the_answer,
            everything_can_be_taken_back,
            what_is_gone_already_is_no_failure,
            another_site_of_the_name_is_left_alone,
            what_closes_and_opens_a_site_says_so,
            hostile_names_are_data,
        }
    };
    ($make:path: $($promise:ident,)+) => {$(
        #[tokio::test]
        async fn $promise() {
            promises::$promise($make).await;
        }
    )+};
}
pub(super) use kept_by;

async fn assert_stands(subject: &Subject, order: &Order, step: &str, standing: Standing) -> Seen {
    let seen = subject
        .check(order, step)
        .await
        .expect("it can be looked at");
    assert_eq!(seen.standing, standing, "{step}");
    seen
}

pub async fn every_type_of_job_runs_to_its_end(make: Make) {
    let subject = make(&[]);
    let mut reference = None;
    // In an order in which a site may live.
    for job_type in [
        JobType::Create,
        JobType::Update,
        JobType::Backup,
        JobType::Suspend,
        JobType::Resume,
        JobType::Restore,
        JobType::Delete,
    ] {
        let mut order = subject.order(job_type);
        order.backup = reference.as_deref().map(backup);
        let plan = subject.plan(&order).await;
        let names: HashSet<_> = plan.iter().map(|step| &step.name).collect();
        assert!(!plan.is_empty() && names.len() == plan.len(), "{plan:?}");
        let (mut url, mut apps) = (None, Vec::new());
        for step in &plan {
            assert!(
                !step.title.is_empty() && step.usual <= step.limit,
                "{step:?}"
            );
            assert_stands(&subject, &order, &step.name, Standing::Absent).await;
            let facts = subject.perform(&order, &step.name).await;
            let facts = facts.unwrap_or_else(|failure| panic!("{step:?}: {failure:?}"));
            url = url.or(facts.url);
            apps.extend(facts.apps);
            reference = facts.backup.map(|backup| backup.reference).or(reference);
            let seen = subject.verify(&order, &step.name).await;
            assert_eq!(
                seen.expect("it can be seen").standing,
                Standing::Done,
                "{step:?}"
            );
        }
        for step in &plan {
            assert_stands(&subject, &order, &step.name, Standing::Done).await;
        }
        if job_type == JobType::Create {
            assert_eq!(url.as_ref(), Some(&order.site.url));
            assert!(apps.iter().any(|app| app.name == "erpnext"), "{apps:?}");
        }
        if job_type == JobType::Backup {
            assert!(reference.as_ref().is_some_and(|it| !it.is_empty()));
        }
    }
}

pub async fn what_is_done_twice_is_done_once(make: Make) {
    let subject = make(&[]);
    subject.run(&subject.order(JobType::Create)).await;
    let order = subject.order(JobType::Backup);
    let first = subject.run(&order).await;
    assert_eq!(first, subject.run(&order).await);
    if let Some(world) = &subject.world {
        assert_eq!(world.backups().len(), 1);
        let asked = world.calls();
        let asked = asked.iter().filter(|it| *it == "perform backup.backup");
        assert_eq!(asked.count(), 2);
        let backups = world.effects();
        assert_eq!(
            backups
                .iter()
                .filter(|it| it.step == "backup.backup")
                .count(),
            1
        );
    }
}

pub async fn each_attempt_makes_a_backup_of_its_own(make: Make) {
    let subject = make(&[]);
    subject.run(&subject.order(JobType::Create)).await;
    let mut order = subject.order(JobType::Backup);
    let mut references = HashSet::new();
    for attempt in 1..=2 {
        order.attempt = attempt;
        assert_stands(&subject, &order, "backup", Standing::Absent).await;
        let found = subject.run(&order).await.into_iter();
        references.extend(found.filter_map(|facts| Some(facts.backup?.reference)));
        assert_stands(&subject, &order, "backup", Standing::Done).await;
    }
    assert_eq!(references.len(), 2, "{references:?}");
}

pub async fn what_fails_for_a_while_succeeds_then(make: Make) {
    let subject = make(&["create.new-site=fail:2"]);
    let order = subject.order(JobType::Create);
    for _ in 0..2 {
        let failure = subject
            .perform(&order, "new-site")
            .await
            .expect_err("it fails");
        assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
        assert!(!failure.message.is_empty());
        assert_stands(&subject, &order, "new-site", Standing::Absent).await;
    }
    subject
        .perform(&order, "new-site")
        .await
        .expect("it goes well");
    assert_stands(&subject, &order, "new-site", Standing::Done).await;
}

pub async fn what_is_refused_is_final(make: Make) {
    let subject = make(&["*.new-site=refuse"]);
    let order = subject.order(JobType::Create);
    let failure = subject
        .perform(&order, "new-site")
        .await
        .expect_err("it fails");
    assert_eq!(failure.class, ErrorClass::Final, "{failure:?}");
    assert!(failure.advice.is_some_and(|advice| !advice.is_empty()));
    assert_stands(&subject, &order, "new-site", Standing::Absent).await;
}

pub async fn a_lost_answer_is_found(make: Make) {
    let subject = make(&["create.new-site=lose:1"]);
    let order = subject.order(JobType::Create);
    let failure = subject
        .perform(&order, "new-site")
        .await
        .expect_err("it is lost");
    assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
    let seen = assert_stands(&subject, &order, "new-site", Standing::Done).await;
    // What the answer would have said is found by looking.
    let facts = subject
        .perform(&order, "new-site")
        .await
        .expect("it goes well");
    assert_eq!(seen.facts, facts);
}

pub async fn what_was_half_made_is_taken_back_and_made_again(make: Make) {
    let subject = make(&["create.new-site=half:1"]);
    let order = subject.order(JobType::Create);
    subject
        .perform(&order, "reserve-name")
        .await
        .expect("it goes well");
    let failure = subject
        .perform(&order, "new-site")
        .await
        .expect_err("it breaks off");
    assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
    assert_stands(&subject, &order, "new-site", Standing::Partial).await;
    subject
        .undo(&order, "new-site")
        .await
        .expect("it can be taken back");
    assert_stands(&subject, &order, "new-site", Standing::Absent).await;
    assert_stands(&subject, &order, "reserve-name", Standing::Done).await;
    subject
        .perform(&order, "new-site")
        .await
        .expect("it goes well");
    assert_stands(&subject, &order, "new-site", Standing::Done).await;
}

pub async fn a_lie_is_found_out(make: Make) {
    let subject = make(&["create.new-site=lie"]);
    let order = subject.order(JobType::Create);
    subject
        .perform(&order, "new-site")
        .await
        .expect("it says so");
    let seen = subject
        .verify(&order, "new-site")
        .await
        .expect("it can be seen");
    assert_eq!(seen.standing, Standing::Absent);
}

pub async fn a_flood_neither_blocks_nor_drowns_the_answer(make: Make) {
    let subject = make(&["create.install-apps=flood:200000"]);
    let order = subject.order(JobType::Create);
    let mut talk = Talk::new(&order);
    // Nobody listens meanwhile.
    let call = subject.driver.perform("install-apps", talk.call());
    let facts = timeout(SOON, call)
        .await
        .expect("it ends")
        .expect("it goes well");
    assert!(
        facts.apps.iter().any(|app| app.name == "erpnext"),
        "{facts:?}"
    );
    assert!(talk.heard.progress.borrow().is_some());
    assert_eq!(talk.said().len(), 100);
    assert!(talk.heard.take_dropped() > 190_000);
}

pub async fn everything_can_be_taken_back(make: Make) {
    let subject = make(&[]);
    let order = subject.order(JobType::Create);
    let plan = subject.plan(&order).await;
    assert!(plan.iter().any(|step| step.undoable));
    // Also what was never there.
    for _ in 0..2 {
        for step in plan.iter().rev() {
            subject
                .undo(&order, &step.name)
                .await
                .expect("it can be taken back");
            assert_stands(&subject, &order, &step.name, Standing::Absent).await;
        }
        subject.run(&order).await;
    }
    if let Some(world) = &subject.world {
        assert!(world.site("acme").contains(&"new-site".to_owned()));
    }
    for step in plan.iter().rev() {
        subject
            .undo(&order, &step.name)
            .await
            .expect("it can be taken back");
    }
    for step in &plan {
        assert_stands(&subject, &order, &step.name, Standing::Absent).await;
    }
    if let Some(world) = &subject.world {
        assert!(world.sites().is_empty(), "{:?}", world.sites());
    }
}

pub async fn what_is_gone_already_is_no_failure(make: Make) {
    let subject = make(&[]);
    subject.run(&subject.order(JobType::Create)).await;
    subject.run(&subject.order(JobType::Delete)).await;
    let again = subject.order(JobType::Delete);
    let seen = assert_stands(&subject, &again, "drop-site", Standing::Done).await;
    assert!(seen.facts.already_absent);
    // And the name is free.
    subject.run(&subject.order(JobType::Create)).await;
    let third = subject.order(JobType::Delete);
    let seen = assert_stands(&subject, &third, "drop-site", Standing::Absent).await;
    assert!(!seen.facts.already_absent);
}

pub async fn another_site_of_the_name_is_left_alone(make: Make) {
    let subject = make(&[]);
    subject.run(&subject.order(JobType::Create)).await;
    let mut order = subject.order(JobType::Create);
    order.site.id = Subject::new(subject.driver.clone(), None)
        .order(JobType::Create)
        .site
        .id;
    let failure = subject
        .check(&order, "new-site")
        .await
        .expect_err("it is another's");
    assert_eq!(failure.class, ErrorClass::Final, "{failure:?}");
    assert!(failure.advice.is_some());
    subject
        .undo(&order, "new-site")
        .await
        .expect("nothing of this job is there");
    let ours = subject.order(JobType::Create);
    assert_stands(&subject, &ours, "new-site", Standing::Done).await;
    // Nor is it removed, whoever asks for that.
    order.job_type = JobType::Delete;
    let asked = [
        subject.check(&order, "drop-site").await.map(drop),
        subject.perform(&order, "drop-site").await.map(drop),
    ];
    for answer in asked {
        let failure = answer.expect_err("it is another's");
        assert_eq!(failure.class, ErrorClass::Final, "{failure:?}");
    }
    assert_stands(&subject, &ours, "new-site", Standing::Done).await;
}

pub async fn what_closes_and_opens_a_site_says_so(make: Make) {
    let subject = make(&[]);
    subject.run(&subject.order(JobType::Create)).await;
    for job_type in [JobType::Update, JobType::Suspend, JobType::Resume] {
        let order = subject.order(job_type);
        for step in subject.plan(&order).await {
            let facts = subject.perform(&order, &step.name).await;
            let seen = subject.verify(&order, &step.name).await;
            let expected = match step.name.as_str() {
                "maintenance-on" => Some(false),
                "maintenance-off" => Some(true),
                _ => None,
            };
            let told = facts.expect("it goes well").serving;
            let seen = seen.expect("it can be seen").facts.serving;
            assert_eq!((told, seen), (expected, expected), "{step:?}");
            if ["backup", "health-check"].contains(&step.name.as_str()) {
                assert!(step.harmless, "{step:?}");
            }
        }
    }
}

pub async fn hostile_names_are_data(make: Make) {
    let subject = make(&[]);
    for name in [
        "../../etc/passwd",
        "\"; rm -rf / #",
        "$(touch owned) `touch owned`",
        "--force",
        "\",\"step\":\"drop-site\",\"x\":\"",
        "line\nbreak\r\n\0\u{1b}[31m\u{202e}",
        "Товариство «Ромашка» 株式会社",
        &"x".repeat(100_000),
    ] {
        let mut order = subject.order(JobType::Create);
        order.tenant.name = name.to_owned();
        if let Some(owner) = &mut order.owner {
            owner.full_name = name.to_owned();
        }
        subject.run(&order).await;
        let seen = subject
            .verify(&order, "new-site")
            .await
            .expect("it can be seen");
        assert_eq!(seen.standing, Standing::Done, "{name:?}");
    }
    if let Some(world) = &subject.world {
        assert_eq!(world.sites(), ["acme"]);
    }
}
