//! The protocol of executables, with those that keep to it badly.

use std::{fs, path::Path, time::Duration};

use entity::{
    provisioning_job::{ErrorClass, JobType},
    provisioning_log_line::LogLevel,
};
use erpmax::ports::provisioner::{Executable, Failure, Standing, Step};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::subject::{Subject, Talk, executable};

const PUPPET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/world/puppet");

/// An executable that does what a script says.
fn puppet(script: &str) -> Subject {
    Subject::new(
        std::sync::Arc::new(executable(Path::new(PUPPET), "PUPPET", Some(script))),
        None,
    )
}

/// How `perform` fails.
async fn failure(script: &str) -> Failure {
    let subject = puppet(script);
    let order = subject.order(JobType::Create);
    let done = subject.perform(&order, "new-site").await;
    done.expect_err(script)
}

#[tokio::test]
async fn it_reads_the_order_and_has_a_bare_environment() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("heard");
    let script = format!(
        "exec >{0}; cat; echo \"$# $1\"; env | cut -d= -f1 | sort | tr '\\n' ' '",
        file.display()
    );
    let subject = puppet(&script);
    let mut order = subject.order(JobType::Restore);
    order.backup = Some(super::subject::backup("b/1"));
    subject.perform(&order, "restore").await.unwrap();
    let heard = fs::read_to_string(&file).unwrap();
    let mut lines = heard.lines();
    let request: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let expected = json!({
        "protocol": 1, "action": "perform", "step": "restore",
        "order": {
            "job_id": order.job_id, "attempt": 1, "fence": 1, "job_type": "restore",
            "tenant": { "id": order.tenant.id, "name": "Acme", "slug": "acme" },
            "site": {
                "id": order.site.id, "name": "acme", "host": "acme.sites.localhost",
                "url": "http://acme.sites.localhost",
            },
            "owner": { "email": "ann@example.com", "full_name": "Ann" },
            "backup": { "id": order.backup.as_ref().unwrap().id, "reference": "b/1" },
        },
    });
    assert_eq!(request, expected);
    assert_eq!(lines.next(), Some("1 perform"));
    // PWD, SHLVL and _ are what bash adds by itself.
    assert_eq!(lines.next(), Some("PATH PUPPET PWD SHLVL _ "));
}

