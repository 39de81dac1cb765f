//! Reading and changing tenants.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Call, mutation, query};

/// My tenants.
pub fn tenants() -> Call {
    let call = query("/tenants", "tenants(first: 10)", "{ nodes { TENANT } }");
    Call {
        shape: |out| out["nodes"].clone(),
        ..call
    }
}

/// The token's tenant.
pub fn current_tenant() -> Call {
    query(
        "/tenants/current",
        "tenant",
        "{ TENANT limits { max_users: maxUsers } }",
    )
}

/// One tenant.
pub fn tenant(id: &str) -> Call {
    let path = format!("/tenants/{id}");
    query(&path, &format!("tenant(id: {})", json!(id)), "{ TENANT }")
}

/// Change name or settings.
pub fn update_tenant(id: &str, body: Value) -> Call {
    let path = format!("/tenants/{id}");
    let (way, more) = ((Method::PATCH, path.as_str()), json!({ "tenant_id": id }));
    let call = mutation(
        "updateTenant",
        way,
        Some(body),
        more,
        "{ tenant { TENANT } }",
    );
    Call {
        shape: |out| out["tenant"].clone(),
        ..call
    }
}
