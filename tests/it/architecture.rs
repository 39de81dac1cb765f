//! The import rules of the house (docs/ARCHITECTURE.md, "Who may import whom"), by a plain text
//! scan of the sources. A failure names the room, the file and the rule. No rule is only in a
//! comment: what is not here is not enforced.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file, without its comments and its unit tests.
struct Source {
    /// Relative to the root of the repository.
    path: String,
    text: String,
    code: String,
}

/// Words that no file of a room may contain.
struct Rule {
    /// What the failure calls the room.
    room: &'static str,
    /// The room is every file whose path starts with one of these …
    within: &'static [&'static str],
    /// … but not with one of these.
    except: &'static [&'static str],
    forbidden: &'static [&'static str],
    why: &'static str,
}

const DRIVERS: &[&str] = &[
    "sqlx::",
    "redis::",
    "lapin::",
    "lettre::",
    "reqwest::",
    "hyper::",
    "async_stripe",
];
const DOORS: &[&str] = &[
    "crate::graphql",
    "crate::pages",
    "crate::rest",
    "crate::socketio",
    "crate::worker",
    "crate::server",
];
const STORES: &[&str] = &[
    "src/domain/db.rs",
    "src/domain/rows.rs",
    "src/domain/unit.rs",
];

const RULES: &[Rule] = &[
    Rule {
        room: "entity",
        within: &["entity/src/"],
        except: &[],
        forbidden: &["axum", "async_graphql", "utoipa", "erpmax::", "migration::"],
        why: "tables as data: only sea-orm, uuid, chrono, serde",
    },
    Rule {
        room: "migration",
        within: &["migration/src/"],
        except: &[],
        forbidden: &["entity::", "erpmax::", "axum", "async_graphql"],
        why: "frozen history knows neither today's entities nor the application",
    },
    Rule {
        room: "domain",
        within: &["src/domain/"],
        except: &[],
        forbidden: &["axum::", "async_graphql::", "utoipa::", "clap::", "tower"],
        why: "the core knows no door",
    },
    Rule {
        room: "domain",
        within: &["src/domain/"],
        except: &[],
        forbidden: DRIVERS,
        why: "the core talks to ports, not to drivers",
    },
    Rule {
        room: "domain",
        within: &[
            "src/domain/",
            "src/ports/",
            "src/config/",
            "src/error.rs",
            "src/app.rs",
            "src/metrics/",
            "src/storage/",
        ],
        except: &[],
        forbidden: DOORS,
        why: "doors depend on the core, never the other way round",
    },
    Rule {
        room: "boot",
        within: &["src/"],
        except: &["src/boot/", "src/cli/", "src/lib.rs", "src/main.rs"],
        forbidden: &["crate::boot"],
        why: "only the command line and tests start the application",
    },
    Rule {
        room: "metrics",
        within: &["src/metrics/"],
        except: &[],
        forbidden: &[
            "crate::app",
            "crate::config",
            "crate::domain",
            "crate::ports",
            "axum::",
            "sea_orm::",
        ],
        why: "counters know only what they are told; what is looked up is in server/metrics.rs",
    },
    Rule {
        room: "metrics",
        within: &["src/"],
        except: &["src/metrics/"],
        forbidden: &["prometheus_client"],
        why: "names and labels are made in one place, where their number is bounded",
    },
    Rule {
        room: "storage",
        within: &["src/storage/"],
        except: &[],
        forbidden: &["crate::app", "crate::domain", "crate::ports", "axum::"],
        why: "it sends statements and knows nothing of what they are for",
    },
    Rule {
        room: "vocabulary",
        within: &[
            "src/domain/event.rs",
            "src/domain/job.rs",
            "src/domain/signal.rs",
            "src/domain/page.rs",
            "src/error.rs",
        ],
        except: &[],
        forbidden: &[
            "sea_orm",
            "crate::ports",
            "crate::app",
            "crate::config",
            "super::cx",
        ],
        why: "pure data, usable from every floor",
    },
    Rule {
        room: "ports",
        within: &["src/ports/"],
        except: &[],
        forbidden: &["crate::app", "sea_orm::", "axum::", "async_graphql::"],
        why: "a port knows vocabulary, configuration and clock, no use case and no door",
    },
    Rule {
        room: "doors",
        within: &[
            "src/graphql/",
            "src/rest/",
            "src/socketio/",
            "src/worker/",
            "src/server/",
            "src/pages/",
        ],
        except: &[],
        forbidden: &["sea_orm::", "sqlx::", "redis::", "migration::"],
        why: "a door calls use cases; it has no storage and no driver",
    },
    Rule {
        room: "graphql",
        within: &["src/graphql/"],
        except: &[],
        forbidden: &[
            "crate::rest",
            "crate::socketio",
            "crate::worker",
            "crate::pages",
        ],
        why: "doors do not know each other",
    },
    Rule {
        room: "rest",
        within: &["src/rest/"],
        except: &[],
        forbidden: &[
            "crate::graphql",
            "crate::socketio",
            "crate::worker",
            "crate::pages",
            "async_graphql::",
        ],
        why: "doors do not know each other",
    },
    Rule {
        room: "socketio",
        within: &["src/socketio/"],
        except: &[],
        forbidden: &[
            "crate::graphql",
            "crate::rest",
            "crate::worker",
            "crate::pages",
            "crate::ports",
            "async_graphql::",
        ],
        why: "doors do not know each other; the log and the bus are the core's",
    },
    Rule {
        room: "worker",
        within: &["src/worker/"],
        except: &[],
        forbidden: &["crate::rest", "crate::socketio", "crate::graphql", "axum::"],
        why: "doors do not know each other",
    },
    Rule {
        room: "pages",
        within: &["src/pages/"],
        except: &[],
        forbidden: &[
            "crate::graphql",
            "crate::worker",
            "crate::ports",
            "crate::server",
            "crate::boot",
        ],
        why: "a page asks the API from the browser, like any client",
    },
    Rule {
        room: "pages",
        within: &["src/"],
        except: &["src/pages/"],
        forbidden: &["rust_embed", "utoipa_swagger_ui", "GraphiQLSource"],
        why: "what a browser shows is served from one place",
    },
    Rule {
        room: "graphql",
        within: &["src/graphql/"],
        except: &["src/graphql/error.rs"],
        forbidden: &["async_graphql::Error", "async_graphql::Result"],
        why: "resolvers return Result<_, Failure>; the library's error carries no code",
    },
    Rule {
        room: "clock",
        within: &["src/", "entity/src/"],
        except: &["src/ports/clock.rs"],
        forbidden: &[
            "Utc::now",
            "SystemTime::now",
            "Uuid::new_v4",
            "Uuid::now_v7",
        ],
        why: "time and ids come from Clock and Ids, so that tests hold literal values",
    },
    Rule {
        room: "config",
        within: &["src/"],
        except: &["src/config/"],
        forbidden: &["std::env::var", "env::var(", "env::var_os("],
        why: "settings are the only reader of the environment",
    },
    Rule {
        room: "transactions",
        within: &["src/"],
        except: &["src/domain/unit.rs"],
        forbidden: &["TransactionTrait", "begin_with_"],
        why: "a transaction is a UnitOfWork; `cx.begin()` is how one starts",
    },
    Rule {
        room: "everywhere",
        within: &["src/", "entity/src/", "migration/src/"],
        except: &[],
        forbidden: &[
            "#[allow(",
            "#![allow(",
            "dbg!(",
            "todo!(",
            "unimplemented!(",
        ],
        why: "#[expect(.., reason)] instead of #[allow]; nothing unfinished",
    },
];

