//! The compose files as Compose reads them: merged keys, one file on top of another, variables filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use yaml_serde::Value as Yaml;

use super::read;

/// The passwords and the key, as somebody has written them into `.env`.
pub const SECRETS: [(&str, &str); 4] = [
    ("POSTGRES_PASSWORD", "5a1f0e7bd2c34f60"),
    ("REDIS_PASSWORD", "c07de9914b6a4d2f"),
    ("RABBITMQ_PASSWORD", "93be07f1aa5c4c1d"),
    ("SECRET_KEY", "6f1c0d2ab34e5f60718293a4b5c6d7e8f90a1b2c"),
];

/// What production asks for beside them.
pub const ADDRESSES: [(&str, &str); 3] = [
    ("ERPMAX_IMAGE", "registry.example.com/erpmax:0.1.0"),
    ("PUBLIC_URL", "https://api.example.com"),
    ("ALLOWED_ORIGINS", "https://app.example.com"),
];

/// Our services; the others are data.
pub const OURS: [&str; 3] = ["migrate", "server", "worker"];

/// What Compose would run.
pub struct Stack {
    /// All of it.
    pub model: Value,
    /// The variables that it asks for.
    pub asked: BTreeSet<String>,
    /// Those that it cannot do without and has not got, with what it says then.
    pub missing: BTreeMap<String, String>,
}

impl Stack {
    /// The stack for development.
    pub fn development() -> Self {
        Self::of(&["compose.yaml"], &SECRETS)
    }

    /// The stack for production.
    pub fn production() -> Self {
        let variables = [&SECRETS[..], &ADDRESSES].concat();
        Self::of(&["compose.yaml", "compose.prod.yaml"], &variables)
    }

    /// Both, with their names.
    pub fn both() -> [(&'static str, Self); 2] {
        [
            ("development", Self::development()),
            ("production", Self::production()),
        ]
    }

    /// What these files make of these variables.
    pub fn of(files: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut whole = Yaml::Mapping(yaml_serde::Mapping::new());
        for file in files {
            let text = read(file);
            let mut part: Yaml =
                yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            part.apply_merge().expect("what is merged is there");
            put_on_top(&mut whole, part);
        }
        let mut stack = Self {
            model: Value::Null,
            asked: BTreeSet::new(),
            missing: BTreeMap::new(),
        };
        let mut model = serde_json::to_value(whole).expect("it is like JSON");
        let variables = variables.iter().copied().collect();
        stack.fill_all(&mut model, &variables);
        stack.model = model;
        stack
    }

    /// A part that must be there.
    pub fn at(&self, path: &str) -> &Value {
        let part = self.model.pointer(path);
        part.unwrap_or_else(|| panic!("there is no {path}"))
    }

    /// The services, by name.
    pub fn services(&self) -> &Map<String, Value> {
        self.at("/services").as_object().expect("services")
    }

    /// The variables of a service.
    pub fn environment(&self, service: &str) -> BTreeMap<String, String> {
        let part = self.at(&format!("/services/{service}/environment"));
        let part = part.as_object().expect("NAME: value").iter();
        part.map(|(name, value)| (name.clone(), word(value).to_owned()))
            .collect()
    }

    fn fill_all(&mut self, part: &mut Value, variables: &BTreeMap<&str, &str>) {
        match part {
            Value::String(text) => *text = self.fill(text, variables),
            Value::Array(parts) => {
                for part in parts {
                    self.fill_all(part, variables);
                }
            }
            Value::Object(parts) => {
                for part in parts.values_mut() {
                    self.fill_all(part, variables);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// `${NAME}`, `${NAME:-instead}`, `${NAME:?complaint}`; `$$` is a dollar.
    fn fill(&mut self, text: &str, variables: &BTreeMap<&str, &str>) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                filled.push('$');
                rest = after;
                continue;
            }
            let (inner, after) = braces(after);
            rest = after;
            let end = inner.find(':').unwrap_or(inner.len());
            let (name, otherwise) = inner.split_at(end);
            self.asked.insert(name.to_owned());
            if let Some(value) = variables.get(name) {
                filled.push_str(value);
            } else if let Some(instead) = otherwise.strip_prefix(":-") {
                filled.push_str(&self.fill(instead, variables));
            } else if let Some(complaint) = otherwise.strip_prefix(":?") {
                self.missing.insert(name.to_owned(), complaint.to_owned());
            } else {
                assert_eq!(otherwise, "", "{inner} is more than is understood here");
            }
        }
        filled + rest
    }
}

/// What stands in braces, which may hold braces, and what follows.
fn braces(text: &str) -> (&str, &str) {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            assert!(at > 0, "no variable: {text}");
            return (&text[1..at], &text[at + 1..]);
        }
    }
    panic!("braces stay open: {text}");
}

/// A later file on top of an earlier one: keys by key, lists one after the other, all else replaced.
fn put_on_top(below: &mut Yaml, above: Yaml) {
    match (below, above) {
        (Yaml::Mapping(below), Yaml::Mapping(above)) => {
            for (key, value) in above {
                let replaced = ["command", "entrypoint", "test"].map(Yaml::from);
                if let Yaml::Tagged(tagged) = value {
                    assert!(tagged.tag == "!reset", "{:?} is not understood", tagged.tag);
                    assert!(
                        below.remove(&key).is_some(),
                        "{key:?} is not there to be reset"
                    );
                } else if let Some(known) = below.get_mut(&key)
                    && !replaced.contains(&key)
                {
                    put_on_top(known, value);
                } else {
                    below.insert(key, value);
                }
            }
        }
        (Yaml::Sequence(below), Yaml::Sequence(above)) => below.extend(above),
        (below, above) => *below = above,
    }
}

/// A value that must be text.
pub fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A list of text.
pub fn words(value: &Value) -> Vec<&str> {
    let list = value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"));
    list.iter().map(word).collect()
}
