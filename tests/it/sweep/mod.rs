//! The sweep of bad input: every operation that the OpenAPI document and the schema know, with every
//! input replaced by everything it should not be. The answer is a documented refusal, never a fault of
//! ours, and a refusal changes nothing. Operations that come later are swept as they come.

mod graphql;
mod nasty;
mod rest;

use std::collections::BTreeSet;

use erpmax::{config::Scale, error::Code};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    bad_input::assert_tells_nothing,
    support::{Actor, PASSWORD, Reply, TestApp, client::text, db},
};

/// An id of nothing.
const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";
/// Codes that say that something is wrong on our side.
const OUR_FAULT: [Code; 3] = [Code::Internal, Code::Upstream, Code::Timeout];
/// Operations that may end the session that asks.
const SPENDING: &[&str] = &["logout", "logoutEverywhere", "leaveTenant", "revokeSession"];

/// One request to try.
#[derive(Clone, Debug)]
struct Probe {
    /// The operation, and what is wrong with the request.
    label: String,
    method: Method,
    /// From the root, with its query.
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Option<Vec<u8>>,
    /// Statuses that the documents promise.
    statuses: BTreeSet<u16>,
    /// Whether it could change something.
    writes: bool,
}

impl Probe {
    /// With a body of JSON.
    fn json(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.headers
            .push(("content-type", b"application/json".to_vec()));
        self
    }

    /// With another header instead of what it has of that name.
    fn header(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_vec()));
        self
    }

    fn about(mut self, what: &str) -> Self {
        let what: String = what.chars().take(60).collect();
        self.label = format!("{} with {what}", self.label);
        self
    }

    async fn send(&self, who: &Actor) -> Reply {
        let url = format!("{}{}", who.base, self.path);
        let mut request = who.http.request(self.method.clone(), url);
        if !self
            .headers
            .iter()
            .any(|(name, _)| *name == "authorization")
        {
            request = who.signed(request);
        }
        for (name, value) in &self.headers {
            let value = reqwest::header::HeaderValue::from_bytes(value).expect("a header");
            request = request.header(*name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let path = self.path.split('?').next().unwrap_or_default();
        Reply::of(format!("{} {path}", self.method), request).await
    }
}

/// A tenant with people, and who asks.
struct World {
    app: TestApp,
    owner: Actor,
    tenant: String,
    member: String,
    invitation: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::with(|config| {
            config.limits.scale = Scale::LARGEST;
            config.auth.max_sessions = 10_000;
        })
        .await;
        db::unlimited(&app, "trial").await;
        let acme = app.company("Acme").await;
        let member = acme.join("member").await.id;
        let invite = json!({ "email": "invited@example.com", "role": "member" });
        let reply = acme.owner.post(&acme.path("/users/invite"), invite).await;
        let invitation = text(reply.expect(201), "/invitation/id");
        let (owner, tenant) = (acme.owner.clone(), acme.id.clone());
        Self {
            app,
            owner,
            tenant,
            member,
            invitation,
        }
    }

    /// A value that is good for an input of this name, in `snake_case`; `None` if the name says
    /// nothing. Ids of what must survive the sweep are those of nothing.
    fn sample(&self, name: &str) -> Option<Value> {
        Some(match name {
            "email" => json!("sample@example.com"),
            "password" => json!(PASSWORD),
            "full_name" | "company_name" | "name" => json!("A Name"),
            "role" => json!("member"),
            "tenant_id" | "id" => json!(self.tenant),
            "user_id" | "session_id" | "invitation_id" | "job_id" | "backup_id"
            | "notification_id" => json!(NOBODY),
            "job_type" => json!("backup_site"),
            "site_name" => json!("acme"),
            "settings" => json!({ "a": 1 }),
            "token" | "refresh_token" => json!("no-token"),
            "search" => json!("a"),
            "page" | "size" | "first" | "last" => json!(1),
            "after" | "before" | "up_to" | "idempotency_key" => Value::Null,
            _ => return None,
        })
    }

    /// Tries everything: the owner all of it, a visitor every seventh.
    async fn sweep(&mut self, probes: Vec<Probe>) {
        assert!(!probes.is_empty());
        let visitor = self.app.visitor();
        let (mut refused, mut accepted) = (0, 0);
        let mut stored = db::contents(&self.app).await;
        for (n, probe) in probes.iter().enumerate() {
            let mut people = vec![self.owner.clone()];
            people.extend((n % 7 == 0).then(|| visitor.clone()));
            for who in people {
                let reply = probe.send(&who).await;
                judge(probe, &reply);
                *if reply.refused() {
                    &mut refused
                } else {
                    &mut accepted
                } += 1;
                if !probe.writes {
                    continue;
                }
                let now = db::contents(&self.app).await;
                if reply.refused() {
                    assert_eq!(
                        now, stored,
                        "{} was refused and changed something",
                        probe.label
                    );
                }
                stored = now;
                let spending = SPENDING.iter().any(|name| probe.label.contains(name));
                if !reply.refused() && spending && who.access.is_some() {
                    self.owner = self.owner.sign_in().await;
                    stored = db::contents(&self.app).await;
                }
            }
        }
        println!("{refused} refused, {accepted} accepted");
        assert!(refused > 0, "nothing was bad");
        let plain = self.owner.get("/auth/me").await;
        plain.expect(200);
        assert_eq!(
            db::contents(&self.app).await,
            stored,
            "reading changed something"
        );
    }

    async fn finish(self) {
        self.app.finish().await;
    }
}

/// Whether an answer is one that the documents promise.
fn judge(probe: &Probe, reply: &Reply) {
    let label = &probe.label;
    assert!(probe.statuses.contains(&reply.status), "{label}: {reply}");
    assert!(reply.status < 500, "{label}: {reply}");
    if !reply.refused() {
        return;
    }
    let code = reply.failure().code;
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    let known = known.unwrap_or_else(|| panic!("{label}: unknown code: {reply}"));
    assert!(!OUR_FAULT.contains(known), "{label}: {reply}");
    assert_tells_nothing(reply);
    assert!(
        reply.body.len() < 20_000,
        "{label}: a long answer of {} bytes",
        reply.body.len()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, code: &str, body: &str) {
        let probe = Probe {
            label: "a probe".to_owned(),
            method: Method::GET,
            path: "/".to_owned(),
            headers: Vec::new(),
            body: None,
            statuses: BTreeSet::from([200, 422, 500]),
            writes: false,
        };
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("x-request-id", "id".parse().expect("a header"));
        let json = json!({
            "status": "error", "data": null, "detail": "x", "message": "x", "request_id": "id",
            "error": { "code": code, "message": "x" },
        });
        let reply = Reply {
            what: "GET /".to_owned(),
            status,
            headers,
            json,
            body: body.to_owned(),
        };
        judge(&probe, &reply);
    }

    #[test]
    fn a_documented_refusal_is_fine() {
        judged(422, "INVALID_INPUT", "");
    }

    #[test]
    #[should_panic(expected = "a probe")]
    fn a_status_that_is_not_documented_is_not() {
        judged(404, "NOT_FOUND", "");
    }

    #[test]
    #[should_panic(expected = "a probe")]
    fn a_fault_of_ours_is_not_even_if_documented() {
        judged(500, "INTERNAL", "");
    }

    #[test]
    #[should_panic(expected = "unknown code")]
    fn a_code_that_nobody_knows_is_not() {
        judged(422, "OOPS", "");
    }

    #[test]
    #[should_panic(expected = "SQLSTATE")]
    fn a_word_of_the_database_is_not() {
        judged(422, "INVALID_INPUT", "SQLSTATE 42");
    }
}
