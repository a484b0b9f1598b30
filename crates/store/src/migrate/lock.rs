//! One runner at a time, by a row: advisory locks are not the same everywhere, and not kept by
//! proxies that share connections.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Store, StoreError};

/// After this time a runner counts as gone.
const LEASE: time::Duration = time::Duration::minutes(10);

/// How often the making of the bookkeeping tables is tried.
const MEETINGS: u32 = 10;

/// The lock's only row.
const ROW: i32 = 1;

/// The lock, held.
pub(super) struct Lock {
    holder: Uuid,
}

/// Makes the bookkeeping tables where they are missing and takes the lock, waiting for whoever has it.
pub(super) async fn take(store: &Store, now: OffsetDateTime) -> Result<Lock, StoreError> {
    make_bookkeeping(store).await?;
    let lock = Lock {
        holder: Uuid::new_v4(),
    };
    let began = Instant::now();
    while !lock.try_take(store, now + began.elapsed()).await? {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(lock)
}

impl Lock {
    async fn try_take(&self, store: &Store, now: OffsetDateTime) -> Result<bool, StoreError> {
        let until = now + LEASE;
        let mut conn = store.write().await?;
        let expired = conn
            .execute(
                "UPDATE bia_migration_lock SET holder = $1, until = $2 WHERE id = $3 AND until < $4",
                args![self.holder, until, ROW, now],
            )
            .await?;
        if expired > 0 {
            return Ok(true);
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
