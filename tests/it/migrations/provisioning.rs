//! What the database refuses of jobs, their steps and lines, sites and backups.

use entity::{
    backup,
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{self, JobStatus},
    provisioning_step, site, tenant,
};
use uuid::Uuid;

use super::constraints::{orphan, taken, unfit, with_rows};

#[tokio::test]
async fn a_tenant_has_one_running_job() {
    with_rows(async |rows| {
        taken(rows.job(|_| {}).await);
        // Those that wait or have ended are no hindrance, in any number.
        for status in [
            JobStatus::Pending,
            JobStatus::Completed,
            JobStatus::Failed,
            JobStatus::Cancelled,
        ] {
            rows.job(|row| row.status = status).await.unwrap();
            rows.job(|row| row.status = status).await.unwrap();
        }
        let other = TenantId(Uuid::from_u128(7));
        let add = |row: &mut tenant::Model| (row.id, row.slug) = (other, "other".into());
        rows.tenant(add).await.unwrap();
        rows.job(|row| row.tenant_id = other).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_tenant_has_one_site_and_a_name_one_owner() {
    with_rows(async |rows| {
        let elsewhere = |row: &mut site::Model| row.host = "other.example.com".into();
        taken(rows.site(elsewhere).await);
        let other = TenantId(Uuid::from_u128(7));
        let add = |row: &mut tenant::Model| (row.id, row.slug) = (other, "other".into());
        rows.tenant(add).await.unwrap();
        taken(rows.site(|row| row.tenant_id = other).await);
        // One that is gone takes up neither.
        let gone = |row: &mut site::Model| row.deleted_at = Some(row.created_at);
        rows.site(gone).await.unwrap();
        rows.site(gone).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_recorded_twice_is_one() {
    with_rows(async |rows| {
        taken(rows.step(|_| {}).await);
        taken(rows.line(|_| {}).await);
        taken(rows.backup(|_| {}).await);
        let again = |row: &mut provisioning_step::Model| row.attempt = 2;
        rows.step(again).await.unwrap();
        rows.line(|row| row.seq = 2).await.unwrap();
        let again = |row: &mut backup::Model| row.attempt = 2;
        rows.backup(again).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rows_of_provisioning_refer_to_rows_that_exist() {
    with_rows(async |rows| {
        let (nothing, nowhere) = (
            ProvisioningJobId(Uuid::from_u128(1)),
            TenantId(Uuid::from_u128(2)),
        );
        orphan(rows.job(|row| row.tenant_id = nowhere).await);
        orphan(
            rows.site(|row| (row.tenant_id, row.host) = (nowhere, "x".into()))
                .await,
        );
        orphan(rows.step(|row| row.job_id = nothing).await);
        orphan(rows.line(|row| row.job_id = nothing).await);
        orphan(rows.backup(|row| row.job_id = Some(nothing)).await);
    })
    .await;
}

#[tokio::test]
async fn rows_of_provisioning_keep_to_their_bounds() {
    with_rows(async |rows| {
        let done = |row: &mut provisioning_job::Model| row.status = JobStatus::Completed;
        unfit(
            rows.job(|row| {
                done(row);
                row.progress = 101;
            })
            .await,
            "provisioning_jobs_progress_percent",
        );
        unfit(
            rows.job(|row| {
                done(row);
                row.message = "x".repeat(501);
            })
            .await,
            "provisioning_jobs_message_length",
        );
        unfit(
            rows.job(|row| {
                done(row);
                row.attempt = 0;
            })
            .await,
            "provisioning_jobs_attempt_positive",
        );
        unfit(
            rows.step(|row| (row.attempt, row.name) = (2, String::new()))
                .await,
            "provisioning_steps_name_length",
        );
        unfit(
            rows.line(|row| (row.seq, row.text) = (2, "x".repeat(4001)))
                .await,
            "provisioning_log_lines_text_length",
        );
        unfit(
            rows.backup(|row| (row.attempt, row.reference) = (2, String::new()))
                .await,
            "backups_reference_length",
        );
    })
    .await;
}
