//! Connections that are kept for the next caller.
//!
//! Our own, and small, because the driver's pool asks the server for a sign of life after each use,
//! which doubles the round trips of a single look-up. Here a connection goes back as it is when its
//! last statement was read to the end, is rolled back when a transaction was left open, and is
//! closed when it was given up in the middle of a statement.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sqlx::error::DatabaseError;
use sqlx::{Connection as _, Database};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{PoolOptions, StoreError};

/// After this much time without work a connection is asked for a sign of life before it is used.
const DOUBTFUL_AFTER: std::time::Duration = std::time::Duration::from_secs(30);

/// What the pool has to know of a database.
pub(super) trait Driver: Database {
    /// How to reach it.
    type Target: Clone + Send + Sync + 'static;

    /// Opens a connection, ready for use.
    fn open(
        target: &Self::Target,
    ) -> impl Future<Output = Result<Self::Connection, sqlx::Error>> + Send;

    /// What an error of this database means.
    fn classify(error: &dyn DatabaseError) -> StoreError;

    /// Ends a transaction without its changes.
    fn roll_back(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

pub(super) struct Pool<D: Driver> {
    target: D::Target,
    options: PoolOptions,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Kept<D>>>,
}

struct Kept<D: Driver> {
    connection: D::Connection,
    born: Instant,
    since: Instant,
}

/// A connection in use.
pub(super) struct Lease<D: Driver> {
    /// Present until the lease ends.
    kept: Option<Kept<D>>,
    pool: Arc<Pool<D>>,
    permit: Option<OwnedSemaphorePermit>,
    /// A statement was begun and not read to the end.
    pub(super) unsettled: bool,
    /// A transaction is open.
    pub(super) open: bool,
    /// A statement failed.
    pub(super) failed: bool,
}

impl<D: Driver> Pool<D> {
    pub(super) fn new(target: D::Target, options: PoolOptions) -> Arc<Pool<D>> {
        let permits = Arc::new(Semaphore::new(options.max_connections));
        Arc::new(Pool {
            target,
            options,
            permits,
            idle: Mutex::default(),
        })
    }

    /// A connection, as soon as one is free.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Lease<D>, StoreError> {
        let wait = Arc::clone(&self.permits).acquire_owned();
        let permit = match tokio::time::timeout(self.options.acquire_timeout, wait).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return unavailable("the pool is closed"),
            Err(_) => {
                return unavailable(
                    "all connections stayed busy; raise max_conns or look for slow queries",
                );
            }
        };
        let kept = match self.kept().await {
            Some(kept) => kept,
            None => self.open().await?,
        };
        Ok(Lease {
            kept: Some(kept),
            pool: Arc::clone(self),
            permit: Some(permit),
            unsettled: false,
            open: false,
            failed: false,
        })
    }

    /// Closes what is idle and gives out nothing more.
    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for kept in idle {
            // Closed in order where possible; a connection that fails here is gone either way.
            let _ = kept.connection.close().await;
        }
    }

    async fn kept(&self) -> Option<Kept<D>> {
        loop {
            let mut kept = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()?;
            let old = |limit: Option<std::time::Duration>, since: Instant| {
                limit.is_some_and(|l| since.elapsed() >= l)
            };
            if old(self.options.max_lifetime, kept.born)
                || old(self.options.max_idle_time, kept.since)
            {
                continue;
            }
            if kept.since.elapsed() < DOUBTFUL_AFTER || kept.connection.ping().await.is_ok() {
                return Some(kept);
            }
        }
    }

    async fn open(&self) -> Result<Kept<D>, StoreError> {
        let opening = tokio::time::timeout(self.options.acquire_timeout, D::open(&self.target));
        match opening.await {
            Ok(Ok(connection)) => {
                let now = Instant::now();
                Ok(Kept {
                    connection,
                    born: now,
                    since: now,
                })
            }
            Ok(Err(error)) => Err(unopened::<D>(&error)),
            Err(_) => unavailable("the server did not answer in time"),
        }
    }

    fn give_back(&self, mut kept: Kept<D>) {
        kept.since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.options.max_idle && !self.permits.is_closed() {
            idle.push(kept);
        }
    }

    /// Connections in use, and those that are kept open without work.
    pub(super) fn numbers(&self) -> (usize, usize) {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        let free = self.permits.available_permits();
        (self.options.max_connections.saturating_sub(free), idle)
    }

    /// Drops the connections that nobody uses: they are likely as broken as the one that failed.
    fn forget_idle(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// Why there is no connection.
fn unopened<D: Driver>(error: &sqlx::Error) -> StoreError {
    let refused = error.as_database_error().map(D::classify);
    StoreError::Unavailable {
        reason: error.to_string(),
        lasting: matches!(refused, Some(StoreError::Unavailable { lasting: true, .. })),
    }
}

fn unavailable<T>(reason: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::unavailable(reason))
}

impl<D: Driver> Lease<D> {
    /// The connection. `None` once it was found broken.
    pub(super) fn connection(&mut self) -> Option<&mut D::Connection> {
        self.kept.as_mut().map(|kept| &mut kept.connection)
    }

    /// Opens a connection in the place of one that was discarded, unless a transaction was lost
    /// with it. Whether there is one now.
    pub(super) async fn reopen(&mut self) -> bool {
        if self.open || self.kept.is_some() {
            return false;
        }
        self.kept = self.pool.open().await.ok();
        self.failed = false;
        self.kept.is_some()
    }

    /// Throws the connection away after a failure of the line to the server.
    pub(super) fn discard(&mut self) {
        self.kept = None;
        self.pool.forget_idle();
    }
}

impl<D: Driver> Drop for Lease<D> {
    fn drop(&mut self) {
        let Some(mut kept) = self.kept.take() else {
            return;
        };
        if self.unsettled {
            return; // closing it rolls back on every database
        }
        if !self.open {
            self.pool.give_back(kept);
            return;
        }
        let (pool, permit) = (Arc::clone(&self.pool), self.permit.take());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if D::roll_back(&mut kept.connection).await.is_ok() {
                    pool.give_back(kept);
                }
                drop(permit);
            });
        }
    }
}
