//! What is done to sites.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Call, mutation, query};

const JOB: &str = "id job_type: type status progress message error error_class: errorClass \
    error_advice: errorAdvice result attempt requested_by: requestedById queued_at: queuedAt \
    started_at: startedAt completed_at: completedAt created_at: createdAt updated_at: updatedAt \
    tenant { id }";

/// A job in the words of REST (ruling 3).
fn job(job: &Value) -> Value {
    let Value::Object(mut told) = job.clone() else {
        return Value::Null;
    };
    let tenant = told.remove("tenant").unwrap_or_default();
    told.insert("tenant_id".to_owned(), tenant["id"].clone());
    let status = match told["status"].as_str() {
        Some("IN_PROGRESS") => "running".to_owned(),
        Some("CANCELLED") => "failed".to_owned(),
        Some(other) => other.to_lowercase(),
        None => String::new(),
    };
    told.insert("status".to_owned(), status.into());
    if let Some(logs) = told.get("logs").map(|logs| logs["nodes"].clone()) {
        let lines = logs.as_array().into_iter().flatten();
        told.insert("logs".to_owned(), lines.map(in_words).collect());
    }
    told.into()
}

fn in_words(line: &Value) -> Value {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let step = line["step"].as_str().map(|step| format!("{step}: "));
    let (at, level) = (text("at"), text("level"));
    json!(format!(
        "{at} {level} {}{}",
        step.unwrap_or_default(),
        text("text")
    ))
}

/// Have something done; `body` is that of REST.
pub fn create_provisioning_job(body: &Value) -> Call {
    let mut more = Map::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        let value = match (key.as_str(), value) {
            ("job_type", Value::String(word)) => json!(word.to_uppercase()),
            (_, value) => value.clone(),
        };
        more.insert(
            if key == "job_type" {
                "type".to_owned()
            } else {
                key.clone()
            },
            value,
        );
    }
    let selection = format!("{{ provisioningJob {{ {JOB} }} }}");
    let way = (Method::POST, "/provisioning/jobs");
    let call = mutation("createProvisioningJob", way, None, more.into(), &selection);
    Call {
        body: Some(body.clone()),
        shape: |out| job(&out["provisioningJob"]),
        ..call
    }
}

/// Have it tried again.
pub fn retry_provisioning_job(id: &str) -> Call {
    change("retryProvisioningJob", "retry", id)
}

/// Call it off.
pub fn cancel_provisioning_job(id: &str) -> Call {
    change("cancelProvisioningJob", "cancel", id)
}

fn change(name: &'static str, verb: &str, id: &str) -> Call {
    let path = format!("/provisioning/jobs/{id}/{verb}");
    let way = (Method::POST, path.as_str());
    let selection = format!("{{ provisioningJob {{ {JOB} }} }}");
    let call = mutation(name, way, None, json!({ "job_id": id }), &selection);
    Call {
        shape: |out| job(&out["provisioningJob"]),
        ..call
    }
}

/// A job with the end of its log.
pub fn provisioning_job(id: &str) -> Call {
    let path = format!("/provisioning/jobs/{id}");
    let field = format!("provisioningJob(id: {})", json!(id));
    let selection = format!("{{ {JOB} logs(last: 100) {{ nodes {{ at level step text }} }} }}");
    Call {
        shape: job,
        ..query(&path, &field, &selection)
    }
}

/// All jobs of the current tenant.
pub fn provisioning_jobs() -> Call {
    let selection = format!("{{ provisioningJobs {{ nodes {{ {JOB} }} }} }}");
    Call {
        shape: |out| nodes(&out["provisioningJobs"], job),
        ..query("/provisioning/jobs", "tenant", &selection)
    }
}

/// The start of a job's log.
pub fn provisioning_logs(id: &str) -> Call {
    let path = format!("/provisioning/jobs/{id}/logs");
    let field = format!("provisioningJob(id: {})", json!(id));
    let selection = "{ logs(first: 100) { nodes { seq attempt step level text at } } }";
    Call {
        shape: |out| nodes(&out["logs"], Value::clone),
        ..query(&path, &field, selection)
    }
}

/// The current tenant's site.
pub fn site() -> Call {
    let selection = "{ site { id name host url status provisioner simulated \
        apps { name version } created_at: createdAt updated_at: updatedAt } }";
    Call {
        shape: |out| out["site"].clone(),
        ..query("/provisioning/site", "tenant", selection)
    }
}

/// All backups of the current tenant.
pub fn backups() -> Call {
    let selection = "{ backups { nodes { id reference size_bytes: sizeBytes files simulated \
        restorable job_id: jobId created_at: createdAt } } }";
    Call {
        shape: |out| nodes(&out["backups"], Value::clone),
        ..query("/provisioning/backups", "tenant", selection)
    }
}

fn nodes(of: &Value, shape: fn(&Value) -> Value) -> Value {
    match of["nodes"].as_array() {
        Some(nodes) => nodes.iter().map(shape).collect(),
        None => Value::Null,
    }
}
