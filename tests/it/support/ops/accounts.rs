//! Sign-up, sign-in and what follows.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Call, graphql_only, mutation, query};

/// The memberships of a viewer as REST lists them.
fn places(viewer: &Value) -> Value {
    let nodes = viewer["memberships"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let place = |node: &Value| {
        json!({
            "id": node["tenant"]["id"], "tenant_id": node["tenant"]["id"],
            "name": node["tenant"]["name"], "tenant_name": node["tenant"]["name"],
            "slug": node["tenant"]["slug"], "role": node["role"], "is_default": node["is_default"],
        })
    };
    nodes.iter().map(place).collect()
}

fn account(viewer: &Value) -> Value {
    let mut user = viewer["membership"]["user"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for key in ["id", "email", "full_name", "is_superuser", "created_at"] {
        user.insert(key.to_owned(), viewer[key].clone());
    }
    user.into()
}

pub(super) fn session(out: &Value) -> Value {
    let mut told = out["tokens"].as_object().cloned().unwrap_or_default();
    told.insert("user".to_owned(), account(&out["viewer"]));
    told.insert("tenants".to_owned(), places(&out["viewer"]));
    told.insert(
        "current_tenant".to_owned(),
        out["viewer"]["currentTenant"].clone(),
    );
    told.into()
}

/// Sign up.
pub fn register(body: Value) -> Call {
    let way = (Method::POST, "/auth/register");
    let call = mutation(
        "register",
        way,
        Some(body),
        json!({}),
        "{ TOKENS viewer { VIEWER } }",
    );
    Call {
        shape: session,
        ..call
    }
}

/// Sign in.
pub fn login(email: &str, password: &str) -> Call {
    let body = json!({ "email": email, "password": password });
    let way = (Method::POST, "/auth/login");
    let call = mutation(
        "login",
        way,
        Some(body),
        json!({}),
        "{ TOKENS viewer { VIEWER } }",
    );
    Call {
        shape: session,
        ..call
    }
}

/// Exchange a refresh token.
pub fn refresh_token(token: &str) -> Call {
    let body = json!({ "refresh_token": token });
    let way = (Method::POST, "/auth/refresh");
    let call = mutation("refreshToken", way, Some(body), json!({}), "{ TOKENS }");
    Call {
        shape: |out| out["tokens"].clone(),
        ..call
    }
}

/// Sign out.
pub fn logout() -> Call {
    Call {
        method: Method::POST,
        path: "/auth/logout".to_owned(),
        body: None,
        document: "mutation { out: logout { signedOut } }".to_owned(),
        variables: json!({}),
        shape: |_| Value::Null,
    }
}

/// Who am I.
pub fn viewer() -> Call {
    let shape = |viewer: &Value| {
        let mut me = account(viewer).as_object().cloned().unwrap_or_default();
        me.insert("user".to_owned(), account(viewer));
        me.insert("tenants".to_owned(), places(viewer));
        me.insert("current_tenant".to_owned(), viewer["currentTenant"].clone());
        me.into()
    };
    Call {
        shape,
        ..query("/auth/me", "viewer", "{ VIEWER }")
    }
}

/// What may I do.
pub fn permissions() -> Call {
    query("", "permissions", "")
}

/// End one of one's sessions.
pub fn revoke_session(session: &str) -> Call {
    let input = json!({ "session_id": session });
    let selection = "{ revokedSessionId viewer { sessions { id current } } }";
    graphql_only("revokeSession", input, selection)
}

/// End all of one's sessions, perhaps but the current one.
pub fn logout_everywhere(except_current: bool) -> Call {
    let input = json!({ "except_current": except_current });
    let selection = "{ endedSessions viewer { sessions { id current } } }";
    graphql_only("logoutEverywhere", input, selection)
}

/// Turn to another tenant.
pub fn switch_tenant(tenant: &str) -> Call {
    let body = json!({ "tenant_id": tenant });
    let way = (Method::POST, "/auth/switch-tenant");
    let selection = "{ TOKENS tenant { TENANT } }";
    let call = mutation("switchTenant", way, Some(body), json!({}), selection);
    let shape = |out: &Value| {
        let mut told = out["tokens"].as_object().cloned().unwrap_or_default();
        told.insert("tenant".to_owned(), out["tenant"].clone());
        told.into()
    };
    Call { shape, ..call }
}
