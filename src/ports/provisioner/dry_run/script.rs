//! What goes wrong in simulations, written as words: `create.new-site=fail:2, acme/*.backup=hang`.
//!
//! A rule is `[<slug>/]<verb>.<step>[.check|.verify|.undo]=<fault>`; verb and step may be `*`; rules are
//! separated by commas, semicolons or white space, and of those that fit a call the last one counts.

use std::time::Duration;

use entity::provisioning_job::JobType;

use super::plan;
use crate::ports::provisioner::Order;

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    slug: Option<String>,
    verb: Option<JobType>,
    step: Option<String>,
    action: Action,
    fault: Fault,
}

/// What a driver is asked to do with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Check,
    Perform,
    Verify,
    Undo,
}

/// How it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The first tries fail, for a reason that may pass.
    Fail(u32),
    /// It fails for a reason that stays.
    Refuse,
    /// It takes so long.
    Slow(Duration),
    /// It never ends.
    Hang,
    /// The first tries begin, and fail in the middle.
    Half(u32),
    /// The first tries succeed, and it is not heard.
    Lose(u32),
    /// It says that it is done, and nothing was done.
    Lie,
    /// It says so many lines.
    Flood(u64),
}

const FAULTS: &str = "fail[:TRIES], refuse, slow:TIME (e.g. 500ms, 2s), hang, half[:TRIES], \
                      lose[:TRIES], lie, flood:LINES";
/// More than anybody writes.
const MAX_RULES: usize = 1000;

