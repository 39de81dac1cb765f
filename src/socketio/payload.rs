//! What is told, as JSON: the keys of the clients in the field and those of the original together.

use entity::{
    Timestamp,
    notification::{NotificationKind, NotificationType},
    provisioning_job::JobStatus,
    provisioning_log_line::{self, LogLevel},
    subscription::{BillingPeriod, SubscriptionStatus},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::{
    billing::money,
    event::{JobFacts, PaymentFacts, SubscriptionFacts},
    moment,
    provisioning::spelling,
    realtime::{Heard, Told},
};

/// An event of the wire, without the cursor, which each socket has of its own.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(flatten)]
    body: Body<'a>,
    seq: i64,
    occurred_at: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Update {
        #[serde(flatten)]
        job: JobKeys,
        status: &'static str,
        progress: i32,
        message: &'a str,
    },
    Log {
        #[serde(flatten)]
        job: JobKeys,
        lines: Vec<Line<'a>>,
    },
    Completed {
        #[serde(flatten)]
        job: JobKeys,
        status: &'static str,
        progress: i32,
        message: &'a str,
        erpnext_url: Option<&'a str>,
        result: Option<&'a serde_json::Value>,
    },
    Failed {
        #[serde(flatten)]
        job: JobKeys,
        status: &'static str,
        progress: i32,
        message: &'a str,
        error: &'a str,
        cancelled: bool,
    },
    Notification {
        id: String,
        tenant_id: Option<String>,
        kind: NotificationKind,
        r#type: NotificationType,
        title: &'a str,
        message: &'a str,
        created_at: String,
    },
    Payment {
        tenant_id: String,
        payment_id: &'a str,
        amount: Box<RawValue>,
        currency: &'a str,
        status: &'static str,
        created_at: String,
    },
    Subscription {
        tenant_id: String,
        subscription_id: String,
        status: SubscriptionStatus,
        plan: &'a str,
        updated_at: String,
        subscription: Subscription<'a>,
    },
    Expiring {
        tenant_id: String,
        subscription_id: String,
        days_left: i64,
    },
}

#[derive(Serialize)]
struct JobKeys {
    tenant_id: String,
    job_id: String,
    job_type: String,
    attempt: i32,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    attempt: i32,
    step: Option<&'a str>,
    level: LogLevel,
    text: &'a str,
    at: String,
}

#[derive(Serialize)]
struct Subscription<'a> {
    id: String,
    tenant_id: String,
    plan_id: String,
    plan: &'a str,
    status: SubscriptionStatus,
    billing_period: BillingPeriod,
    current_period_end: String,
    cancel_at_period_end: bool,
}

/// Writes what is told, if anything is: a JSON object without its closing brace.
pub fn write(heard: &Heard) -> Result<Option<String>, serde_json::Error> {
    let Some(told) = &heard.told else {
        return Ok(None);
    };
    let event = Event {
        body: body(told, heard.occurred_at)?,
        seq: heard.seq,
        occurred_at: moment::write(heard.occurred_at),
    };
    let mut text = serde_json::to_string(&event)?;
    text.pop();
    Ok(Some(text))
}

fn body(told: &Told, at: Timestamp) -> Result<Body<'_>, serde_json::Error> {
    Ok(match told {
        Told::StatusUpdate { job, status } => Body::Update {
            status: word(*status),
            progress: job.progress,
            message: &job.message,
            job: job.into(),
        },
        Told::StatusLog { job, lines } => Body::Log {
            job: job.into(),
            lines: lines.iter().map(Line::from).collect(),
        },
        Told::StatusCompleted {
            job,
            site_url,
            result,
        } => Body::Completed {
            status: word(JobStatus::Completed),
            progress: 100,
            message: &job.message,
            erpnext_url: site_url.as_deref(),
            result: result.as_ref(),
            job: job.into(),
        },
        Told::StatusFailed {
            job,
            error,
            cancelled,
        } => Body::Failed {
            status: word(JobStatus::Failed),
            progress: job.progress,
            message: error,
            error,
            cancelled: *cancelled,
            job: job.into(),
        },
        Told::NotificationNew(notification) => Body::Notification {
            id: notification.id.to_string(),
            tenant_id: notification.tenant_id.map(|id| id.to_string()),
            kind: notification.kind,
            r#type: notification.notification_type,
            title: &notification.title,
            message: &notification.message,
            created_at: moment::write(notification.created_at),
        },
        Told::PaymentReceived(payment) => payment_body(payment, "succeeded", at)?,
        Told::PaymentFailed(payment) => payment_body(payment, "failed", at)?,
        Told::SubscriptionUpdated(facts) => Body::Subscription {
            tenant_id: facts.tenant_id.to_string(),
            subscription_id: facts.subscription_id.to_string(),
            status: facts.status,
            plan: &facts.plan,
            updated_at: moment::write(at),
            subscription: facts.into(),
        },
        Told::SubscriptionExpiring {
            subscription,
            days_left,
        } => Body::Expiring {
            tenant_id: subscription.tenant_id.to_string(),
            subscription_id: subscription.subscription_id.to_string(),
            days_left: *days_left,
        },
    })
}

fn payment_body<'a>(
    payment: &'a PaymentFacts,
    status: &'static str,
    at: Timestamp,
) -> Result<Body<'a>, serde_json::Error> {
    let amount = money::decimal(payment.amount_minor, &payment.currency);
    Ok(Body::Payment {
        tenant_id: payment.tenant_id.to_string(),
        payment_id: &payment.payment_id,
        // Never through binary floating point, which has no 0.10.
        amount: RawValue::from_string(amount)?,
        currency: &payment.currency,
        status,
        created_at: moment::write(at),
    })
}

/// Where a job stands, in the words of REST (ruling 3).
fn word(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Pending => "pending",
        JobStatus::InProgress => "running",
        JobStatus::Completed => "completed",
        JobStatus::Failed | JobStatus::Cancelled => "failed",
    }
}

impl From<&JobFacts> for JobKeys {
    fn from(job: &JobFacts) -> Self {
        Self {
            tenant_id: job.tenant_id.to_string(),
            job_id: job.job_id.to_string(),
            job_type: spelling::write(job.job_type, job.spelling),
            attempt: job.attempt,
        }
    }
}

impl<'a> From<&'a provisioning_log_line::Model> for Line<'a> {
    fn from(line: &'a provisioning_log_line::Model) -> Self {
        Self {
            seq: line.seq,
            attempt: line.attempt,
            step: line.step.as_deref(),
            level: line.level,
            text: &line.text,
            at: moment::write(line.at),
        }
    }
}

impl<'a> From<&'a SubscriptionFacts> for Subscription<'a> {
    fn from(facts: &'a SubscriptionFacts) -> Self {
        Self {
            id: facts.subscription_id.to_string(),
            tenant_id: facts.tenant_id.to_string(),
            plan_id: facts.plan_id.to_string(),
            plan: &facts.plan,
            status: facts.status,
            billing_period: facts.billing_period,
            current_period_end: moment::write(facts.current_period_end),
            cancel_at_period_end: facts.cancel_at_period_end,
        }
    }
}
