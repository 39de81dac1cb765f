//! Rows of the outbox.

use entity::{Timestamp, ids::OutboxMessageId, outbox_message};
use outbox_message::Column;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
    sea_query::{
        CommonTableExpression, Expr, LockBehavior, LockType, Query, SelectStatement, UnionType,
        WithClause,
    },
};

use super::Room;
use crate::{
    domain::{
        cx::Cx,
        job::{Job, Lane},
    },
    error::{Error, Result},
};

/// Writes the jobs of a unit in one statement.
pub async fn insert(cx: &Cx, db: &impl ConnectionTrait, jobs: Vec<Job>) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let now = cx.now();
    let rows = jobs
        .into_iter()
        .map(|job| {
            Ok(outbox_message::ActiveModel {
                id: Set(cx.new_id()),
                kind: Set(job.kind().to_owned()),
                payload: Set(serde_json::to_value(&job).map_err(Error::internal)?),
                request_id: Set(Some(cx.request_id().to_owned())),
                attempts: Set(0),
                available_at: Set(now),
                claimed_until: Set(None),
                sent_at: Set(None),
                dead_at: Set(None),
                last_error: Set(None),
                created_at: Set(now),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    outbox_message::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// What may be taken.
#[derive(Clone, Copy)]
pub struct Due {
    /// What time it is.
    pub now: Timestamp,
    /// Whether letters wait, because nobody would carry them.
    pub letters_wait: bool,
    /// Whether work on sites waits, because nobody would do it.
    pub sites_wait: bool,
}

impl Due {
    /// Whether everything in a lane waits.
    fn waits(self, lane: Lane) -> bool {
        match lane {
            Lane::Provisioning => self.sites_wait,
            Lane::Letters => false,
        }
    }

    fn rows(self, lane: Lane) -> Condition {
        let kinds = match lane {
            Lane::Provisioning => Column::Kind.is_in(Job::PROVISIONING.iter().copied()),
            Lane::Letters => {
                let waiting = if self.letters_wait { Job::LETTERS } else { &[] };
                let except = Job::PROVISIONING.iter().chain(waiting);
                Column::Kind.is_not_in(except.copied())
            }
        };
        Condition::all()
            .add(kinds)
            .add(Column::DeadAt.is_null())
            .add(Column::AvailableAt.lte(self.now))
            .add(
                Column::ClaimedUntil
                    .is_null()
                    .or(Column::ClaimedUntil.lte(self.now)),
            )
    }
}

/// Takes due rows nobody else has; rows another relay is just taking are passed over. One statement: it is
/// asked for whenever a job was written, and every now and then by each process.
pub async fn claim(
    db: &impl ConnectionTrait,
    due: Due,
    until: Timestamp,
    rooms: &[Room],
) -> Result<Vec<outbox_message::Model>> {
    let (with, Some(taken)) = take(due, rooms) else {
        return Ok(Vec::new());
    };
    // What is sent again is the same attempt, so that both messages are good for it.
    let unsent: Expr = Expr::case(Column::SentAt.is_null(), 1).finally(0).into();
    let mut claim = outbox_message::Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(until))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(unsent))
        .col_expr(Column::SentAt, Expr::value(None::<Timestamp>))
        .filter(Column::Id.in_subquery(taken));
    QueryTrait::query(&mut claim).with_cte(with);
    Ok(claim.exec_with_returning(db).await?)
}

/// What is due in each lane, as tables of a statement, and the rows of all of them. As tables, because
/// `PostgreSQL` might run what locks rows within a condition more than once, and lock more than it may.
fn take(due: Due, rooms: &[Room]) -> (WithClause, Option<SelectStatement>) {
    let mut with = WithClause::new();
    let mut taken: Option<SelectStatement> = None;
    for room in rooms.iter().filter(|room| !due.waits(room.lane)) {
        let of_lane = outbox_message::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(due.rows(room.lane))
            .order_by_asc(Column::AvailableAt)
            .limit(room.jobs)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query();
        let name = room.lane.word();
        let table = CommonTableExpression::new()
            .query(of_lane)
            .table_name(name)
            .column(Column::Id)
            .to_owned();
        with.cte(table);
        let rows = Query::select().column(Column::Id).from(name).to_owned();
        match &mut taken {
            Some(taken) => {
                taken.union(UnionType::All, rows);
            }
            None => taken = Some(rows),
        }
    }
    (with, taken)
}

/// Notes that a broker has the messages of these attempts, for so long.
pub async fn mark_sent(
    db: &impl ConnectionTrait,
    attempts: &[(OutboxMessageId, i32)],
    now: Timestamp,
    until: Timestamp,
) -> Result<()> {
    let any = attempts
        .iter()
        .fold(Condition::any(), |any, (id, attempt)| {
            any.add(claimed(*id, *attempt))
        });
    outbox_message::Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(until))
        .col_expr(Column::SentAt, Expr::value(now))
        .filter(any)
        // Else it was settled before the relay came to write this.
        .filter(Column::ClaimedUntil.is_not_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Whether the row is at this attempt, and neither settled nor given up.
pub async fn is_claimed(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    attempt: i32,
) -> Result<bool> {
    let found: Option<OutboxMessageId> = outbox_message::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(claimed(id, attempt))
        .filter(Column::ClaimedUntil.is_not_null())
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.is_some())
}

fn claimed(id: OutboxMessageId, attempt: i32) -> Condition {
    Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::Attempts.eq(attempt))
        .add(Column::DeadAt.is_null())
}

/// Forgets a row whose job is safe.
pub async fn delete(db: &impl ConnectionTrait, id: OutboxMessageId, attempt: i32) -> Result<()> {
    outbox_message::Entity::delete_many()
        .filter(claimed(id, attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes a claim back that came to nothing.
pub async fn give_back(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    attempt: i32,
    until: Timestamp,
    why: String,
) -> Result<()> {
    outbox_message::Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(attempt - 1))
        .col_expr(Column::AvailableAt, Expr::value(until))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::LastError, Expr::value(why))
        .filter(claimed(id, attempt))
        .filter(Column::ClaimedUntil.is_not_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a row back for a later attempt.
pub async fn postpone(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    attempt: i32,
    until: Timestamp,
    why: String,
) -> Result<()> {
    outbox_message::Entity::update_many()
        .col_expr(Column::AvailableAt, Expr::value(until))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::SentAt, Expr::value(None::<Timestamp>))
        .col_expr(Column::LastError, Expr::value(why))
        .filter(claimed(id, attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a row up, and keeps it.
pub async fn bury(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    attempt: i32,
    now: Timestamp,
    why: String,
) -> Result<()> {
    outbox_message::Entity::update_many()
        .col_expr(Column::DeadAt, Expr::value(now))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::SentAt, Expr::value(None::<Timestamp>))
        .col_expr(Column::LastError, Expr::value(why))
        .filter(claimed(id, attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// How many rows of a kind there are.
#[derive(Debug, FromQueryResult)]
pub struct Tally {
    pub kind: String,
    all: i64,
    sent: i64,
    dead: i64,
    /// When the oldest was written that was not given up.
    pub oldest: Option<Timestamp>,
}

impl Tally {
    pub fn waiting(&self) -> u64 {
        natural(self.all - self.sent - self.dead)
    }

    pub fn sent(&self) -> u64 {
        natural(self.sent)
    }

    pub fn dead(&self) -> u64 {
        natural(self.dead)
    }
}

fn natural(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// Counts the rows of each kind.
pub async fn count_kinds(db: &impl ConnectionTrait) -> Result<Vec<Tally>> {
    let waits: Expr = Expr::case(Column::DeadAt.is_null(), Expr::col(Column::CreatedAt)).into();
    Ok(outbox_message::Entity::find()
        .select_only()
        .column(Column::Kind)
        .column_as(Column::Id.count(), "all")
        .column_as(Column::SentAt.count(), "sent")
        .column_as(Column::DeadAt.count(), "dead")
        .column_as(waits.min(), "oldest")
        .group_by(Column::Kind)
        .into_model()
        .all(db)
        .await?)
}