impl Script {
    /// Reads it, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules = text
            .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
            .filter(|rule| !rule.is_empty());
        let rules: Vec<_> = rules.map(parse_rule).collect::<Result<_, _>>()?;
        if rules.len() > MAX_RULES {
            return Err(format!("has more than {MAX_RULES} rules"));
        }
        Ok(Self(rules))
    }

    /// What befalls a call.
    pub(super) fn fault(&self, order: &Order, action: Action, step: &str) -> Option<Fault> {
        let fits = |rule: &&Rule| {
            rule.action == action
                && rule.verb.is_none_or(|verb| verb == order.job_type)
                && rule.step.as_deref().is_none_or(|name| name == step)
                && rule
                    .slug
                    .as_ref()
                    .is_none_or(|slug| *slug == order.tenant.slug)
        };
        let rule = self.0.iter().rev().find(fits);
        rule.map(|rule| rule.fault)
    }
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    let (place, fault) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` lacks `=`: a rule is like create.new-site=fail:2"))?;
    let (slug, place) = match place.split_once('/') {
        Some((slug, place)) => (Some(slug.to_owned()), place),
        None => (None, place),
    };
    let mut words = place.split('.');
    let (verb, step) = (words.next().unwrap_or_default(), words.next());
    let step = step.ok_or_else(|| {
        format!("`{text}` names no step: a rule is like create.new-site=fail:2, or create.*=hang")
    })?;
    let (action, none) = (words.next(), words.next().is_none());
    let action = match action {
        None | Some("perform") => Action::Perform,
        Some("check") => Action::Check,
        Some("verify") => Action::Verify,
        Some("undo") => Action::Undo,
        Some(other) => {
            return Err(format!(
                "`{text}`: `{other}` is none of check, perform, verify, undo"
            ));
        }
    };
    if !none || slug.as_deref() == Some("") {
        return Err(format!(
            "`{text}` is not like [<slug>/]<verb>.<step>[.<action>]=<fault>"
        ));
    }
    let verb = parse_verb(verb).map_err(|why| format!("`{text}`: {why}"))?;
    let step = parse_step(verb, step).map_err(|why| format!("`{text}`: {why}"))?;
    let fault = parse_fault(action, fault).map_err(|why| format!("`{text}`: {why}"))?;
    Ok(Rule {
        slug,
        verb,
        step,
        action,
        fault,
    })
}

fn parse_verb(word: &str) -> Result<Option<JobType>, String> {
    if word == "*" {
        return Ok(None);
    }
    let verb = JobType::ALL.iter().find(|verb| verb.verb() == word);
    verb.map(|verb| Some(*verb)).ok_or_else(|| {
        let verbs: Vec<_> = JobType::ALL.iter().map(|verb| verb.verb()).collect();
        format!("`{word}` is none of {}, *", verbs.join(", "))
    })
}

fn parse_step(verb: Option<JobType>, word: &str) -> Result<Option<String>, String> {
    if word == "*" {
        return Ok(None);
    }
    let known = |verb: JobType| plan::names(verb).any(|name| name == word);
    match verb {
        Some(verb) if !known(verb) => {
            let names: Vec<_> = plan::names(verb).collect();
            let verb = verb.verb();
            Err(format!("the steps of {verb} are {}, *", names.join(", ")))
        }
        None if !JobType::ALL.iter().any(|verb| known(*verb)) => {
            Err(format!("no type of jobs has a step `{word}`"))
        }
        _ => Ok(Some(word.to_owned())),
    }
}

fn parse_fault(action: Action, text: &str) -> Result<Fault, String> {
    let (word, amount) = match text.split_once(':') {
        Some((word, amount)) => (word, Some(amount)),
        None => (text, None),
    };
    let tries = || match amount {
        None => Ok(1),
        Some(amount) => number(amount),
    };
    let fault = match word {
        "fail" => Fault::Fail(tries()?),
        "half" => Fault::Half(tries()?),
        "lose" => Fault::Lose(tries()?),
        "slow" => Fault::Slow(time(amount.unwrap_or_default())?),
        "flood" => Fault::Flood(number(amount.unwrap_or_default())?),
        "refuse" | "hang" | "lie" if amount.is_some() => {
            return Err(format!("`{word}` takes no amount"));
        }
        "refuse" => Fault::Refuse,
        "hang" => Fault::Hang,
        "lie" => Fault::Lie,
        _ => return Err(format!("`{word}` is none of {FAULTS}")),
    };
    let performs = action == Action::Perform;
    match fault {
        Fault::Half(_) | Fault::Lose(_) | Fault::Lie | Fault::Flood(_) if !performs => {
            Err(format!("`{word}` befalls only what is performed"))
        }
        _ => Ok(fault),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number that can be used"))
}

/// `500ms` or `2s`.
fn time(text: &str) -> Result<Duration, String> {
    if let Some(amount) = text.strip_suffix("ms") {
        number(amount).map(Duration::from_millis)
    } else if let Some(amount) = text.strip_suffix('s') {
        number(amount).map(Duration::from_secs)
    } else {
        Err(format!("`{text}` is not a time like 500ms or 2s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        for (text, word) in [
            ("create", "lacks `=`"),
            ("create=hang", "names no step"),
            ("crate.new-site=hang", "`crate` is none of create"),
            (
                "create.new-sit=hang",
                "the steps of create are reserve-name",
            ),
            ("*.new-sit=hang", "no type of jobs has a step"),
            ("create.new-site=explode", "`explode` is none of fail"),
            ("create.new-site=fail:often", "`often` is not a number"),
            ("create.new-site=slow:2", "is not a time"),
            ("create.new-site=slow", "is not a time"),
            ("create.new-site=flood", "is not a number"),
            ("create.new-site=hang:2", "takes no amount"),
            ("create.new-site.plan=hang", "is none of check"),
            ("create.new-site.undo.now=hang", "is not like"),
            ("create.new-site.undo=lose", "befalls only"),
            ("/create.new-site=hang", "is not like"),
        ] {
            let why = Script::parse(text).expect_err(text);
            assert!(why.contains(word), "{text}: {why}");
        }
    }

    #[test]
    fn rules_are_read_in_any_spacing() {
        let text = " create.new-site=fail ,acme/*.health-check=slow:500ms;\n*.*.undo=refuse ";
        let Script(rules) = Script::parse(text).expect("it can be read");
        let [fail, slow, refuse] = rules.try_into().expect("three rules");
        assert_eq!(
            (fail.fault, fail.verb),
            (Fault::Fail(1), Some(JobType::Create))
        );
        assert_eq!(slow.slug.as_deref(), Some("acme"));
        assert_eq!(slow.fault, Fault::Slow(Duration::from_millis(500)));
        assert_eq!((refuse.action, refuse.step), (Action::Undo, None));
        assert_eq!(Script::parse(" "), Ok(Script::default()));
    }
}