#[test]
fn every_room_keeps_to_its_imports() {
    let sources = sources();
    let mut broken = Vec::new();
    for rule in RULES {
        for source in sources.iter().filter(|source| within(source, rule)) {
            for word in rule.forbidden {
                if names(&source.code, word) {
                    let Rule { room, why, .. } = rule;
                    broken.push(format!("{room}: {} uses `{word}`: {why}", source.path));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn queries_live_in_stores_only() {
    let mut broken = Vec::new();
    for source in sources() {
        let store = source.path.ends_with("store.rs")
            || source.path.contains("/store/")
            || STORES.contains(&source.path.as_str());
        // A rule that takes "pool or transaction" names the trait; that is no query.
        let code = source.code.replace("sea_orm::ConnectionTrait", "");
        if source.path.starts_with("src/domain/") && !store && names(&code, "sea_orm::") {
            broken.push(format!(
                "domain: {} queries; a store does that",
                source.path
            ));
        }
        if store && source.path.ends_with("store.rs") && names(&source.code, "crate::ports") {
            broken.push(format!(
                "store: {} uses a port; a use case does that",
                source.path
            ));
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn one_driver_per_adapter_and_none_elsewhere() {
    for source in sources()
        .iter()
        .filter(|source| source.path.starts_with("src/ports/"))
    {
        // An adapter may be called like the driver it uses.
        let drivers: Vec<_> = DRIVERS
            .iter()
            .filter(|word| names(&source.code, word))
            .filter(|word| {
                !source
                    .code
                    .contains(&format!("mod {};", word.trim_end_matches("::")))
            })
            .collect();
        let contract = source.path.ends_with("mod.rs") || source.path.ends_with("clock.rs");
        assert!(
            drivers.len() <= usize::from(!contract),
            "ports: {} uses {drivers:?}",
            source.path
        );
    }
}

#[test]
fn every_file_says_what_lives_in_it_and_stays_small() {
    let mut broken = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            broken.push(format!("{}: does not open with `//!`", source.path));
        }
        let lines = source.text.lines().count();
        if lines > 500 {
            broken.push(format!(
                "{}: {lines} lines; split it by idea (cap 500)",
                source.path
            ));
        }
        for word in ["TODO", "FIXME", "XXX"] {
            if source.text.contains(word) && !source.path.ends_with("architecture.rs") {
                broken.push(format!("{}: says {word}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The pages and the tests of clients are held to the same taste.
#[test]
fn every_script_says_what_it_is_for_and_stays_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for dir in ["web/src", "web/build", "tests/clients"] {
        find(&root.join(dir), &["ts", "tsx", "js", "css"], &mut found);
    }
    assert!(found.len() > 25, "{found:?}");
    let mut broken = Vec::new();
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let declares = path.to_string_lossy().ends_with(".d.ts");
        if !declares && !text.starts_with("// ") && !text.starts_with("/* ") {
            broken.push(format!("{}: does not open with a comment", path.display()));
        }
        if text.lines().count() > 250 {
            broken.push(format!("{}: above 250 lines", path.display()));
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_scan_sees_the_sources_and_only_code() {
    let sources = sources();
    for file in [
        "src/error.rs",
        "src/domain/unit.rs",
        "entity/src/user.rs",
        "tests/it/main.rs",
    ] {
        assert!(
            sources.iter().any(|source| source.path == file),
            "{file} was not scanned"
        );
    }
    assert_eq!(
        code_of("a // sea_orm::\n/// axum::\nb\n#[cfg(test)]\nmod tests { c }"),
        "a \n\nb\n"
    );
    assert!(names("use sea_orm::Db;", "sea_orm::") && !names("my_sea_orm::x", "sea_orm::"));
}

fn within(source: &Source, rule: &Rule) -> bool {
    let starts = |prefixes: &[&str]| {
        prefixes
            .iter()
            .any(|prefix| source.path.starts_with(prefix))
    };
    starts(rule.within) && !starts(rule.except)
}

/// Whether the word stands in the code as a path of its own, not as the tail of another.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        word.starts_with(['.', '#']) || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Without line comments, and up to the unit tests at the end of the file.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut kept = String::new();
    for line in code.lines() {
        kept.push_str(line.split("//").next().unwrap_or_default());
        kept.push('\n');
    }
    kept
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for dir in ["src", "entity/src", "migration/src", "tests/it"] {
        walk(root, &root.join(dir), &mut sources);
    }
    sources
}

fn walk(root: &Path, dir: &Path, sources: &mut Vec<Source>) {
    let mut found = Vec::new();
    find(dir, &["rs"], &mut found);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let path = path
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        sources.push(Source {
            code: code_of(&text),
            path,
            text,
        });
    }
}

/// All files below a folder that end so, but for what npm has installed.
fn find(dir: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("node_modules") {
            continue;
        }
        if path.is_dir() {
            find(&path, endings, found);
        } else if path
            .extension()
            .is_some_and(|extension| endings.iter().any(|ending| extension == *ending))
        {
            found.push(path);
        }
    }
}
