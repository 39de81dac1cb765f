//! Companies and their people, made the way users make them.

use serde_json::json;

use super::{Actor, PASSWORD, TestApp, client::text};

/// A tenant that signed up, and the person who did it.
#[derive(Clone)]
pub struct Company<'app> {
    app: &'app TestApp,
    /// The tenant's id.
    pub id: String,
    /// URL-friendly name.
    pub slug: String,
    /// The one who signed up.
    pub owner: Actor,
}

impl TestApp {
    /// Signs up a company; the owner is `owner@<first word>.example.com`.
    pub async fn company(&self, name: &str) -> Company<'_> {
        let word = name
            .split_whitespace()
            .next()
            .unwrap_or("company")
            .to_lowercase();
        let email = format!("owner@{word}.example.com");
        let body = json!({
            "email": email, "password": PASSWORD,
            "full_name": format!("Olga {name}"), "company_name": name,
        });
        let reply = self.visitor().post("/auth/register", body).await;
        let data = reply.expect(201);
        let id = text(data, "/user/id");
        Company {
            app: self,
            id: text(data, "/current_tenant/id"),
            slug: text(data, "/current_tenant/slug"),
            owner: Actor {
                email,
                id,
                ..self.visitor()
            }
            .with_tokens(data),
        }
    }
}

impl Company<'_> {
    /// A path below the tenant's own.
    pub fn path(&self, rest: &str) -> String {
        format!("/tenants/{}{rest}", self.id)
    }

    /// The path of somebody's place in the tenant.
    pub fn seat(&self, who: &Actor) -> String {
        self.path(&format!("/users/{}", who.id))
    }

    /// A newcomer joins by the link of a letter, and is signed in.
    pub async fn join(&self, role: &str) -> Actor {
        let email = format!("{role}{}@{}.example.com", self.app.next_number(), self.slug);
        let invite = json!({ "email": email, "role": role });
        self.owner
            .post(&self.path("/users/invite"), invite)
            .await
            .expect(201);
        self.app.settle().await;
        let body = json!({
            "token": self.app.token_for(&email).await, "password": PASSWORD,
            "full_name": format!("New {role}"),
        });
        let reply = self.app.visitor().post("/invitations/accept", body).await;
        let data = reply.expect(200);
        let id = text(data, "/user/id");
        Actor {
            email,
            id,
            ..self.app.visitor()
        }
        .with_tokens(data)
    }

    /// Somebody with an account is invited, and turns to this tenant.
    pub async fn admit(&self, who: &Actor, role: &str) -> Actor {
        let invite = json!({ "email": who.email, "role": role });
        self.owner
            .post(&self.path("/users/invite"), invite)
            .await
            .expect(201);
        let reply = who
            .post("/auth/switch-tenant", json!({ "tenant_id": self.id }))
            .await;
        who.with_tokens(reply.expect(200))
    }
}
