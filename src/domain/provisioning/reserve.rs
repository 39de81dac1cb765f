//! Which name a site gets: taken in the transaction that accepts the job, so that two companies never
//! wait for one name.

use entity::{site, site::SiteStatus, tenant};
use uuid::Uuid;

use super::store::sites;
use crate::{
    domain::{
        cx::Cx,
        unit::UnitOfWork,
        values::{SITE_NAME_MAX, SiteName},
    },
    error::{Error, Reason, Result},
};

/// Numbered names that are tried before a random one.
const NUMBERED: u32 = 4;

/// Names that mean something else to people, browsers or mail servers; sorted.
const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "cdn",
    "dashboard",
    "docs",
    "ftp",
    "graphql",
    "help",
    "imap",
    "localhost",
    "login",
    "mail",
    "mx",
    "ns",
    "ns1",
    "ns2",
    "pop",
    "postmaster",
    "root",
    "smtp",
    "sso",
    "static",
    "status",
    "support",
    "webmail",
    "wpad",
    "ws",
    "www",
];

/// Sees that the tenant has a site, at least a name for one; the tenant's row is locked, or nobody
/// knows of it yet. A site that is there keeps its name, unless nothing but the name is there and
/// nothing is being done with it.
pub(in crate::domain) async fn hold(
    cx: &Cx,
    unit: &mut UnitOfWork,
    tenant: &tenant::Model,
    asked: Option<&SiteName>,
) -> Result<site::Model> {
    let live = sites::live(&**unit, tenant.id).await?;
    match (live, asked) {
        (Some(site), Some(asked)) if site.name != asked.as_str() => {
            rename(cx, unit, site, asked).await
        }
        (Some(site), _) => Ok(site),
        (None, Some(asked)) => {
            let site = new(cx, tenant, permitted(asked.as_str())?);
            sites::insert(&**unit, site.clone()).await?;
            Ok(site)
        }
        (None, None) => {
            for name in candidates(&tenant.slug, || cx.app().ids.next()) {
                let site = new(cx, tenant, &name);
                if sites::insert_unless_taken(&**unit, site.clone()).await? {
                    return Ok(site);
                }
            }
            Err(Error::internal("no site name is free"))
        }
    }
}

/// Sees that a job that makes a site has one when its turn comes: the one it was asked for may be gone,
/// removed by the job before it, or undone. None when the name that was asked for is not to be had.
pub(super) async fn again(
    cx: &Cx,
    unit: &mut UnitOfWork,
    tenant: &tenant::Model,
    asked: Option<&str>,
) -> Result<Option<site::Model>> {
    let Some(asked) = asked else {
        return hold(cx, unit, tenant, None).await.map(Some);
    };
    let Ok(asked) = permitted(asked) else {
        return Ok(None);
    };
    let site = new(cx, tenant, asked);
    let held = sites::insert_unless_taken(&**unit, site.clone()).await?;
    Ok(held.then_some(site))
}

async fn rename(
    cx: &Cx,
    unit: &mut UnitOfWork,
    mut site: site::Model,
    asked: &SiteName,
) -> Result<site::Model> {
    let idle = site.status == SiteStatus::Reserved
        && !sites::is_worked_on(&**unit, site.tenant_id).await?;
    if !idle {
        return Ok(site);
    }
    let asked = permitted(asked.as_str())?;
    asked.clone_into(&mut site.name);
    site.host = host(cx, asked);
    site.updated_at = cx.now();
    sites::rename(&**unit, &site).await?;
    Ok(site)
}

fn new(cx: &Cx, tenant: &tenant::Model, name: &str) -> site::Model {
    let now = cx.now();
    site::Model {
        id: cx.new_id(),
        tenant_id: tenant.id,
        name: name.to_owned(),
        host: host(cx, name),
        url: None,
        status: SiteStatus::Reserved,
        provisioner: None,
        simulated: false,
        apps: serde_json::json!([]),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

fn host(cx: &Cx, name: &str) -> String {
    format!("{name}.{}", cx.app().config.provisioning.site_domain)
}

/// The name that somebody asks for, if it may be asked for at all.
fn permitted(asked: &str) -> Result<&str> {
    if is_reserved(asked) {
        return Err(Error::Conflict(Reason::SiteNameTaken));
    }
    Ok(asked)
}

fn is_reserved(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok()
}

/// The names to try for a tenant's site, best first; the last are as good as unique.
fn candidates(slug: &str, random: impl Fn() -> Uuid) -> impl Iterator<Item = String> {
    let stem = cut(slug, SITE_NAME_MAX).to_owned();
    let numbered = {
        let stem = stem.clone();
        (1..=NUMBERED).map(move |n| with_suffix(&stem, &n.to_string()))
    };
    let random_ones = {
        let stem = stem.clone();
        (0..NUMBERED).map(move |_| with_suffix(&stem, &random().simple().to_string()[20..]))
    };
    std::iter::once(stem)
        .filter(|name| !is_reserved(name))
        .chain(numbered.filter(|name| !is_reserved(name)))
        .chain(random_ones)
}

fn with_suffix(stem: &str, suffix: &str) -> String {
    format!("{}-{suffix}", cut(stem, SITE_NAME_MAX - suffix.len() - 1))
}

fn cut(slug: &str, max: usize) -> &str {
    slug[..slug.len().min(max)].trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(slug: &str) -> Vec<String> {
        candidates(slug, || Uuid::from_u128(0xabc)).collect()
    }

    #[test]
    fn a_site_is_called_like_its_tenant_as_far_as_there_is_room() {
        let acme = names("acme");
        assert_eq!(acme[..2], ["acme", "acme-1"]);
        assert_eq!(acme[5], "acme-000000000abc");
        let long = format!("{}-b", "a".repeat(62));
        assert_eq!(names(&long)[0], "a".repeat(62));
    }

    #[test]
    fn words_that_mean_something_else_get_a_number() {
        assert!(RESERVED.is_sorted());
        assert_eq!(names("www")[0], "www-1");
        assert_eq!(names("ns")[..2], ["ns-1", "ns-2"]);
    }

    proptest! {
        #[test]
        fn every_candidate_is_a_name(slug in "[a-z0-9]{1,40}(-[a-z0-9]{1,40}){0,2}") {
            for name in names(&slug) {
                prop_assert!(SiteName::parse(&name).is_ok_and(|it| it.as_str() == name), "{name}");
            }
        }
    }
}
