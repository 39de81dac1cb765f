//! Every operation that both doors have, in the words of each: one call, two ways to make it, and
//! answers in one shape (that of REST), so that tests can compare them.

use reqwest::Method;
use serde_json::{Map, Value, json};

mod accounts;
mod billing;
mod members;
mod notifications;
mod provisioning;
mod tenants;

pub use self::{
    accounts::*, billing::*, members::*, notifications::*, provisioning::*, tenants::*,
};
use super::{Actor, Door, Reply};

/// Operations that REST has no route for; the legacy system did not know them.
pub const GRAPHQL_ONLY: &[&str] = &[
    "leaveTenant",
    "logoutEverywhere",
    "markAllNotificationsRead",
    "markNotificationRead",
    "notificationPreferences",
    "permissions",
    "revokeSession",
    "transferOwnership",
    "updateNotificationPreferences",
];

/// An operation with its arguments, ready to be sent through either door.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    document: String,
    variables: Value,
    shape: fn(&Value) -> Value,
}

impl Actor {
    /// Sends a call through a door.
    pub async fn call(&self, door: Door, call: &Call) -> Reply {
        match door {
            Door::Rest => {
                self.rest(call.method.clone(), &call.path, call.body.clone())
                    .await
            }
            Door::Graphql => self.gql(&call.document, call.variables.clone()).await,
        }
    }

    /// The same under the name that the client gives the request (ruling 32).
    pub async fn call_keyed(&self, door: Door, call: &Call, key: &str) -> Reply {
        match door {
            Door::Rest => {
                let url = format!("{}/api/v1{}", self.base, call.path);
                let request = self.http.request(call.method.clone(), url);
                let request = request.header("Idempotency-Key", key);
                let request = match &call.body {
                    Some(body) => request.json(body),
                    None => request,
                };
                let what = format!("{} {} with a key", call.method, call.path);
                Reply::of(what, self.signed(request)).await
            }
            Door::Graphql => {
                let mut variables = call.variables.clone();
                variables["input"]["idempotencyKey"] = json!(key);
                self.gql(&call.document, variables).await
            }
        }
    }
}

impl Call {
    /// What an answer tells, in the shape of REST.
    pub fn facts(&self, door: Door, reply: &Reply) -> Value {
        match door {
            Door::Rest => reply.json["data"].clone(),
            Door::Graphql => (self.shape)(&reply.json["data"]["out"]),
        }
    }
}

const VIEWER: &str = "id email full_name: fullName is_superuser: isSuperuser \
    created_at: createdAt currentTenant { TENANT } membership { user { USER } } \
    memberships { nodes { role is_default: isDefault tenant { id name slug } } }";
const TENANT: &str = "id name slug status settings role: viewerRole \
    erpnext_site_url: erpnextSiteUrl created_at: createdAt updated_at: updatedAt";
const USER: &str = "id email full_name: fullName is_active: isActive \
    is_superuser: isSuperuser default_tenant_id: defaultTenantId \
    created_at: createdAt updated_at: updatedAt";
const TOKENS: &str = "tokens { access_token: accessToken refresh_token: refreshToken \
    token_type: tokenType expires_in: expiresIn }";
const PLACE: &str = "user { USER } role is_default: isDefault joined_at: joinedAt";
const INVITATION: &str = "id email role status tenant_id: tenantId expires_at: expiresAt \
    created_at: createdAt updated_at: updatedAt";
const PLAN: &str = "id name slug description features is_active: isActive \
    sort_order: sortOrder limits { max_users: maxUsers max_storage_gb: maxStorageGb } \
    priceMonthly { amount currency } priceYearly { amount }";

fn document(kind: &str, arguments: &str, field: &str, selection: &str) -> String {
    let selection = selection
        .replace("VIEWER", VIEWER)
        .replace("PLACE", PLACE)
        .replace("TENANT", TENANT)
        .replace("USER", USER)
        .replace("TOKENS", TOKENS)
        .replace("INVITATION", INVITATION)
        .replace("PLAN", PLAN);
    format!("{kind}{arguments} {{ out: {field} {selection} }}")
}

fn query(path: &str, field: &str, selection: &str) -> Call {
    Call {
        method: Method::GET,
        path: path.to_owned(),
        body: None,
        document: document("query", "", field, selection),
        variables: json!({}),
        shape: Value::clone,
    }
}

/// A mutation; REST's body goes into the input as it is, in camel case and with roles in capitals.
fn mutation(
    name: &'static str,
    (method, path): (Method, &str),
    body: Option<Value>,
    more: Value,
    selection: &str,
) -> Call {
    let upper = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let mut input = Map::new();
    for part in [body.clone().unwrap_or_default(), more] {
        let Value::Object(part) = part else { continue };
        for (key, value) in part {
            let value = match (key.as_str(), value) {
                ("role", Value::String(role)) => json!(role.to_uppercase()),
                (_, value) => value,
            };
            input.insert(camel(&key), value);
        }
    }
    Call {
        method,
        path: path.to_owned(),
        body,
        document: document(
            "mutation",
            &format!("($input: {upper}Input!)"),
            &format!("{name}(input: $input)"),
            selection,
        ),
        variables: json!({ "input": input }),
        shape: Value::clone,
    }
}

/// A mutation that only GraphQL has.
fn graphql_only(name: &'static str, input: Value, selection: &str) -> Call {
    mutation(name, (Method::POST, ""), None, input, selection)
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        camel.push_str(&word[..1].to_uppercase());
        camel.push_str(&word[1..]);
    }
    camel
}
