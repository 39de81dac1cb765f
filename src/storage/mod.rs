//! The database as the application uses it: `SeaORM`'s pool, and on `PostgreSQL` a shorter way for
//! single statements.

mod lane;
mod refusal;

use std::{sync::Arc, time::Duration};

pub use self::refusal::Refusal;
use lane::Lane;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

/// Is told of each statement: its text, how long it took, whether it failed.
pub type OnStatement = Arc<dyn Fn(&str, Duration, bool) + Send + Sync>;

/// How many connections there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// How many are open.
    pub open: u32,
    /// How many of those are at rest.
    pub idle: u32,
}

/// The database. What it is asked for by itself takes the shorter way, where there is one.
pub struct Storage {
    pool: DatabaseConnection,
    lane: Option<Lane>,
}

impl Storage {
    /// Over an open pool.
    pub fn new(mut pool: DatabaseConnection, told: OnStatement) -> Self {
        let lane = if pool.get_database_backend() == DbBackend::Postgres {
            let pool = pool.get_postgres_connection_pool();
            Lane::new(pool.clone(), Arc::clone(&told))
        } else {
            None
        };
        pool.set_metric_callback(move |info| told(&info.statement.sql, info.elapsed, info.failed));
        Self { pool, lane }
    }

    /// The connections that are open and at rest; asks the database nothing.
    pub fn connections(&self) -> Connections {
        let (open, idle) = if self.pool.get_database_backend() == DbBackend::Postgres {
            let pool = self.pool.get_postgres_connection_pool();
            let resting = self.lane.as_ref().map_or(0, Lane::resting_count);
            (pool.size(), pool.num_idle() + resting)
        } else {
            let pool = self.pool.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        };
        Connections {
            open,
            // The two are not read at the same moment.
            idle: u32::try_from(idle).unwrap_or(open).min(open),
        }
    }

    /// The pool itself, for transactions. Closing it would wait for what only [`Storage::close`] ends.
    pub fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.pool.ping().await
    }

    /// Ends all connections once nobody uses them.
    pub async fn close(&self) -> Result<(), DbErr> {
        if let Some(lane) = &self.lane {
            lane.close();
        }
        self.pool.close_by_ref().await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Storage {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.pool.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.lane {
            Some(lane) => lane.one(statement).await,
            // Boxed: the future of the pool's way is much larger than that of the lane's.
            None => Box::pin(self.pool.query_one_raw(statement)).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.lane {
            Some(lane) => lane.all(statement).await,
            None => Box::pin(self.pool.query_all_raw(statement)).await,
        }
    }
}
