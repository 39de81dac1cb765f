//! Subscriptions over real sockets and streams: both protocols literally, what is told of jobs, replay,
//! refusals, limits, and the end of rights.

mod cursors;
mod events;
mod limits;
mod media_types;
mod protocols;
mod revoked;
mod selections;
mod shapes;
mod shared;
mod stalled;
mod words;

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{JobSpelling, JobType},
};
use erpmax::domain::event::{DomainEvent, JobFacts, PaymentFacts};
use serde_json::{Value, json};

use crate::support::{Company, TestApp, client::text};

/// What most tests listen to.
const JOBS: &str = "subscription($job: ID, $after: String) {
  provisioning(jobId: $job, after: $after) {
    __typename
    ... on ProvisioningStatusUpdate { cursor jobId status progress job { id status } }
    ... on ProvisioningLogLines { cursor jobId lines { seq text } }
    ... on ProvisioningCompleted { cursor jobId siteUrl result job { id status } }
    ... on ProvisioningFailed { cursor jobId error cancelled job { id status } }
  }
}";

/// The same without what is not in the log.
const PAID: &str = "subscription($after: String) {
  billing(after: $after) { __typename ... on PaymentReceived { cursor paymentId amount { amount currency } } }
}";

fn tenant(company: &Company<'_>) -> TenantId {
    company.id.parse().unwrap()
}

/// Makes something happen, without a job behind it.
async fn emit(app: &TestApp, event: DomainEvent) {
    let mut unit = app.system().begin().await.unwrap();
    unit.emit(event);
    unit.commit().await.unwrap();
}

/// Somebody pays.
async fn pay(app: &TestApp, company: &Company<'_>, payment: &str) {
    let event = DomainEvent::PaymentReceived(PaymentFacts {
        tenant_id: tenant(company),
        payment_id: payment.to_owned(),
        amount_minor: 9_900,
        currency: "USD".to_owned(),
    });
    emit(app, event).await;
}

/// The facts of a job that is nowhere.
fn facts(company: &Company<'_>, job: ProvisioningJobId) -> JobFacts {
    JobFacts {
        requested_by: None,
        tenant_id: tenant(company),
        job_id: job,
        job_type: JobType::Backup,
        spelling: JobSpelling::Instance,
        attempt: 1,
        progress: 0,
        message: "Queued".to_owned(),
    }
}

/// Asks for a backup.
async fn ask(company: &Company<'_>) -> String {
    let body = json!({ "job_type": "create_instance" });
    let reply = company.owner.post("/provisioning/jobs", body).await;
    text(reply.expect(201), "/id")
}

/// The payment that an event tells of.
fn paid(data: &Value) -> String {
    text(data, "/billing/paymentId")
}

fn cursor(data: &Value, feed: &str) -> String {
    text(data, &format!("/{feed}/cursor"))
}
