//! The stack of compose.yaml, and compose.prod.yaml on top of it.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use erpmax::{
    cli::Cli,
    config::{Settings, catalogue},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    compose::{ADDRESSES, OURS, SECRETS, Stack, word, words},
    image, read,
};
use crate::support::process::Place;

fn settings() -> BTreeSet<String> {
    catalogue()
        .into_iter()
        .map(|setting| setting.name)
        .collect()
}

fn is_healthy_after(service: &Value) -> bool {
    let check = service.get("healthcheck");
    check.is_some_and(|check| check.get("test").is_some())
}

#[test]
fn what_is_missing_is_asked_for() {
    let names = |variables: &[(&str, &str)]| -> BTreeSet<String> {
        let names = variables.iter().map(|(name, _)| (*name).to_owned());
        names.collect()
    };
    let asks = |stack: &Stack| -> BTreeSet<String> {
        for (name, complaint) in &stack.missing {
            assert!(complaint.contains(".env"), "{name}: {complaint}");
        }
        stack.missing.keys().cloned().collect()
    };
    let development = Stack::of(&["compose.yaml"], &[]);
    assert_eq!(asks(&development), names(&SECRETS));
    let production = Stack::of(&["compose.yaml", "compose.prod.yaml"], &[]);
    let needed = names(&[&SECRETS[..], &ADDRESSES].concat());
    assert_eq!(asks(&production), needed);
    let example = read(".env.production.example");
    for name in &needed {
        let line = format!("{name}=");
        let mut lines = example.lines().map(|line| line.trim_start_matches("# "));
        assert!(
            lines.any(|known| known.starts_with(&line)),
            ".env.production.example lacks {name}"
        );
    }
    for (name, stack) in Stack::both() {
        assert!(stack.missing.is_empty(), "{name}: {:?}", stack.missing);
    }
}

#[test]
fn every_variable_is_a_setting_or_explained() {
    let settings = settings();
    let page = read("docs/DEPLOYMENT.md");
    for (_, stack) in Stack::both() {
        for name in &stack.asked {
            let explained = page.contains(&format!("| `{name}` |"));
            assert!(
                explained || settings.contains(name),
                "docs/DEPLOYMENT.md does not explain {name}"
            );
        }
        for service in OURS {
            for name in stack.environment(service).keys() {
                assert!(settings.contains(name), "{service}: {name} is no setting");
            }
        }
    }
}

#[test]
fn no_secret_stands_in_the_files() {
    let others = SECRETS.map(|(name, _)| (name, "another"));
    let others = Stack::of(&["compose.yaml"], &others);
    let stack = Stack::development();
    let mut secret: BTreeSet<_> = catalogue()
        .into_iter()
        .filter(|setting| setting.secret)
        .map(|setting| setting.name)
        .collect();
    secret.extend(
        [
            "POSTGRES_PASSWORD",
            "REDISCLI_AUTH",
            "RABBITMQ_DEFAULT_PASS",
        ]
        .map(str::to_owned),
    );
    let mut seen = 0;
    for (service, part) in stack.services() {
        if part.get("environment").is_none() {
            continue;
        }
        for (name, value) in stack.environment(service) {
            if secret.contains(&name) {
                seen += 1;
                assert_ne!(
                    value,
                    others.environment(service)[&name],
                    "{service}: {name} is the same for everybody"
                );
            }
        }
    }
    assert_eq!(seen, 3 * 4 + 3);
}

