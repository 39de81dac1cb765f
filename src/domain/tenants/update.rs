//! Change a tenant's name and settings.

use entity::ids::TenantId;
use serde_json::{Value, json};

use super::{TenantMembership, store};
use crate::{
    domain::{
        access::Permission,
        audit::{Action, Deed, Target},
        cx::Cx,
        db,
        event::DomainEvent,
        idempotency::once,
        patch::Patch,
        throttle::Attempt,
        values::{CompanyName, Settings},
    },
    error::Result,
};

/// What should change.
#[derive(Clone, Debug, Default)]
pub struct UpdateTenant {
    /// The new name; a tenant cannot be without one.
    pub name: Option<CompanyName>,
    /// The new settings, in place of all old ones; null means none.
    pub settings: Patch<Settings>,
}

/// Changes what is mentioned and leaves the rest.
pub async fn update(cx: &Cx, id: TenantId, update: UpdateTenant) -> Result<TenantMembership> {
    let UpdateTenant { name, settings } = update;
    let settings = match settings {
        Patch::Absent => None,
        Patch::Null => Some(Settings::empty().into_json()),
        Patch::Value(settings) => Some(settings.into_json()),
    };
    cx.throttle(Attempt::TenantChange).await?;
    let asked = json!([id, name.as_ref().map(CompanyName::as_str), settings]);
    once(cx, "tenants.update", asked, |cx| {
        change(cx, id, name.clone(), settings.clone())
    })
    .await
}

async fn change(
    cx: Cx,
    id: TenantId,
    name: Option<CompanyName>,
    settings: Option<Value>,
) -> Result<TenantMembership> {
    let cx = &cx;
    let access = cx.tenant(id).await?.require(Permission::UpdateTenant)?;
    let mut unit = cx.begin().await?;
    let (mut tenant, access) = unit.lock(&access).await?;
    let before = (tenant.name.clone(), tenant.settings.clone());
    if let Some(name) = name {
        name.as_str().clone_into(&mut tenant.name);
    }
    tenant.settings = settings.unwrap_or(tenant.settings);
    tenant.search_text = db::search_text([&tenant.name, &tenant.slug]);
    let renamed = tenant.name != before.0;
    let resettled = tenant.settings != before.1;
    if renamed || resettled {
        tenant.updated_at = cx.now();
        store::update(&*unit, &access, &tenant).await?;
        unit.emit(DomainEvent::TenantUpdated { tenant_id: id });
        unit.audit(
            Deed::new(Action::TenantUpdated, Target::Tenant(id))
                .within(id)
                .details(json!({"name": renamed, "settings": resettled})),
        );
    }
    let membership = access.membership().clone();
    unit.commit_with(TenantMembership { tenant, membership })
        .await
}
