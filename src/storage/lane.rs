//! The shorter way to `PostgreSQL`.
//!
//! The pool's way takes a connection out and puts it back for every statement: a future of 150 KB,
//! moved three times over, then a task that asks the server whether the connection still works, one
//! more round trip. That was most of what a small request cost, here and on the server. On the lane
//! a connection that has just answered is used for the next statement; the pool gets it back when it
//! was not needed for a while, when anything is wrong with it, and from time to time.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    DbErr, QueryResult, RuntimeErr, Statement,
    sqlx::{
        self, AssertSqlSafe, PgConnection, PgPool, Postgres, pool::PoolConnection, query::Query,
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::OnStatement;

/// After so long without a statement a connection goes back to the pool, which asks before it trusts
/// one that has rested.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// After so long a connection goes back in any case: the pool knows when one is too old.
const LENT_FOR: Duration = Duration::from_mins(1);

/// Up to half of a pool's connections, at hand for single statements.
pub struct Lane {
    pool: PgPool,
    /// Who has a turn finds a connection here or gets one of the pool.
    turns: Semaphore,
    resting: Mutex<Resting>,
    told: OnStatement,
}

#[derive(Default)]
struct Resting {
    closed: bool,
    /// Latest last.
    connections: VecDeque<Rested>,
}

struct Lent<'a> {
    rested: Rested,
    _turn: SemaphorePermit<'a>,
}

struct Rested {
    connection: PoolConnection<Postgres>,
    taken: Instant,
    used: Instant,
}

impl Lane {
    /// Beside the transactions of the same pool, if that is large enough for both.
    pub fn new(pool: PgPool, told: OnStatement) -> Option<Self> {
        let turns = pool.options().get_max_connections() / 2;
        (turns > 0).then(|| Self {
            pool,
            turns: Semaphore::new(turns as usize),
            resting: Mutex::default(),
            told,
        })
    }

    /// Gives all connections back, now and from now on.
    pub fn close(&self) {
        let mut resting = self.resting();
        resting.closed = true;
        resting.connections.clear();
    }

    /// The first row.
    pub async fn one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut lent = self.take().await?;
        let begun = Instant::now();
        let row = query(&statement).fetch_optional(lent.connection()).await;
        self.done(lent, &statement, begun, row.is_ok());
        Ok(row.map_err(failed)?.map(QueryResult::from))
    }

    /// All rows.
    pub async fn all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lent = self.take().await?;
        let begun = Instant::now();
        let rows = query(&statement).fetch_all(lent.connection()).await;
        self.done(lent, &statement, begun, rows.is_ok());
        let rows = rows.map_err(failed)?.into_iter();
        Ok(rows.map(QueryResult::from).collect())
    }

    /// How many connections rest here.
    pub fn resting_count(&self) -> usize {
        self.resting().connections.len()
    }

    /// The connection that was used last, else one of the pool.
    async fn take(&self) -> Result<Lent<'_>, DbErr> {
        let turn = match self.turns.try_acquire() {
            Ok(turn) => turn,
            Err(_) => self.turn().await.map_err(unavailable)?,
        };
        let rested = self.resting().connections.pop_back();
        // One that has rested too long goes back here, by being dropped.
        let trusted = rested.filter(|rested| rested.used.elapsed() < TRUSTED_FOR);
        Ok(Lent {
            rested: match trusted {
                Some(rested) => rested,
                None => self.fresh().await.map_err(unavailable)?,
            },
            _turn: turn,
        })
    }

    async fn fresh(&self) -> Result<Rested, sqlx::Error> {
        // Boxed: it is large, and rarely needed.
        let connection = Box::pin(self.pool.acquire()).await?;
        let now = Instant::now();
        Ok(Rested {
            connection,
            taken: now,
            used: now,
        })
    }

    /// Waits for a turn as long as one would wait for a connection.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, sqlx::Error> {
        let patience = self.pool.options().get_acquire_timeout();
        match timeout(patience, self.turns.acquire()).await {
            Ok(turn) => turn.map_err(|_| sqlx::Error::PoolClosed),
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// Tells of the statement and keeps the connection for the next one. After a failure, and when
    /// nobody waited for the answer, it goes back to the pool, which finds out what state it is in.
    fn done(&self, lent: Lent<'_>, statement: &Statement, begun: Instant, ok: bool) {
        let now = Instant::now();
        (self.told)(&statement.sql, now - begun, !ok);
        let Lent { mut rested, _turn } = lent;
        let mut resting = self.resting();
        let idle = |of: &Rested| now - of.used > TRUSTED_FOR;
        if resting.connections.front().is_some_and(idle) {
            resting.connections.pop_front();
        }
        if ok && !resting.closed && now - rested.taken < LENT_FOR {
            rested.used = now;
            resting.connections.push_back(rested);
        }
    }

    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    fn connection(&mut self) -> &mut PgConnection {
        &mut self.rested.connection
    }
}

fn query(statement: &Statement) -> Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone();
    let values = values.unwrap_or(sea_orm::Values(Vec::new()));
    // Built by SeaORM; what comes from outside is among the values.
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn unavailable(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}