#[test]
fn our_services_find_the_others() {
    let passwords: BTreeMap<_, _> = SECRETS.into_iter().collect();
    for (_, stack) in Stack::both() {
        let postgres = stack.environment("postgres");
        let rabbitmq = stack.environment("rabbitmq");
        let redis = stack.environment("redis");
        assert_eq!(
            postgres["POSTGRES_PASSWORD"],
            passwords["POSTGRES_PASSWORD"]
        );
        for service in OURS {
            let environment = stack.environment(service);
            for (name, host, port, user, password, path) in [
                (
                    "DATABASE_URL",
                    "postgres",
                    5432,
                    postgres["POSTGRES_USER"].as_str(),
                    &postgres["POSTGRES_PASSWORD"],
                    postgres["POSTGRES_DB"].as_str(),
                ),
                ("REDIS_URL", "redis", 6379, "", &redis["REDISCLI_AUTH"], "0"),
                (
                    "RABBITMQ_URL",
                    "rabbitmq",
                    5672,
                    rabbitmq["RABBITMQ_DEFAULT_USER"].as_str(),
                    &rabbitmq["RABBITMQ_DEFAULT_PASS"],
                    "",
                ),
            ] {
                let url = Url::parse(&environment[name]).expect("an address");
                assert!(stack.services().contains_key(host));
                assert_eq!(url.host_str(), Some(host), "{name}");
                assert_eq!(url.port(), Some(port), "{name}");
                assert_eq!(url.username(), user, "{name}");
                assert_eq!(url.password(), Some(password.as_str()), "{name}");
                assert_eq!(url.path().trim_start_matches('/'), path, "{name}");
            }
            let networks = words(stack.at(&format!("/services/{service}/networks")));
            assert!(networks.contains(&"data"), "{service}");
        }
    }
}

#[test]
fn what_is_waited_for_says_when_it_is_there() {
    for (name, stack) in Stack::both() {
        let mut waits = 0;
        for (service, part) in stack.services() {
            let needed = part.get("depends_on").and_then(Value::as_object);
            for (other, how) in needed.into_iter().flatten() {
                waits += 1;
                let other_part = stack.services().get(other);
                let other_part = other_part.unwrap_or_else(|| panic!("{name}: no {other}"));
                match word(&how["condition"]) {
                    "service_healthy" => {
                        assert!(is_healthy_after(other_part), "{name}: {other}");
                    }
                    "service_completed_successfully" => {
                        assert_eq!(other_part["restart"], "no", "{name}: {other} never ends");
                    }
                    how => panic!("{name}: {service} waits for {other}: {how}"),
                }
            }
        }
        assert_eq!(waits, 1 + 4 + 4);
    }
}

#[test]
fn what_is_named_is_declared_and_what_is_declared_is_used() {
    let stack = Stack::development();
    for (kind, service_key) in [("networks", "networks"), ("volumes", "volumes")] {
        let declared = stack.at(&format!("/{kind}")).as_object().expect("names");
        let declared: BTreeSet<_> = declared.keys().map(String::as_str).collect();
        let used = stack
            .services()
            .values()
            .filter_map(|part| part.get(service_key));
        let used: BTreeSet<_> = used
            .flat_map(words)
            .map(|name| name.split(':').next().expect("a name"))
            .collect();
        assert_eq!(used, declared, "{kind}");
    }
}

#[test]
fn ports_are_open_on_this_machine_only_and_in_production_one_is() {
    for (name, stack) in Stack::both() {
        for (service, part) in stack.services() {
            let ports = part.get("ports").map(words).unwrap_or_default();
            for port in &ports {
                assert!(port.starts_with("127.0.0.1:"), "{name}: {service}: {port}");
            }
            let open = !ports.is_empty();
            let expected = if name == "production" {
                service == "server"
            } else {
                !["migrate", "worker"].contains(&service.as_str())
            };
            assert_eq!(open, expected, "{name}: {service}");
        }
        let inside = stack.environment("server")["PORT"].clone();
        let ports = words(stack.at("/services/server/ports"));
        assert!(ports[0].ends_with(&format!(":{inside}")), "{ports:?}");
    }
}

#[test]
fn the_program_understands_its_commands() {
    for (name, stack) in Stack::both() {
        for service in OURS {
            let command = words(stack.at(&format!("/services/{service}/command")));
            let line = ["erpmax"].iter().chain(&command);
            let read = Cli::try_parse_from(line);
            assert!(read.is_ok(), "{name}: {service}: {command:?}");
            let stop = word(stack.at(&format!("/services/{service}/stop_grace_period")));
            let stop: u64 = stop.trim_end_matches('s').parse().expect("seconds");
            let none: [&str; 0] = [];
            let grace = Settings::from_flags(none).expect("the defaults");
            assert!(stop >= grace.server.shutdown_grace_seconds + 2, "{service}");
        }
        let check = words(stack.at("/services/server/healthcheck/test"));
        let of_image = image::only("HEALTHCHECK");
        let of_image = of_image.split_once(" CMD ").expect("a command").1;
        assert_eq!(check[0], "CMD");
        assert_eq!(check[1..], image::list(of_image));
        for service in ["migrate", "worker"] {
            let disabled = stack.at(&format!("/services/{service}/healthcheck/disable"));
            assert_eq!(disabled, true, "{service} serves nothing to ask");
        }
    }
}

