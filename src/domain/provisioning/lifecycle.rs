//! Where a tenant and its site stand after something happened to a job. Pure: the only place that says.

use entity::{provisioning_job::JobType, site::SiteStatus, tenant::TenantStatus};

/// Something that happened to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A worker has begun.
    Started,
    /// It is done, and was seen to be.
    Completed,
    /// It was given up.
    Failed,
    /// It was called off, and what had begun is undone.
    Undone,
}

impl Happening {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Started, Self::Completed, Self::Failed, Self::Undone];
}

/// How a tenant stands afterwards.
#[expect(clippy::match_same_arms, reason = "a table, read by its first column")]
pub fn tenant_after(now: TenantStatus, job: JobType, happening: Happening) -> TenantStatus {
    use Happening::{Completed, Failed, Started, Undone};
    use JobType::{Backup, Create, Delete, Restore, Resume, Suspend, Update};
    use TenantStatus::{Active, Cancelled, Pending, Provisioning, Suspended};
    match (job, happening, now) {
        // Making a site that is there already changes nothing, however it ends.
        (Create, Started, Pending | Provisioning | Cancelled) => Provisioning,
        (Create, Completed, Pending | Provisioning | Cancelled) => Active,
        (Create, Failed | Undone, Pending | Provisioning | Cancelled) => Pending,
        (Delete, Completed, _) => Cancelled,
        (Suspend, Completed, Active) => Suspended,
        (Resume, Completed, Suspended) => Active,
        (Create, _, Active | Suspended)
        | (Delete | Suspend | Resume, Started | Failed | Undone, _)
        | (Suspend, Completed, Pending | Provisioning | Suspended | Cancelled)
        | (Resume, Completed, Pending | Provisioning | Active | Cancelled)
        | (Update | Backup | Restore, _, _) => now,
    }
}

/// How a site stands afterwards.
#[expect(clippy::match_same_arms, reason = "a table, read by its first column")]
pub fn site_after(now: SiteStatus, job: JobType, happening: Happening) -> SiteStatus {
    use Happening::{Completed, Failed, Started, Undone};
    use JobType::{Backup, Create, Delete, Restore, Resume, Suspend, Update};
    use SiteStatus::{Active, Creating, Deleted, Reserved, Suspended};
    match (job, happening, now) {
        (Create, Started, Reserved | Creating) => Creating,
        (Create, Completed, Reserved | Creating) => Active,
        // What is half there is found again by the next attempt, which must know of it.
        (Create, Failed, Reserved | Creating) => Creating,
        (Create, Undone, Reserved | Creating) => Deleted,
        (Delete, Completed, _) => Deleted,
        (Suspend, Completed, Active) => Suspended,
        (Resume, Completed, Suspended) => Active,
        (Create, _, Active | Suspended | Deleted)
        | (Delete | Suspend | Resume, Started | Failed | Undone, _)
        | (Suspend, Completed, Reserved | Creating | Suspended | Deleted)
        | (Resume, Completed, Reserved | Creating | Active | Deleted)
        | (Update | Backup | Restore, _, _) => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUSES: [TenantStatus; 5] = [
        TenantStatus::Pending,
        TenantStatus::Provisioning,
        TenantStatus::Active,
        TenantStatus::Suspended,
        TenantStatus::Cancelled,
    ];
    const SITES: [SiteStatus; 5] = [
        SiteStatus::Reserved,
        SiteStatus::Creating,
        SiteStatus::Active,
        SiteStatus::Suspended,
        SiteStatus::Deleted,
    ];

    #[test]
    fn a_site_is_made_suspended_resumed_and_removed() {
        use Happening::{Completed, Started};
        let mut tenant = TenantStatus::Pending;
        let mut site = SiteStatus::Reserved;
        let story = [
            (
                JobType::Create,
                Started,
                TenantStatus::Provisioning,
                SiteStatus::Creating,
            ),
            (
                JobType::Create,
                Completed,
                TenantStatus::Active,
                SiteStatus::Active,
            ),
            (
                JobType::Suspend,
                Completed,
                TenantStatus::Suspended,
                SiteStatus::Suspended,
            ),
            (
                JobType::Resume,
                Completed,
                TenantStatus::Active,
                SiteStatus::Active,
            ),
            (
                JobType::Delete,
                Completed,
                TenantStatus::Cancelled,
                SiteStatus::Deleted,
            ),
        ];
        for (job, happening, then, site_then) in story {
            tenant = tenant_after(tenant, job, happening);
            site = site_after(site, job, happening);
            assert_eq!((tenant, site), (then, site_then), "{job:?} {happening:?}");
        }
    }

    #[test]
    fn only_a_completed_job_opens_or_closes_access() {
        for status in STATUSES {
            for job in JobType::ALL {
                for happening in [Happening::Started, Happening::Failed, Happening::Undone] {
                    let then = tenant_after(status, *job, happening);
                    let serving = |status| status == TenantStatus::Active;
                    assert_eq!(
                        serving(status),
                        serving(then),
                        "{status:?} {job:?} {happening:?}"
                    );
                    let withheld = |status| status == TenantStatus::Suspended;
                    assert_eq!(withheld(status), withheld(then), "{status:?} {job:?}");
                }
            }
        }
    }

    #[test]
    fn what_happens_twice_happens_once() {
        for job in JobType::ALL {
            for happening in Happening::ALL {
                for status in STATUSES {
                    let once = tenant_after(status, *job, *happening);
                    assert_eq!(tenant_after(once, *job, *happening), once);
                }
                for status in SITES {
                    let once = site_after(status, *job, *happening);
                    assert_eq!(site_after(once, *job, *happening), once);
                }
            }
        }
    }

    #[test]
    fn only_removing_and_calling_off_make_a_site_go() {
        for status in SITES.into_iter().filter(|it| *it != SiteStatus::Deleted) {
            for job in JobType::ALL {
                for happening in Happening::ALL {
                    let gone = site_after(status, *job, *happening) == SiteStatus::Deleted;
                    let removed = *job == JobType::Delete && *happening == Happening::Completed;
                    let undone = *job == JobType::Create
                        && *happening == Happening::Undone
                        && matches!(status, SiteStatus::Reserved | SiteStatus::Creating);
                    assert_eq!(gone, removed || undone, "{status:?} {job:?} {happening:?}");
                }
            }
        }
    }
}
