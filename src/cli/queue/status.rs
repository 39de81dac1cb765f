//! `queue status`.

use serde_json::{Value, json};

use super::Report;
use crate::{
    config::RabbitMq,
    domain::{
        cx::Cx,
        outbox::{self, Backlog, Standing, UNREADABLE},
    },
    error::BoxError,
    ports::queue::{self, Depth, Look},
};

/// How to answer.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Answer as one JSON object, for programs.
    #[arg(long)]
    pub json: bool,
}

impl Status {
    pub(super) async fn perform(&self, cx: &Cx) -> Result<Report, BoxError> {
        let standing = outbox::standing(cx).await?;
        let lag = Backlog::of(&standing, cx.now()).lag;
        let broker = match &cx.app().config.rabbitmq {
            Some(settings) => Some(ask(settings).await),
            None => None,
        };
        let shown = standing.iter();
        let shown = shown.filter(|standing| standing.lane.is_some() || standing.dead > 0);
        let mut lines: Vec<_> = shown.map(line).collect();
        if lag.as_secs() > 0 {
            lines.push(format!("the oldest job waits for {} s", lag.as_secs()));
        }
        lines.extend(match &broker {
            None => vec!["broker        none: jobs stay in the process that took them".to_owned()],
            Some(Err(why)) => vec![format!("broker        {why}")],
            Some(Ok(look)) => all(look).into_iter().map(depth_line).collect(),
        });
        let json = json!({
            "lanes": standing.iter().map(lane_json).collect::<Vec<_>>(),
            "oldest_seconds": lag.as_secs(),
            "broker": broker.map(|broker| match broker {
                Ok(look) => json!({
                    "answers": true,
                    "queues": all(&look).into_iter().map(depth_json).collect::<Vec<_>>(),
                }),
                Err(why) => json!({ "answers": false, "reason": why }),
            }),
        });
        Ok(Report { lines, json })
    }
}

/// A broker that is away is a fact like any other.
async fn ask(settings: &RabbitMq) -> Result<Look, String> {
    queue::look(settings)
        .await
        .map_err(|trouble| trouble.to_string())
}

fn all(look: &Look) -> Vec<&Depth> {
    look.lanes
        .iter()
        .chain([&look.dead, &look.intake])
        .collect()
}

fn line(standing: &Standing) -> String {
    let Standing {
        lane,
        waiting,
        sent,
        dead,
        oldest: _,
    } = standing;
    match lane {
        Some(lane) => format!(
            "{:<14}{waiting} waiting, {sent} sent, {dead} given up",
            lane.word()
        ),
        None => format!("{UNREADABLE:<14}{dead} given up, see `erpmax queue dead list`"),
    }
}

fn lane_json(standing: &Standing) -> Value {
    let Standing {
        waiting,
        sent,
        dead,
        oldest,
        lane: _,
    } = standing;
    json!({
        "lane": standing.word(), "waiting": waiting, "sent": sent, "dead": dead, "oldest": oldest,
    })
}

fn depth_line(depth: &Depth) -> String {
    let queue = &depth.queue;
    match depth.found {
        Some((messages, workers)) => {
            format!("{queue:<34}{messages} messages ready, taken from by {workers}")
        }
        None => format!("{queue:<34}not there yet; `erpmax serve` or `erpmax worker` makes it"),
    }
}

fn depth_json(depth: &Depth) -> Value {
    let (messages, consumers) = depth.found.unzip();
    json!({ "queue": depth.queue, "messages": messages, "consumers": consumers })
}