#[test]
fn nothing_takes_all_of_the_machine() {
    for (name, stack) in Stack::both() {
        for (service, part) in stack.services() {
            for path in [
                "/deploy/resources/limits/memory",
                "/logging/options/max-size",
                "/logging/options/max-file",
            ] {
                assert!(part.pointer(path).is_some(), "{name}: {service}: no {path}");
            }
            assert!(word(&part["image"]).contains(':'), "{name}: {service}");
            let options = words(&part["security_opt"]);
            assert!(options.contains(&"no-new-privileges:true"), "{service}");
        }
    }
}

#[test]
fn in_production_nothing_is_built_written_or_left_lying() {
    let stack = Stack::production();
    for (service, part) in stack.services() {
        if service != "migrate" {
            assert_eq!(part["restart"], "unless-stopped", "{service}");
        }
    }
    for service in OURS {
        let part = stack.at(&format!("/services/{service}"));
        assert_eq!(part["image"], ADDRESSES[0].1);
        assert_eq!(part["read_only"], true);
        assert_eq!(part["cap_drop"], json!(["ALL"]));
        for key in ["build", "volumes", "user", "privileged"] {
            assert!(part.get(key).is_none(), "{service} has {key}");
        }
        let directory = format!("{}:", image::only("VOLUME"));
        assert!(words(&part["tmpfs"])[0].starts_with(&directory));
    }
    assert_eq!(stack.at("/networks/data/internal"), true);
    let gateway = &stack.environment("server")["TRUSTED_PROXIES"];
    let subnet = word(stack.at("/networks/default/ipam/config/0/subnet"));
    let subnet: ipnet::IpNet = subnet.parse().expect("a network");
    assert_eq!(gateway.parse(), Ok(subnet.hosts().next().expect("one")));
}

/// What a service is given: the file that may hold any setting, and what the stack says, which wins.
fn given(stack: &Stack, service: &str, dotenv: &str) -> BTreeMap<String, String> {
    let path = format!("/services/{service}/env_file/0/path");
    assert_eq!(stack.at(&path), ".env");
    let lines = dotenv.lines().filter(|line| !line.starts_with('#'));
    let mut given: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    given.extend(stack.environment(service));
    given
}

#[tokio::test]
async fn the_program_starts_with_what_it_is_given() {
    for (name, stack) in Stack::both() {
        // The examples copied, which name other machines.
        let dotenv = match name {
            "production" => read(".env.production.example"),
            _ => read(".env.example"),
        };
        for service in OURS {
            let mut place = Place::new().await;
            for (name, value) in given(&stack, service, &dotenv) {
                place.set(&name, &value);
            }
            let shown = place.ok(&["config"]).await;
            for (setting, value) in [
                ("ENVIRONMENT", name),
                ("HOST", "0.0.0.0"),
                ("PORT", "8000"),
                ("DATA_DIR", "/data"),
                ("RUN_MIGRATIONS", "false"),
                ("WORKER_IN_PROCESS", "auto"),
            ] {
                let mut lines = shown.lines().map(|line| line.split_whitespace());
                let line = lines.find_map(|mut words| {
                    (words.next() == Some(setting)).then(|| words.last().unwrap_or_default())
                });
                assert_eq!(line, Some(value), "{name}: {service}: {setting}");
            }
            if name == "production" {
                place.set("SECRET_KEY", "");
                let ended = place.run(&["config"]).await;
                assert_eq!(ended.code, Some(1), "it is checked as production");
            }
            place.remove().await;
        }
    }
}
