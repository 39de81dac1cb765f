//! What is to stop stops: it is told to, or nobody waits for it any more.

use entity::provisioning_job::{ErrorClass, JobType};
use erpmax::ports::provisioner::{Call, Lease, Standing};
use tokio::time::timeout;

use super::{Make, SOON, assert_stands};
use crate::ports::provisioner::subject::{Subject, Talk};

pub async fn a_slow_step_stops_when_it_is_told_to(make: Make) {
    stopped(&make(&["create.new-site=slow:900s"])).await;
}

pub async fn a_step_that_never_ends_stops_when_it_is_told_to(make: Make) {
    let subject = make(&["create.new-site=hang"]);
    stopped(&subject).await;
    let order = subject.order(JobType::Create);
    subject
        .undo(&order, "new-site")
        .await
        .expect("it can be taken back");
    assert_stands(&subject, &order, "new-site", Standing::Absent).await;
}

/// Tells the step `new-site` to stop once it has said something.
async fn stopped(subject: &Subject) {
    let order = subject.order(JobType::Create);
    let mut talk = Talk::new(&order);
    let (output, stop) = (talk.output.clone(), talk.stop.clone());
    let call = Call {
        order: &order,
        output: &output,
        stop: &stop,
        lease: &Lease::endless(),
    };
    let stopping = async {
        let said = talk.heard.lines.recv().await;
        said.expect("it says something");
        stop.cancel();
    };
    let both = async { tokio::join!(subject.driver.perform("new-site", call), stopping) };
    let (done, ()) = timeout(SOON, both).await.expect("it ends soon");
    let failure = done.expect_err("it did not get through");
    assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
    let seen = subject
        .check(&order, "new-site")
        .await
        .expect("it can be looked at");
    assert_ne!(seen.standing, Standing::Done);
    // Told before it begins, it does not begin.
    let talk = Talk::new(&order);
    talk.stop.cancel();
    let call = subject.driver.perform("new-site", talk.call());
    let done = timeout(SOON, call).await.expect("it ends soon");
    done.expect_err("it was told to stop");
}

pub async fn a_call_that_is_given_up_ends(make: Make) {
    let subject = make(&["create.new-site=hang"]);
    let order = subject.order(JobType::Create);
    let mut talk = Talk::new(&order);
    let output = talk.output.clone();
    let stop = talk.stop.clone();
    let call = Call {
        order: &order,
        output: &output,
        stop: &stop,
        lease: &Lease::endless(),
    };
    let giving_up = async {
        tokio::select! {
            _ = subject.driver.perform("new-site", call) => panic!("it hangs"),
            said = talk.heard.lines.recv() => assert!(said.is_some()),
        }
    };
    timeout(SOON, giving_up).await.expect("it says something");
    // It is asked for no more, so that another may begin where it was.
    subject
        .undo(&order, "new-site")
        .await
        .expect("it can be taken back");
    assert_stands(&subject, &order, "new-site", Standing::Absent).await;
}