#[tokio::test]
async fn exit_codes_mean_what_is_documented() {
    use ErrorClass::{Final, Retryable};
    for (code, class, word) in [
        (75, Retryable, "without a word"),
        (64, Final, "exit code 64"),
        (65, Final, "exit code 65"),
        (78, Final, "exit code 78"),
        (1, Final, "exit code 1, which has no meaning"),
        (3, Final, "exit code 3, which has no meaning"),
        (80, Final, "answers only check and verify"),
        (81, Final, "answers only check and verify"),
        (82, Final, "does not know `perform`"),
        (126, Final, "cannot be run"),
        (127, Final, "cannot be run"),
        (255, Final, "exit code 255"),
    ] {
        let failure = failure(&format!("exit {code}")).await;
        assert!(
            failure.class == class && failure.message.contains(word),
            "{code}: {failure:?}"
        );
    }
    for (script, standing) in [
        ("exit 0", Standing::Done),
        ("exit 80", Standing::Absent),
        ("exit 81", Standing::Partial),
        ("exit 82", Standing::Unknown),
        (r#"echo '{"standing":"partial"}'"#, Standing::Partial),
        (r#"echo '{"standing":"unknown"}'"#, Standing::Unknown),
        (r#"echo '{"standing":"done"}'"#, Standing::Done),
    ] {
        let subject = puppet(script);
        let order = subject.order(JobType::Create);
        let seen = subject.check(&order, "new-site").await.expect(script);
        assert_eq!(seen.standing, standing, "{script}");
        let seen = subject.verify(&order, "new-site").await.expect(script);
        assert_eq!(seen.standing, standing, "{script}");
    }
    // What looks and falls down has seen nothing.
    for script in [
        "exit 1",
        "kill -9 $$",
        "exit 75",
        r#"echo '{"standing":"done"}'; exit 80"#,
    ] {
        let subject = puppet(script);
        let order = subject.order(JobType::Create);
        subject.check(&order, "new-site").await.expect_err(script);
    }
}

#[tokio::test]
async fn a_death_by_signal_may_be_different_next_time() {
    for signal in ["KILL", "TERM", "SEGV"] {
        let failure = failure(&format!("kill -s {signal} $$; sleep 10")).await;
        assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
        assert!(failure.message.contains("killed by signal"), "{failure:?}");
    }
}

#[tokio::test]
async fn failures_speak_in_its_own_words() {
    let script = r#"echo '{"error":{"message":"no room","advice":"add a disk"}}'; exit 75"#;
    let said = failure(script).await;
    assert_eq!(said, Failure::retryable("no room").advice("add a disk"));
    let said = failure(r#"echo '{"error":"no room"}'; exit 78"#).await;
    assert_eq!(said, Failure::lasting("no room"));
    let said = failure("echo first >&2; echo 'no room' >&2; exit 75").await;
    assert_eq!(said, Failure::retryable("no room"));
    let said = failure("echo 'Traceback' >&2; exit 1").await;
    assert!(
        said.message.starts_with("Traceback (exit code 1"),
        "{said:?}"
    );
    let said = failure(r#"printf '{"error":"%s"}\n' "$(printf 'x%.0s' {1..9000})"; exit 75"#).await;
    assert_eq!(said.message.len(), 500);
}

#[tokio::test]
async fn lines_and_objects_are_told_apart() {
    let script = r#"
        echo 'plain'
        echo 'warned' >&2
        echo '{"progress":40.4,"message":"half way"}'
        echo '{"other":1}'
        echo '[1]'
        echo '{"facts":{"url":"http://a.example"}}'
        echo '  {"facts":{"db_name":"_x","url":"https://b.example"}}'
        echo '{"progress":101}'
        echo '{"progress":"fast"}'
        printf 'bad \xff\n\n'
        printf 'last'"#;
    let subject = puppet(script);
    let order = subject.order(JobType::Create);
    let mut talk = Talk::new(&order);
    let facts = subject
        .driver
        .perform("new-site", talk.call())
        .await
        .unwrap();
    assert_eq!(facts.url.as_deref(), Some("https://b.example"));
    assert_eq!(facts.other["db_name"], "_x");
    let progress = talk.heard.progress.borrow().clone().unwrap();
    assert_eq!(
        (progress.percent, progress.message.as_deref()),
        (40, Some("half way"))
    );
    let mut lines: Vec<_> = std::iter::from_fn(|| talk.heard.lines.try_recv().ok()).collect();
    // The streams are read side by side.
    let warned = lines.iter().position(|line| line.text == "warned").unwrap();
    assert_eq!(lines.remove(warned).level, LogLevel::Warning);
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    let expected = [
        "plain",
        "{\"other\":1}",
        "[1]",
        "{\"progress\":101}",
        "{\"progress\":\"fast\"}",
        "bad \u{fffd}",
        "last",
    ];
    assert_eq!(texts, expected);
    assert_eq!(lines[3].level, LogLevel::Warning);
}

/// A database would refuse a zero character, and the job could never end.
#[tokio::test]
async fn control_characters_are_left_out() {
    let script = r#"
        echo '{"facts":{"url":"http://a.example/\u0000","apps":[{"name":"a\u0000","version":"1\u0007"}]}}'
        echo '{"facts":{"backup":{"reference":"r\u0000","files":["f\u0000"]}}}'
        echo '{"facts":{"k\u0000":{"deep\u0000":["x\u0000\ny","\u001b[31mred\u001b[0m"]}}}'"#;
    let subject = puppet(script);
    let order = subject.order(JobType::Create);
    let facts = subject.perform(&order, "new-site").await.unwrap();
    let expected = json!({
        "url": "http://a.example/", "apps": [{ "name": "a", "version": "1" }],
        "backup": { "reference": "r", "size_bytes": null, "files": ["f"] },
        "k": { "deep": ["x y", "red"] },
    });
    assert_eq!(serde_json::to_value(facts).unwrap(), expected);
    let said = failure(
        r#"echo '{"error":{"message":"no\u0000 room","advice":"add\u0000 a disk"}}'; exit 75"#,
    );
    let expected = Failure::retryable("no room").advice("add a disk");
    assert_eq!(said.await, expected);
    let said = failure(r"printf 'no \0room\n' >&2; exit 75").await;
    assert_eq!(said, Failure::retryable("no room"));
}

#[tokio::test]
async fn half_a_character_loses_no_explanation() {
    let said =
        failure(r#"echo '{"error":{"message":"no room for \ud800 \ud83d\ude00"}}'; exit 75"#);
    assert_eq!(said.await, Failure::retryable("no room for \u{fffd} 😀"));
}

#[tokio::test]
async fn half_an_answer_is_none() {
    for (script, word) in [
        (r#"echo '{"facts":{"a":'"#, "not valid JSON"),
        (r#"echo '{"facts":[1]}'"#, "`facts`: is no object"),
        (r#"echo '{"facts":{"url":5}}'"#, "`facts`"),
        (
            r#"echo '{"facts":{"url":"javascript:alert(1)"}}'"#,
            "no http",
        ),
        (r#"echo '{"standing":"fine"}'"#, "`standing`"),
        (r#"echo '{"steps":5}'"#, "`steps`"),
        (
            r#"printf '{"facts":{"a":"%s"}}\n' "$(head -c 20000 /dev/zero | tr '\0' x)""#,
            "more than 16384",
        ),
        (
            r#"printf '{"facts":{"a":"'; head -c 3000000 /dev/zero | tr '\0' x; echo '"}}'"#,
            "longer than 65536",
        ),
        (
            r#"for i in {1..1001}; do echo '{"facts":{"a":1}}'; done"#,
            "more than 1000 objects",
        ),
    ] {
        let failure = failure(script).await;
        assert_eq!(failure.class, ErrorClass::Final, "{failure:?}");
        assert!(failure.message.contains(word), "{script}: {failure:?}");
    }
}

#[tokio::test]
async fn a_long_line_is_cut_and_the_next_one_is_whole() {
    let script = r#"head -c 5000000 /dev/zero | tr '\0' x; echo; echo '{"facts":{"a":1}}'"#;
    let subject = puppet(script);
    let order = subject.order(JobType::Create);
    let mut talk = Talk::new(&order);
    let facts = subject
        .driver
        .perform("new-site", talk.call())
        .await
        .unwrap();
    assert_eq!(facts.other["a"], 1);
    let said = talk.said();
    assert_eq!((said.len(), said[0].len()), (1, 4096));
}

#[tokio::test]
async fn an_executable_need_only_perform() {
    let subject = puppet("[[ $1 == perform ]] || exit 82");
    let order = subject.order(JobType::Create);
    let [Step { name, undoable, .. }] = subject.plan(&order).await.try_into().unwrap();
    assert_eq!((name.as_str(), undoable), ("create", true));
    // Nobody claims to have seen what nobody looked at.
    let seen = subject.check(&order, &name).await.unwrap();
    assert_eq!(seen.standing, Standing::Unknown);
    subject.perform(&order, &name).await.unwrap();
    let seen = subject.verify(&order, &name).await.unwrap();
    assert_eq!(seen.standing, Standing::Unknown);
    let failure = subject.undo(&order, &name).await.unwrap_err();
    assert!(
        failure.message.contains("`undo`") && failure.advice.is_some(),
        "{failure:?}"
    );
    // One that looks is asked to look afterwards, too.
    let subject = puppet("case $1 in check) exit 81 ;; perform) ;; *) exit 82 ;; esac");
    let seen = subject.verify(&order, &name).await.unwrap();
    assert_eq!(seen.standing, Standing::Partial);
}

#[tokio::test]
async fn one_that_ignores_what_it_is_asked_gets_no_further_than_the_plan() {
    let subject = puppet("echo 'I always do the same'");
    let order = subject.order(JobType::Create);
    let talk = Talk::new(&order);
    let failure = subject.driver.plan(talk.call()).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Final);
    assert!(failure.message.contains("named no steps"), "{failure:?}");
}

#[tokio::test]
async fn a_directory_has_an_executable_per_type() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(PUPPET, dir.path().join("create")).unwrap();
    fs::write(dir.path().join("update"), "#!/bin/sh\n").unwrap();
    let script = r#"echo "{\"facts\":{\"called\":\"${0##*/}\"}}""#;
    let driver = executable(dir.path(), "PUPPET", Some(script));
    let subject = Subject::new(std::sync::Arc::new(driver), None);
    let order = subject.order(JobType::Create);
    let facts = subject.perform(&order, "new-site").await.unwrap();
    assert_eq!(facts.other["called"], "create");
    // One that may not be executed, and one that is not there.
    let order = subject.order(JobType::Update);
    let failure = subject.perform(&order, "migrate").await.unwrap_err();
    assert!(failure.message.contains("exit code 126"), "{failure:?}");
    let place = dir.path().to_str().unwrap();
    assert!(!failure.message.contains(place), "{failure:?}");
    let order = subject.order(JobType::Suspend);
    let failure = subject.perform(&order, "stop").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Final);
    assert_eq!(failure.message, "The provisioner is not set up for this.");
}

#[tokio::test]
async fn one_that_does_not_read_does_not_block() {
    let subject = puppet("exec <&-; exit 0");
    let mut order = subject.order(JobType::Create);
    // More than a pipe holds.
    order.tenant.name = "x".repeat(2_000_000);
    let done = timeout(Duration::from_secs(20), subject.perform(&order, "new-site")).await;
    done.expect("it ends").unwrap();
}

#[tokio::test]
async fn a_guard_that_cannot_be_started_is_a_failure() {
    let driver = Executable {
        guard: "/no/such/program".into(),
        ..executable(Path::new(PUPPET), "PUPPET", Some("exit 0"))
    };
    let subject = Subject::new(std::sync::Arc::new(driver), None);
    let order = subject.order(JobType::Create);
    let failure = subject.perform(&order, "new-site").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
}
