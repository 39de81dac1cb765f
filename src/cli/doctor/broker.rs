//! The broker and its queues, as workers and relays need them.

use super::{Facts, check::Check};
use crate::ports::queue::{self, Depth, Look, Trouble};

/// Looks at the queues, and makes none.
pub(super) async fn look(facts: &Facts) -> Check {
    if let Some(problem) = facts
        .problem("RABBITMQ_URL")
        .or_else(|| facts.problem("RABBITMQ_PREFIX"))
    {
        let reason = format!("not tried: {} cannot be used", problem.setting);
        return Check::failed("broker", reason, problem.to_string());
    }
    let Some(settings) = &facts.config.rabbitmq else {
        let reason = "in this process: jobs are done where they are asked for (RABBITMQ_URL is not \
                      configured)";
        return Check::ok("broker", reason);
    };
    match queue::look(settings).await {
        Ok(look) => judge(&look, facts.config.worker.in_process),
        Err(trouble @ Trouble::Away(_)) => {
            let advice = "start the server, or correct host and port in RABBITMQ_URL; until then jobs \
                          wait in the outbox";
            Check::failed("broker", trouble.to_string(), advice)
        }
        Err(trouble @ Trouble::Refused(_)) => {
            let advice = "correct user, password and virtual host in RABBITMQ_URL, and let that user \
                          configure, write and read";
            Check::failed("broker", trouble.to_string(), advice)
        }
    }
}

fn judge(look: &Look, serve_works: bool) -> Check {
    let found: Vec<_> = look.lanes.iter().map(told).collect();
    let reason = format!("RabbitMQ answers; {}", found.join(", "));
    let aside = look.dead.found.map_or(0, |(messages, _)| messages);
    if aside > 0 {
        let queue = &look.dead.queue;
        return Check::warning(
            "broker",
            format!("{reason}; {aside} put aside in {queue}"),
            "workers take them from there into the outbox: see that one runs, then \
             `erpmax queue dead list`",
        );
    }
    let nobody = |depth: &Depth| matches!(depth.found, Some((messages, 0)) if messages > 0);
    if look.lanes.iter().any(nobody) {
        let advice = if serve_works {
            "start `erpmax serve`, which does jobs, too"
        } else {
            "start `erpmax worker`, or set WORKER_IN_PROCESS to yes"
        };
        return Check::warning("broker", format!("{reason}; nobody takes them"), advice);
    }
    Check::ok("broker", reason)
}

fn told(depth: &Depth) -> String {
    let queue = &depth.queue;
    match depth.found {
        Some((messages, workers)) => {
            format!("{queue}: {messages} waiting, {workers} taking")
        }
        None => format!("{queue} will be made"),
    }
}
