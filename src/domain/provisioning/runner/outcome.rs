//! What is told of a job that is done: what its steps have observed. Pure.

use entity::{
    ids::BackupId,
    provisioning_step::{Model, StepStatus},
    site,
};
use serde_json::{Map, Value, json};

use crate::ports::provisioner::{Facts, InstalledApp, MadeBackup};

/// How much else than what we know drivers may put into a result, in bytes.
const OTHER_MAX: usize = 16 * 1024;
/// How long an address may be.
const URL_MAX: usize = 500;
/// How many apps and files are told of.
const LIST_MAX: usize = 100;
/// How long a driver's name of a backup may be.
const REFERENCE_MAX: usize = 1000;
/// Keys of the result that are ours.
const OURS: &[&str] = &[
    "provisioner",
    "simulated",
    "site",
    "apps",
    "backup",
    "already_exists",
    "already_absent",
];

/// What was observed while a job was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Where the site is.
    pub url: Option<String>,
    /// What is installed, where anybody looked.
    pub apps: Vec<InstalledApp>,
    /// The backup that was made.
    pub backup: Option<MadeBackup>,
    /// Whether people could use the site afterwards, where anybody closed or opened it.
    pub serving: Option<bool>,
    /// The site was there before anybody began, and nothing was done.
    pub already_exists: bool,
    /// There was nothing to remove.
    pub already_absent: bool,
    /// What else there is to tell.
    pub other: Map<String, Value>,
    /// What of it could not be kept.
    pub left_out: Vec<String>,
}

impl Observed {
    /// What the steps have found out, later ones over earlier ones.
    pub fn of(steps: &[Model]) -> Self {
        let mut all = Self::default();
        let (mut exists, mut absent) = (false, false);
        for step in steps {
            let facts = step.facts.clone().map(serde_json::from_value::<Facts>);
            let Some(Ok(facts)) = facts else {
                continue;
            };
            exists |= facts.already_exists;
            absent |= facts.already_absent;
            all.learn(facts);
        }
        // Of a site that we have made in part it would be half of the truth.
        let untouched = steps.iter().all(|step| step.found);
        all.already_exists = exists && untouched;
        all.already_absent = absent && untouched;
        all
    }

    /// What the steps have found out that were seen to be done and not to be undone, in whatever way the
    /// job has ended.
    pub fn of_done(steps: &[Model]) -> Self {
        let stands = |step: &&Model| match step.status {
            // One that has failed has found nothing out, unless what failed was to undo it.
            StepStatus::Completed | StepStatus::Undoing | StepStatus::Failed => true,
            StepStatus::Pending | StepStatus::Running | StepStatus::Undone => false,
        };
        Self::of(&steps.iter().filter(stands).cloned().collect::<Vec<_>>())
    }

    fn learn(&mut self, facts: Facts) {
        let Facts {
            url,
            mut apps,
            backup,
            serving,
            already_exists: _,
            already_absent: _,
            other,
        } = facts;
        if let Some(url) = url {
            if is_address(&url) {
                self.url = Some(url);
            } else {
                self.left_out.push("url".into());
            }
        }
        if !apps.is_empty() {
            apps.truncate(LIST_MAX);
            self.apps = apps;
        }
        match backup {
            Some(mut made) if (1..=REFERENCE_MAX).contains(&made.reference.chars().count()) => {
                made.files.truncate(LIST_MAX);
                made.size_bytes = made.size_bytes.filter(|size| *size >= 0);
                self.backup = Some(made);
            }
            Some(_) => self.left_out.push("backup".into()),
            None => {}
        }
        self.serving = serving.or(self.serving);
        for (key, value) in other {
            let before = self.other.insert(key.clone(), value);
            let size = serde_json::to_string(&self.other).map_or(usize::MAX, |text| text.len());
            if OURS.contains(&key.as_str()) || size > OTHER_MAX {
                self.other.remove(&key);
                self.left_out.push(key.clone());
                if let Some(before) = before {
                    self.other.insert(key, before);
                }
            }
        }
    }

