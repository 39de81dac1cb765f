//! What an executable says, understood: lines for the log, and objects that are for us.
//!
//! An object for us stands on a line of its own and has one of the keys `progress`, `facts`, `standing`,
//! `steps`, `error`. Anything else is a line for the log. What is for us and cannot be understood makes
//! the call fail: half an answer is none.

use entity::provisioning_log_line::LogLevel;
use serde_json::{Map, Value};
use url::Url;

use super::{Action, clean, lines::MAX_LINE, plan::Written};
use crate::ports::provisioner::{Facts, Failure, Output, Seen, Standing};

/// How many objects, words about progress aside, a call may say.
const MAX_OBJECTS: usize = 1000;
/// How much all facts of a call may be, as JSON.
const MAX_FACTS: usize = 16 * 1024;
/// How much of a line goes into the log.
const MAX_LOGGED: usize = 4096;
/// How long a message may be, in characters.
const MAX_MESSAGE: usize = 500;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By itself.
    Code(i32),
    /// By a signal that we did not send.
    Signal(i32),
    /// Because it was told to stop.
    Stopped,
}

/// What it said.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) steps: Option<Vec<Written>>,
    standing: Option<Standing>,
    facts: Map<String, Value>,
    typed: Facts,
    error: Option<(String, Option<String>)>,
    warning: Option<String>,
    broken: Option<String>,
    objects: usize,
}

