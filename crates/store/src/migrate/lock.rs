//! One runner at a time, by a row: advisory locks are not the same everywhere, and not kept by
//! proxies that share connections.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, Store, StoreError, Tx};

/// After this time without a sign of life a runner counts as gone.
const LEASE: time::Duration = time::Duration::seconds(30);

/// How often a runner gives one.
const HEARTBEAT: Duration = Duration::from_secs(8);

/// How often whoever waits says so.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How often the making of the bookkeeping tables is tried.
const MEETINGS: u32 = 10;

/// The lock's only row.
const ROW: i32 = 1;

/// The lock, held.
pub(super) struct Lock {
    holder: Uuid,
    /// What the caller takes for the time, and since when it has passed.
    now: OffsetDateTime,
    began: Instant,
}

/// Makes the bookkeeping tables where they are missing and takes the lock, waiting for whoever has it.
pub(super) async fn take(store: &Store, now: OffsetDateTime) -> Result<Lock, StoreError> {
    make_bookkeeping(store).await?;
    let lock = Lock {
        holder: Uuid::new_v4(),
        now,
        began: Instant::now(),
    };
    let mut told: Option<Instant> = None;
    while !lock.try_take(store).await? {
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            told = Some(Instant::now());
            tracing::warn!(
                "another process migrates this database; if it is gone, this one goes on in at most {} seconds",
                LEASE.whole_seconds()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(lock)
}

impl Lock {
    fn now(&self) -> OffsetDateTime {
        self.now + self.began.elapsed()
    }

    async fn try_take(&self, store: &Store) -> Result<bool, StoreError> {
        let now = self.now();
        let until = now + LEASE;
        let mut conn = store.write().await?;
        let expired = conn
            .execute(
                "UPDATE bia_migration_lock SET holder = $1, until = $2 WHERE id = $3 AND until < $4",
                args![self.holder, until, ROW, now],
            )
            .await;
        match expired {
            Ok(0) => {}
            Ok(_) => return Ok(true),
            // A step of the other runner is under way.
            Err(StoreError::Contention { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        let inserted = conn
            .execute(
                "INSERT INTO bia_migration_lock (id, holder, until) VALUES ($1, $2, $3)",
                args![ROW, self.holder, until],
            )
            .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict { .. } | StoreError::Contention { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives signs of life as long as `work` goes on.
    pub(super) async fn while_held<T>(
        &self,
        store: &Store,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        tokio::select! {
            done = work => done,
            () = self.taken_over(store) => Err(taken_over()),
        }
    }

    /// Returns when another runner has the lock. A sign that cannot be given is no reason to end: the next one may.
    async fn taken_over(&self, store: &Store) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if let Ok(mut conn) = store.write().await
                && let Ok(false) = self.renew(&mut conn).await
            {
                return;
            }
        }
    }

    /// Makes sure, as part of a step, that the lock is still held, and puts the end of the lease off.
    ///
    /// # Errors
    /// [`StoreError::Contention`] when another runner has it, as this one was silent for too long.
    pub(super) async fn hold(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self.renew(tx).await? {
            true => Ok(()),
            false => Err(taken_over()),
        }
    }

    async fn renew(&self, conn: &mut Conn) -> Result<bool, StoreError> {
        let held = conn
            .execute(
                "UPDATE bia_migration_lock SET until = $1 WHERE id = $2 AND holder = $3",
                args![self.now() + LEASE, ROW, self.holder],
            )
            .await?;
        Ok(held > 0)
    }

    /// Gives the lock back.
    pub(super) async fn release(self, store: &Store) -> Result<(), StoreError> {
        let mut conn = store.write().await?;
        conn.execute(
            "DELETE FROM bia_migration_lock WHERE holder = $1",
            args![self.holder],
        )
        .await?;
        Ok(())
    }
}

fn taken_over() -> StoreError {
    StoreError::Contention {
        reason: "another process has taken over the migration of this database".into(),
    }
}

async fn make_bookkeeping(store: &Store) -> Result<(), StoreError> {
    const TABLES: [&str; 3] = [
        "CREATE TABLE IF NOT EXISTS bia_migration (number INTEGER NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, adopted BOOLEAN NOT NULL, applied_at DATETIME);
         CREATE TABLE IF NOT EXISTS bia_migration_lock (id INTEGER NOT NULL PRIMARY KEY, holder char(36) NOT NULL, until DATETIME NOT NULL);",
        "CREATE TABLE IF NOT EXISTS bia_migration (number integer NOT NULL PRIMARY KEY, name varchar(64) NOT NULL, adopted boolean NOT NULL, applied_at timestamp);
         CREATE TABLE IF NOT EXISTS bia_migration_lock (id integer NOT NULL PRIMARY KEY, holder uuid NOT NULL, until timestamp NOT NULL);",
        "CREATE TABLE IF NOT EXISTS bia_migration (number int NOT NULL PRIMARY KEY, name varchar(64) NOT NULL, adopted boolean NOT NULL, applied_at datetime) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
         CREATE TABLE IF NOT EXISTS bia_migration_lock (id int NOT NULL PRIMARY KEY, holder char(36) NOT NULL, until datetime NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;",
    ];
    let [sqlite, postgres, mysql] = TABLES;
    let script = store.dialect().pick(sqlite, postgres, mysql);
    let mut conn = store.write().await?;
    for _ in 0..MEETINGS {
        match conn.script(script).await {
            // PostgreSQL: runners that make the same table at the same moment meet in the catalog.
            Err(
                StoreError::Conflict { .. }
                | StoreError::Statement(_)
                | StoreError::Contention { .. },
            ) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return outcome,
        }
    }
    conn.script(script).await
}