    /// The result as it is kept and told.
    pub fn result(
        &self,
        by: Performer,
        site: Option<&site::Model>,
        backup: Option<BackupId>,
    ) -> Value {
        let mut result = self.other.clone();
        result.insert("provisioner".into(), json!(by.name));
        result.insert("simulated".into(), json!(by.simulated));
        if let Some(site) = site {
            let told = json!({
                "name": site.name, "host": site.host, "url": site.url,
                "url_observed": self.url.is_some(),
            });
            result.insert("site".into(), told);
        }
        if !self.apps.is_empty() {
            result.insert("apps".into(), json!(self.apps));
        }
        if let (Some(made), Some(id)) = (&self.backup, backup) {
            let told = json!({
                "id": id, "reference": made.reference, "size_bytes": made.size_bytes,
            });
            result.insert("backup".into(), told);
        }
        if self.already_exists {
            result.insert("already_exists".into(), json!(true));
        }
        if self.already_absent {
            result.insert("already_absent".into(), json!(true));
        }
        Value::Object(result)
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Performer {
    /// The driver's name.
    pub name: &'static str,
    /// Whether it only pretends.
    pub simulated: bool,
}

/// What a browser can be sent to; without a password, which everybody would see.
fn is_address(text: &str) -> bool {
    let fits = |url: url::Url| {
        let secret = !url.username().is_empty() || url.password().is_some();
        matches!(url.scheme(), "http" | "https") && url.has_host() && !secret
    };
    text.len() <= URL_MAX && url::Url::parse(text).is_ok_and(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: Performer = Performer {
        name: "dry-run",
        simulated: true,
    };

    fn step(found: bool, facts: Value) -> Model {
        Model {
            id: uuid::Uuid::nil().into(),
            job_id: uuid::Uuid::nil().into(),
            attempt: 1,
            position: 0,
            name: "a".into(),
            title: "A".into(),
            status: StepStatus::Completed,
            progress: 100,
            found,
            undoable: false,
            harmless: false,
            tries: 1,
            weight_ms: 1,
            limit_ms: 1,
            facts: Some(facts),
            error: None,
            started_at: None,
            completed_at: None,
        }
    }

    #[test]
    fn later_steps_know_better() {
        let steps = [
            step(
                false,
                json!({ "url": "http://a.example.com", "apps": [{ "name": "frappe" }] }),
            ),
            step(
                false,
                json!({ "url": "http://b.example.com", "db": "x", "simulated": false }),
            ),
            step(
                true,
                json!({ "already_exists": true, "url": "javascript:alert(1)" }),
            ),
        ];
        let observed = Observed::of(&steps);
        assert_eq!(observed.left_out, ["simulated", "url"]);
        assert_eq!(observed.url.as_deref(), Some("http://b.example.com"));
        let expected = json!({
            "provisioner": "dry-run", "simulated": true, "db": "x",
            "apps": [{ "name": "frappe", "version": null }],
        });
        assert_eq!(observed.result(BY, None, None), expected);
    }

    #[test]
    fn an_address_has_no_password() {
        for url in [
            "http://u:pw@a.example",
            "https://u@a.example",
            "http://:pw@a.example",
        ] {
            let observed = Observed::of(&[step(false, json!({ "url": url }))]);
            assert_eq!(
                (observed.url, observed.left_out),
                (None, vec!["url".to_owned()])
            );
        }
    }

    #[test]
    fn only_what_nobody_touched_was_there_already() {
        let there = || step(true, json!({ "already_exists": true }));
        let result = |steps: &[Model]| Observed::of(steps).result(BY, None, None);
        assert_eq!(result(&[there(), there()])["already_exists"], true);
        assert_eq!(
            result(&[there(), step(false, json!({}))])["already_exists"],
            Value::Null
        );
    }

    #[test]
    fn a_flood_of_facts_is_cut() {
        let much = "x".repeat(10_000);
        let steps = [step(false, json!({ "a": much, "b": much, "c": 1 }))];
        let observed = Observed::of(&steps);
        assert_eq!(observed.left_out, ["b"]);
        assert_eq!(observed.other.keys().collect::<Vec<_>>(), ["a", "c"]);
    }
}