impl Answer {
    /// Hears a line of standard output.
    pub(super) fn hear(&mut self, line: &[u8], cut: bool, output: &Output) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        let object = text.trim_start().starts_with('{');
        let object = object.then(|| {
            let read = serde_json::from_str::<Map<String, Value>>(text);
            read.or_else(|error| match clean::halves(text) {
                Some(mended) => serde_json::from_str(&mended),
                None => Err(error),
            })
        });
        match object.map(|read| read.map(clean::object)) {
            Some(Ok(object)) if !cut && KEYS.iter().any(|key| object.contains_key(*key)) => {
                self.take(object, text, output);
            }
            Some(Err(_)) if is_meant(text) => {
                self.break_off(if cut {
                    format!("an object is longer than {MAX_LINE} bytes")
                } else {
                    "an object is not valid JSON".to_owned()
                });
                log(output, LogLevel::Warning, text);
            }
            _ => log(output, LogLevel::Info, text),
        }
    }

    /// Remembers the last line of standard error: often it says what went wrong.
    pub(super) fn warned(&mut self, last: Option<String>) {
        self.warning = last;
    }

    fn take(&mut self, mut object: Map<String, Value>, text: &str, output: &Output) {
        if let Some(progress) = object.remove("progress") {
            match percent(&progress) {
                Some(percent) => {
                    let message = object.remove("message");
                    let message = message.as_ref().and_then(Value::as_str).map(shortened);
                    output.progress(percent, message);
                }
                // It is only a word; nothing depends on it.
                None => log(output, LogLevel::Warning, text),
            }
            if !KEYS.iter().any(|key| object.contains_key(*key)) {
                return;
            }
        }
        self.objects += 1;
        if self.objects > MAX_OBJECTS {
            return self.break_off(format!("it said more than {MAX_OBJECTS} objects"));
        }
        for (key, value) in object {
            let understood = match key.as_str() {
                "facts" => self.learn(value),
                "standing" => self.stand(value),
                "steps" => self.plan(value),
                "error" => self.fail(&value),
                _ => Ok(()),
            };
            if let Err(why) = understood {
                self.break_off(format!("`{key}`: {why}"));
            }
        }
    }

    /// Later facts complete earlier ones.
    fn learn(&mut self, value: Value) -> Result<(), String> {
        let Value::Object(facts) = value else {
            return Err("is no object".to_owned());
        };
        let mut all = self.facts.clone();
        all.extend(facts);
        let size = serde_json::to_string(&all).map_or(usize::MAX, |text| text.len());
        if size > MAX_FACTS {
            return Err(format!(
                "all facts together are more than {MAX_FACTS} bytes"
            ));
        }
        let typed: Facts = serde_json::from_value(Value::Object(all.clone()))
            .map_err(|error| error.to_string())?;
        if let Some(url) = &typed.url {
            let web = Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
            if !web {
                return Err("`url` is no http or https address".to_owned());
            }
        }
        (self.facts, self.typed) = (all, typed);
        Ok(())
    }

    fn stand(&mut self, value: Value) -> Result<(), String> {
        let word = serde_json::from_value(value);
        let word = word.map_err(|_| "is none of absent, partial, done, unknown".to_owned())?;
        self.standing = Some(word);
        Ok(())
    }

    fn plan(&mut self, value: Value) -> Result<(), String> {
        self.steps = Some(serde_json::from_value(value).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn fail(&mut self, value: &Value) -> Result<(), String> {
        let said = |value: Option<&Value>| value.and_then(Value::as_str).map(shortened);
        let message = said(Some(value)).or_else(|| said(value.get("message")));
        let message = message.ok_or_else(|| "has no message".to_owned())?;
        self.error = Some((message, said(value.get("advice"))));
        Ok(())
    }

    fn break_off(&mut self, why: String) {
        self.broken.get_or_insert(why);
    }

    /// What it comes to, together with how the process ended; nothing, where it does not know how.
    pub(super) fn judge(mut self, how: How, action: Action) -> Result<Option<Self>, Failure> {
        let looks = matches!(action, Action::Check | Action::Verify);
        let code = match how {
            How::Stopped => return Err(stopped()),
            How::Code(code) => code,
            How::Signal(signal) => {
                let killed = format!("the executable was killed by signal {signal}");
                return Err(self.failure(Failure::retryable, &killed, false));
            }
        };
        let standing = match code {
            0 => self.standing.unwrap_or(Standing::Done),
            80 if looks => Standing::Absent,
            81 if looks => Standing::Partial,
            82 => return Ok(None),
            75 => {
                return Err(self.failure(Failure::retryable, &format!("exit code {code}"), false));
            }
            64 | 65 | 78 => {
                return Err(self.failure(Failure::lasting, &format!("exit code {code}"), false));
            }
            126 | 127 => {
                let why = format!("it cannot be run, or calls what is not there: exit code {code}");
                return Err(self.failure(Failure::lasting, &why, true));
            }
            80 | 81 => {
                let why = format!("exit code {code} answers only check and verify");
                return Err(self.failure(Failure::lasting, &why, true));
            }
            _ => {
                let why = format!("exit code {code}, which has no meaning here");
                return Err(self.failure(Failure::lasting, &why, true));
            }
        };
        if self.standing.is_some_and(|said| looks && said != standing) {
            self.break_off(format!("exit code {code} contradicts its `standing`"));
        }
        if let Some(why) = self.broken {
            let message = format!("the answer of the executable cannot be understood: {why}");
            return Err(Failure::lasting(message).advice("Correct the executable."));
        }
        self.standing = Some(standing);
        Ok(Some(self))
    }

    /// In its own words if it has any, in ours otherwise; in both where its words may not be about it.
    fn failure(self, class: fn(String) -> Failure, ours: &str, both: bool) -> Failure {
        let (said, advice) = match (self.error, self.warning) {
            (Some((message, advice)), _) => (Some(message), advice),
            (None, warning) => (warning, None),
        };
        let message = match said {
            Some(said) if both => format!("{said} ({ours})"),
            Some(said) => said,
            None => format!("the executable failed without a word: {ours}"),
        };
        let failure = class(message);
        match advice {
            Some(advice) => failure.advice(advice),
            None => failure,
        }
    }

    /// What it saw.
    pub(super) fn into_seen(self) -> Seen {
        Seen {
            standing: self.standing.unwrap_or(Standing::Unknown),
            facts: self.typed,
        }
    }

    /// What it found out.
    pub(super) fn into_facts(self) -> Facts {
        self.typed
    }
}

/// How a call fails that was told to stop.
pub(super) fn stopped() -> Failure {
    Failure::retryable("it was stopped")
}

/// Hears a line of standard error, and remembers it if there is anything in it.
pub(super) fn hear_warning(line: &[u8], last: &mut Option<String>, output: &Output) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if !text.is_empty() {
        log(output, LogLevel::Warning, text);
        *last = Some(shortened(&clean::text(text)));
    }
}

const KEYS: [&str; 5] = ["progress", "facts", "standing", "steps", "error"];

/// Whether something that is no JSON was meant to be an object for us, on which an answer depends.
fn is_meant(text: &str) -> bool {
    let inside = text.trim_start().trim_start_matches('{').trim_start();
    KEYS.iter().skip(1).any(|key| {
        let rest = inside.strip_prefix('"');
        let rest = rest.and_then(|rest| rest.strip_prefix(key));
        rest.is_some_and(|rest| rest.starts_with('"'))
    })
}

fn percent(value: &Value) -> Option<u8> {
    let number = value.as_f64().filter(|it| (0.0..=100.0).contains(it))?;
    // From 0 to 100, as was just seen.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it fits"
    )]
    Some(number.round() as u8)
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_MESSAGE).collect()
}

fn log(output: &Output, level: LogLevel, text: &str) {
    output.line(level, &text[..text.floor_char_boundary(MAX_LOGGED)]);
}
