//! One transaction and what follows from it: the only way to write.
//!
//! Effects are buffered and written by [`UnitOfWork::commit`] in the same transaction, stream heads
//! last and in sorted order, so that two units cannot wait for each other and the heads are locked
//! for one round trip only. Dropped without a commit, a unit rolls back and forgets its effects.
//!
//! Rows are locked in one order: tenant, account, session, stream heads. Whoever needs several takes
//! them in that order, so that no two units wait for each other.
//!
//! Inside a unit use only `&*unit`, never the pool: a pool can lock up against itself.

use std::ops::Deref;

use entity::tenant;
use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use serde::Serialize;

use super::{
    access::TenantAccess,
    audit::{self, Deed},
    cx::Cx,
    event::DomainEvent,
    idempotency::{self, Claim},
    job::Job,
    notifications, outbox,
    signal::Signal,
    tenants,
};
use crate::error::{Error, Result};

/// A transaction with its effects.
#[must_use = "a unit that is not committed is rolled back"]
pub struct UnitOfWork {
    cx: Cx,
    txn: DatabaseTransaction,
    jobs: Vec<Job>,
    events: Vec<DomainEvent>,
    deeds: Vec<Deed>,
    /// The idempotency key that waits for its answer.
    claim: Option<Claim>,
}

impl UnitOfWork {
    pub(super) async fn begin(cx: Cx) -> Result<Self> {
        // A deferred SQLite transaction that turns to writing fails at once when another writes;
        // an immediate one waits its turn. PostgreSQL ignores the mode.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let txn = cx.db().pool().begin_with_options(options).await?;
        let claim = cx.claim().cloned();
        if let Some(claim) = &claim {
            idempotency::claim(&cx, &txn, claim).await?;
        }
        Ok(Self {
            cx,
            txn,
            jobs: Vec::new(),
            events: Vec::new(),
            deeds: Vec::new(),
            claim,
        })
    }

    /// Takes the tenant's row lock, which everything that must be serial in a tenant takes first,
    /// and asks again, now that nobody can interfere, whether the caller may do this.
    pub async fn lock(&self, access: &TenantAccess) -> Result<(tenant::Model, TenantAccess)> {
        let tenant = tenants::store::lock(&self.txn, access.tenant_id()).await?;
        let membership =
            tenants::store::membership(&self.txn, access.user_id(), access.tenant_id()).await?;
        Ok((tenant, access.renew(membership)?))
    }

    /// Asks for durable work.
    pub fn enqueue(&mut self, job: Job) {
        self.jobs.push(job);
    }

    /// Tells what happened.
    pub fn emit(&mut self, event: DomainEvent) {
        self.events.push(event);
    }

    /// Whoever has become known meanwhile is the one who does all this.
    pub fn act_as(&mut self, cx: Cx) {
        self.cx = cx;
    }

    /// Writes down who did what.
    pub fn audit(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }

    /// Commits with the answer that a repeat of the request gets, and hands it back.
    pub async fn commit_with<T: Serialize>(mut self, answer: T) -> Result<T> {
        if let Some(claim) = self.claim.take() {
            let kept = serde_json::to_value(&answer).map_err(Error::internal)?;
            idempotency::keep(&self.txn, &claim, kept).await?;
        }
        self.commit().await?;
        Ok(answer)
    }

    /// Writes the effects, commits, and only then tells the world.
    pub async fn commit(self) -> Result<()> {
        let Self {
            cx,
            txn,
            mut jobs,
            mut events,
            deeds,
            claim,
        } = self;
        if claim.is_some() {
            return Err(Error::internal(
                "a keyed unit was to commit without its answer",
            ));
        }
        audit::store::insert(&cx, &txn, deeds).await?;
        let effects = notifications::Effects {
            events: &mut events,
            jobs: &mut jobs,
        };
        notifications::create(&cx, &txn, effects).await?;
        let has_jobs = !jobs.is_empty();
        outbox::store::insert(&cx, &txn, jobs).await?;
        let recorded = outbox::event_store::record(&cx, &txn, events).await?;
        txn.commit().await?;
        if has_jobs {
            cx.app().outbox_wake.notify_one();
        }
        if !recorded.is_empty() {
            // Not awaited: the events are durable, the bus only wakes listeners earlier.
            let app = cx.app().clone();
            for event in &recorded {
                app.metrics.jobs.event(event.event.kind());
            }
            cx.app().spawn("publish", async move {
                {
                    let signals: Vec<_> = recorded.into_iter().map(Signal::from).collect();
                    app.bus.publish(&signals).await;
                }
            });
        }
        Ok(())
    }
}

impl Deref for UnitOfWork {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.txn
    }
}
