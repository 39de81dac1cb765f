//! How a company comes to be: tenant, ownership, trial and perhaps a site that is asked for, in the
//! founder's transaction.

use entity::{
    ids::UserId,
    membership::{self, TenantRole},
    tenant::{self, TenantStatus},
};

use super::{TenantMembership, slug, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        billing,
        cx::Cx,
        db, provisioning,
        unit::UnitOfWork,
        values::CompanyName,
    },
    error::{Error, Result},
};

/// A company about to be founded, its slug already chosen among those that are free.
pub struct Founding {
    place: TenantMembership,
}

impl Founding {
    /// Prepares a company that belongs to its founder.
    pub async fn prepare(cx: &Cx, founder: UserId, name: &CompanyName) -> Result<Self> {
        let slug = Self::free_slug(cx, name).await?;
        let now = cx.now();
        let tenant = tenant::Model {
            id: cx.new_id(),
            name: name.as_str().to_owned(),
            search_text: db::search_text([name.as_str(), &slug]),
            slug,
            status: TenantStatus::Provisioning,
            erpnext_site_url: None,
            settings: serde_json::json!({}),
            created_at: now,
            updated_at: now,
        };
        let membership = membership::Model {
            id: cx.new_id(),
            user_id: founder,
            tenant_id: tenant.id,
            role: TenantRole::Owner,
            is_default: true,
            joined_at: now,
        };
        Ok(Self {
            place: TenantMembership { tenant, membership },
        })
    }

    async fn free_slug(cx: &Cx, name: &CompanyName) -> Result<String> {
        let candidates: Vec<_> = slug::candidates(name.as_str(), || cx.app().ids.next()).collect();
        let taken = store::taken_slugs(cx.db(), &candidates).await?;
        candidates
            .into_iter()
            .find(|slug| !taken.contains(slug))
            .ok_or_else(|| Error::internal("no slug is free"))
    }

    /// The founder's place in it.
    pub fn place(&self) -> &TenantMembership {
        &self.place
    }

    /// Stores it with its trial. `false` when somebody took the slug meanwhile: roll back, prepare
    /// again.
    pub async fn carry_out(&self, cx: &Cx, unit: &mut UnitOfWork) -> Result<bool> {
        let TenantMembership { tenant, membership } = self.place.clone();
        let tenant_id = tenant.id;
        if !store::insert(&**unit, tenant.clone(), membership).await? {
            return Ok(false);
        }
        billing::start_trial(cx, unit, tenant_id).await?;
        unit.audit(Deed::new(Action::TenantCreated, Target::Tenant(tenant_id)).within(tenant_id));
        provisioning::at_sign_up(cx, unit, &tenant).await?;
        Ok(true)
    }
}
