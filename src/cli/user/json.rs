//! What came of it, for a program: the words of the API.

use chrono::SecondsFormat;
use entity::{Timestamp, tenant, user};
use serde_json::{Value, json};

use super::report::Report;
use crate::{
    domain::{
        auth::manage::{Accounts, Outcome},
        tenants::TenantMembership,
        values::Password,
    },
    error::{BoxError, Error, Reason},
};

/// What came of it.
pub(super) fn report(report: &Report) -> Value {
    match report {
        Report::Created(created, password) => json!({
            "changed": true,
            "account": account_json(&created.user),
            "company": created.company.as_ref().map(company_json),
            "password": password.as_ref().map(Password::expose),
        }),
        Report::Changed(_, changed) => changed_json(changed),
        Report::PasswordSet(changed, password) => {
            let mut told = changed_json(changed);
            told["password"] = json!(password.as_ref().map(Password::expose));
            told
        }
        Report::Shown(shown) => json!({
            "account": account_json(&shown.user),
            "sessions": shown.sessions,
            "companies": shown.memberships.iter().map(company_json).collect::<Vec<_>>(),
        }),
        Report::Listed(Accounts { users, more }) => json!({
            "accounts": users.iter().map(account_json).collect::<Vec<_>>(),
            "more": more,
        }),
    }
}

fn account_json(user: &user::Model) -> Value {
    let time = |at: Timestamp| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "id": user.id,
        "email": user.email,
        "full_name": user.full_name,
        "is_active": user.is_active,
        "is_superuser": user.is_superuser,
        "email_verified": user.email_verified_at.is_some(),
        "created_at": time(user.created_at),
        "updated_at": time(user.updated_at),
    })
}

fn tenant_json(tenant: &tenant::Model) -> Value {
    json!({ "id": tenant.id, "name": tenant.name, "slug": tenant.slug })
}

fn company_json(place: &TenantMembership) -> Value {
    let TenantMembership { tenant, membership } = place;
    let mut told = tenant_json(tenant);
    told["role"] = json!(membership.role);
    told["is_default"] = json!(membership.is_default);
    told
}

fn changed_json(outcome: &Outcome) -> Value {
    let left_alone = outcome.left_alone.iter().map(tenant_json);
    json!({
        "changed": outcome.changed,
        "account": account_json(&outcome.user),
        "sessions_ended": outcome.sessions_ended,
        "companies_without_owner": left_alone.collect::<Vec<_>>(),
    })
}

/// The same words as in the answers of the API; of our own failures a person here may know the cause.
pub(in crate::cli) fn refusal(error: &BoxError) -> Value {
    let told = match error.downcast_ref::<Error>() {
        Some(error @ (Error::Internal(_) | Error::Upstream { .. })) => json!({
            "code": error.code().as_str(), "reason": null, "message": error.to_string(), "fields": [],
        }),
        Some(refusal) => {
            let fields = refusal.fields().iter().map(|field| {
                let (name, reason) = (&field.field, field.reason.as_str());
                json!({ "field": name, "reason": reason, "message": field.message })
            });
            json!({
                "code": refusal.code().as_str(),
                "reason": refusal.reason().map(Reason::as_str),
                "message": refusal.message(),
                "fields": fields.collect::<Vec<_>>(),
            })
        }
        None => json!({
            "code": "INTERNAL", "reason": null, "message": error.to_string(), "fields": [],
        }),
    };
    json!({ "error": told })
}
