//! The event log as listeners read it.

use std::collections::HashMap;

use entity::{Timestamp, event, event_stream};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use crate::{
    domain::{
        access::SystemAccess,
        event::{DomainEvent, Recorded, Stream},
    },
    error::{Error, Result},
};

/// An event as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stream.
    pub stream: Stream,
    /// Its place there.
    pub seq: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened; nothing where another version of this program wrote what this one cannot read, as
    /// while one takes the place of the other: that must not hold up what comes after it.
    pub event: Option<DomainEvent>,
}

impl From<Recorded> for Entry {
    fn from(recorded: Recorded) -> Self {
        Self {
            stream: recorded.stream,
            seq: recorded.seq,
            occurred_at: recorded.occurred_at,
            event: Some(recorded.event),
        }
    }
}

/// How far a stream has come, and what of it is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Number of the newest event; 0 where nothing has happened yet.
    pub head: i64,
    /// Up to which number events are forgotten.
    pub pruned: i64,
}

/// How far a stream has come.
pub async fn extent(db: &impl ConnectionTrait, stream: Stream) -> Result<Extent> {
    let found = event_stream::Entity::find_by_id(stream.to_string());
    let found = found.one(db).await?;
    Ok(found.map_or_else(Extent::default, |row| Extent {
        head: row.head,
        pruned: row.pruned,
    }))
}

/// The heads of the streams in which something happened since.
pub async fn changed_since(
    db: &impl ConnectionTrait,
    since: Timestamp,
) -> Result<Vec<(Stream, i64)>> {
    let heads = heads().filter(event_stream::Column::UpdatedAt.gte(since));
    read(heads.into_tuple().all(db).await?)
}

/// The heads of these streams, as far as anything has happened in them.
pub async fn heads_of(
    db: &impl ConnectionTrait,
    streams: &[Stream],
) -> Result<HashMap<Stream, i64>> {
    let names = streams.iter().map(Stream::to_string);
    let heads = heads().filter(event_stream::Column::Stream.is_in(names));
    Ok(read(heads.into_tuple().all(db).await?)?
        .into_iter()
        .collect())
}

fn heads() -> sea_orm::Select<event_stream::Entity> {
    event_stream::Entity::find()
        .select_only()
        .columns([event_stream::Column::Stream, event_stream::Column::Head])
}

fn read(rows: Vec<(String, i64)>) -> Result<Vec<(Stream, i64)>> {
    rows.into_iter()
        .map(|(stream, head)| Ok((stream.parse().map_err(Error::internal)?, head)))
        .collect()
}

/// The events after a place, so many at most, in order.
pub async fn after(
    db: &impl ConnectionTrait,
    stream: Stream,
    seq: i64,
    limit: u64,
) -> Result<Vec<Entry>> {
    let rows = event::Entity::find()
        .filter(event::Column::Stream.eq(stream.to_string()))
        .filter(event::Column::Seq.gt(seq))
        .order_by_asc(event::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    let entry = |row: event::Model| {
        Entry {
        stream,
        seq: row.seq,
        occurred_at: row.occurred_at,
        event: serde_json::from_value(row.payload)
            .inspect_err(|error| {
                tracing::warn!(%error, %stream, row.seq, row.kind, "an event is not understood; passed over");
            })
            .ok(),
    }
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// Places up to which streams hold only what is older, a batch of events at a time.
pub async fn oldest(
    db: &impl ConnectionTrait,
    _: &SystemAccess,
    before: Timestamp,
    limit: u64,
) -> Result<HashMap<Stream, i64>> {
    let rows: Vec<(String, i64)> = event::Entity::find()
        .select_only()
        .columns([event::Column::Stream, event::Column::Seq])
        .filter(event::Column::OccurredAt.lt(before))
        .order_by_asc(event::Column::OccurredAt)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    let mut oldest = HashMap::new();
    for (stream, seq) in read(rows)? {
        let last = oldest.entry(stream).or_insert(seq);
        *last = seq.max(*last);
    }
    Ok(oldest)
}

/// Forgets a stream's events up to a place, and says so in its head; returns how many those were.
pub async fn forget(
    db: &impl ConnectionTrait,
    _: &SystemAccess,
    stream: Stream,
    seq: i64,
) -> Result<u64> {
    use event_stream::Column;
    // First, so that nobody believes that what is being deleted is there.
    event_stream::Entity::update_many()
        .col_expr(Column::Pruned, Expr::value(seq))
        .filter(Column::Stream.eq(stream.to_string()))
        .filter(Column::Pruned.lt(seq))
        .exec(db)
        .await?;
    let gone = event::Entity::delete_many()
        .filter(event::Column::Stream.eq(stream.to_string()))
        .filter(event::Column::Seq.lte(seq))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}
