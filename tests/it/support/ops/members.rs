//! People of a tenant and offers to join it.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Call, accounts::session, graphql_only, mutation, query};

fn member(place: &Value) -> Value {
    json!({
        "user_id": place["user"]["id"], "email": place["user"]["email"],
        "full_name": place["user"]["full_name"], "role": place["role"],
        "is_default": place["is_default"], "joined_at": place["joined_at"],
    })
}

fn nodes(of: &Value, shape: fn(&Value) -> Value) -> Value {
    match of["nodes"].as_array() {
        Some(nodes) => nodes.iter().map(shape).collect(),
        None => Value::Null,
    }
}

/// Who is in a tenant.
pub fn members(tenant: &str) -> Call {
    let (path, field) = (
        format!("/tenants/{tenant}/users"),
        format!("tenant(id: {})", json!(tenant)),
    );
    let call = query(&path, &field, "{ members { nodes { PLACE } } }");
    Call {
        shape: |out| nodes(&out["members"], member),
        ..call
    }
}

/// Offers to join a tenant.
pub fn invitations(tenant: &str) -> Call {
    let path = format!("/tenants/{tenant}/invitations");
    let field = format!("tenant(id: {})", json!(tenant));
    let call = query(&path, &field, "{ invitations { nodes { INVITATION } } }");
    Call {
        shape: |out| nodes(&out["invitations"], Value::clone),
        ..call
    }
}

/// Invite somebody.
pub fn invite_member(tenant: &str, body: Value) -> Call {
    let path = format!("/tenants/{tenant}/users/invite");
    let (way, more) = (
        (Method::POST, path.as_str()),
        json!({ "tenant_id": tenant }),
    );
    let selection = "{ membership { PLACE } invitation { INVITATION } }";
    let call = mutation("inviteMember", way, Some(body), more, selection);
    let shape = |out: &Value| {
        let of = if out["membership"].is_null() {
            &out["invitation"]
        } else {
            &out["membership"]
        };
        let email = if of["email"].is_null() {
            &of["user"]["email"]
        } else {
            &of["email"]
        };
        json!({
            "user_id": of["user"]["id"], "email": email, "role": of["role"],
            "invitation": out["invitation"],
        })
    };
    Call { shape, ..call }
}

/// Change somebody's role.
pub fn change_member_role(tenant: &str, user: &str, role: &str) -> Call {
    let path = format!("/tenants/{tenant}/users/{user}");
    let more = json!({ "tenant_id": tenant, "user_id": user });
    let (way, body) = ((Method::PATCH, path.as_str()), json!({ "role": role }));
    let call = mutation(
        "changeMemberRole",
        way,
        Some(body),
        more,
        "{ membership { PLACE } }",
    );
    Call {
        shape: |out| member(&out["membership"]),
        ..call
    }
}

/// Remove somebody.
pub fn remove_member(tenant: &str, user: &str) -> Call {
    let path = format!("/tenants/{tenant}/users/{user}");
    let more = json!({ "tenant_id": tenant, "user_id": user });
    let way = (Method::DELETE, path.as_str());
    let call = mutation("removeMember", way, None, more, "{ removedUserId }");
    Call {
        shape: |_| Value::Null,
        ..call
    }
}

/// Leave a tenant.
pub fn leave_tenant(tenant: &str) -> Call {
    let selection = "{ leftTenantId viewer { currentTenant { id } membership { id } \
        memberships { nodes { is_default: isDefault tenant { id } } } } }";
    graphql_only("leaveTenant", json!({ "tenant_id": tenant }), selection)
}

/// Hand the ownership over.
pub fn transfer_ownership(tenant: &str, user: &str) -> Call {
    let input = json!({ "tenant_id": tenant, "user_id": user });
    let selection = "{ owner { id role user { id } } membership { id role user { id } } \
        tenant { id viewerRole viewerPermissions } }";
    graphql_only("transferOwnership", input, selection)
}

/// Send an invitation again.
pub fn resend_invitation(tenant: &str, invitation: &str) -> Call {
    let path = format!("/tenants/{tenant}/invitations/{invitation}/resend");
    let more = json!({ "tenant_id": tenant, "invitation_id": invitation });
    let way = (Method::POST, path.as_str());
    let call = mutation(
        "resendInvitation",
        way,
        None,
        more,
        "{ invitation { INVITATION } }",
    );
    Call {
        shape: |out| out["invitation"].clone(),
        ..call
    }
}

/// Take an invitation back.
pub fn revoke_invitation(tenant: &str, invitation: &str) -> Call {
    let path = format!("/tenants/{tenant}/invitations/{invitation}");
    let more = json!({ "tenant_id": tenant, "invitation_id": invitation });
    let way = (Method::DELETE, path.as_str());
    let call = mutation(
        "revokeInvitation",
        way,
        None,
        more,
        "{ invitation { INVITATION } }",
    );
    Call {
        shape: |out| out["invitation"].clone(),
        ..call
    }
}

/// Join by a letter's link.
pub fn accept_invitation(body: Value) -> Call {
    let way = (Method::POST, "/invitations/accept");
    // As much of the viewer as the limit on aliases leaves room for.
    let selection = "{ membership { role } tenant { TENANT } TOKENS viewer { id email \
        full_name: fullName memberships { nodes { role is_default: isDefault \
        tenant { id name slug } } } } }";
    let call = mutation("acceptInvitation", way, Some(body), json!({}), selection);
    let shape = |out: &Value| {
        let mut told = Map::new();
        if !out["tokens"].is_null() {
            told = session(out).as_object().cloned().unwrap_or_default();
        }
        told.insert("tenant".to_owned(), out["tenant"].clone());
        told.insert("role".to_owned(), out["membership"]["role"].clone());
        told.into()
    };
    Call { shape, ..call }
}
