//! Looks at the queues and leaves them as they are: for those who want to know how they stand.

use lapin::{
    Connection,
    options::{QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};

use super::{
    link::{Trouble, connect, in_time},
    topology::Topology,
};
use crate::{config::RabbitMq, domain::job::Lane};

/// How a queue stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depth {
    /// What it is called.
    pub queue: String,
    /// Its lane, unless it is for what was put aside or comes from elsewhere.
    pub lane: Option<Lane>,
    /// Messages that wait, and workers that take them; nothing when there is no such queue yet.
    pub found: Option<(u32, u32)>,
}

/// How a broker's queues stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The queues of the lanes.
    pub lanes: Vec<Depth>,
    /// Where messages end that could not be handled.
    pub dead: Depth,
    /// Where the predecessor's messages come in.
    pub intake: Depth,
}

/// Asks the broker.
pub async fn look(settings: &RabbitMq) -> Result<Look, Trouble> {
    let topology = topology(settings);
    let looking = async {
        let connection = connect(&settings.url, "look").await?;
        let mut lanes = Vec::new();
        for lane in Lane::ALL {
            let queue = topology.lane(lane).to_string();
            lanes.push(depth(&connection, queue, Some(lane)).await?);
        }
        let dead = depth(&connection, topology.dead().to_string(), None).await?;
        let intake = depth(&connection, topology.intake().to_string(), None).await?;
        let look = Look {
            lanes,
            dead,
            intake,
        };
        // What was seen was seen.
        connection.close(200, "seen".into()).await.ok();
        Ok(look)
    };
    in_time(looking).await
}

/// Removes the queues with all that is in them. For tests; nobody else wants that.
pub async fn remove(settings: &RabbitMq) -> Result<(), Trouble> {
    let topology = topology(settings);
    let removing = async {
        let connection = connect(&settings.url, "remove").await?;
        let channel = connection.create_channel().await?;
        for queue in topology.all() {
            let options = QueueDeleteOptions::default();
            channel.queue_delete(queue, options).await?;
        }
        connection.close(200, "removed".into()).await.ok();
        Ok(())
    };
    in_time(removing).await
}

fn topology(settings: &RabbitMq) -> Topology {
    Topology {
        prefix: settings.prefix.clone(),
        delivery_limit: settings.delivery_limit,
    }
}

async fn depth(
    connection: &Connection,
    queue: String,
    lane: Option<Lane>,
) -> Result<Depth, Trouble> {
    // A queue that is not there costs the channel.
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let asked = channel.queue_declare(queue.as_str().into(), options, FieldTable::default());
    let found = match asked.await {
        Ok(queue) => {
            channel.close(200, "seen".into()).await.ok();
            Some((queue.message_count(), queue.consumer_count()))
        }
        Err(error) if error.is_amqp_soft_error() => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Depth { queue, lane, found })
}
