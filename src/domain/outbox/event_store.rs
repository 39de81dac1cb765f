//! Writes events into the log: next numbers under the streams' row locks, then the events.

use std::collections::BTreeMap;

use entity::{event, event_stream};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DbErr, EntityTrait, ExprTrait, Iden, QueryResult,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    domain::{
        cx::Cx,
        event::{DomainEvent, Recorded, Stream},
    },
    error::{Error, Result},
};

/// Records the events of a unit; must be the last thing it writes, because it takes the heads.
pub async fn record(
    cx: &Cx,
    db: &impl ConnectionTrait,
    events: Vec<DomainEvent>,
) -> Result<Vec<Recorded>> {
    // Sorted, so that two units that share streams take their locks in the same order.
    let mut by_stream: BTreeMap<Stream, Vec<DomainEvent>> = BTreeMap::new();
    for event in events {
        for stream in event.audience() {
            by_stream.entry(stream).or_default().push(event.clone());
        }
    }
    if by_stream.is_empty() {
        return Ok(Vec::new());
    }
    let heads = advance(cx, db, &by_stream).await?;
    let occurred_at = cx.now();
    let mut recorded = Vec::new();
    for (stream, events) in by_stream {
        let head = heads.get(&stream).copied().ok_or_else(|| {
            Error::internal(format!("the head of stream {stream} did not come back"))
        })?;
        let first = head - i64::try_from(events.len()).map_err(Error::internal)? + 1;
        for (seq, event) in (first..).zip(events) {
            recorded.push(Recorded {
                id: cx.new_id(),
                stream,
                seq,
                occurred_at,
                event,
            });
        }
    }
    insert(db, &recorded).await?;
    Ok(recorded)
}

/// Moves the heads on and returns where they stand now.
async fn advance(
    cx: &Cx,
    db: &impl ConnectionTrait,
    by_stream: &BTreeMap<Stream, Vec<DomainEvent>>,
) -> Result<BTreeMap<Stream, i64>> {
    use event_stream::Column::{Head, Stream as Name, UpdatedAt};
    let excluded = |column: event_stream::Column| Expr::col(("excluded", column));
    let mut query = Query::insert();
    query
        .into_table(event_stream::Entity)
        .columns([Name, Head, UpdatedAt]);
    for (stream, events) in by_stream {
        let added = i64::try_from(events.len()).map_err(Error::internal)?;
        query.values_panic([
            Expr::value(stream.to_string()),
            Expr::value(added),
            Expr::value(cx.now()),
        ]);
    }
    let moved = Expr::col((event_stream::Entity, Head)).add(excluded(Head));
    query
        .on_conflict(
            OnConflict::column(Name)
                .value(Head, moved)
                .value(UpdatedAt, excluded(UpdatedAt))
                .to_owned(),
        )
        .returning(Query::returning().columns([Name, Head]));
    let read = |row: &QueryResult| -> Result<(String, i64), DbErr> {
        Ok((
            row.try_get("", &Name.to_string())?,
            row.try_get("", &Head.to_string())?,
        ))
    };
    db.query_all(&query)
        .await?
        .iter()
        .map(|row| {
            let (stream, head) = read(row)?;
            Ok((stream.parse().map_err(Error::internal)?, head))
        })
        .collect()
}

async fn insert(db: &impl ConnectionTrait, recorded: &[Recorded]) -> Result<()> {
    let rows = recorded
        .iter()
        .map(|recorded| {
            Ok(event::ActiveModel {
                id: Set(recorded.id),
                stream: Set(recorded.stream.to_string()),
                seq: Set(recorded.seq),
                kind: Set(recorded.event.kind().to_owned()),
                payload: Set(serde_json::to_value(&recorded.event).map_err(Error::internal)?),
                occurred_at: Set(recorded.occurred_at),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    event::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
