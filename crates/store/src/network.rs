//! The network: the one row that every row of every table names.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, Store, StoreError};

/// Finds the network or makes it, and has all later connections of the store work on its rows.
///
/// A database with several networks is one of a hosting service; the oldest is taken.
pub async fn ensure(store: &Store, now: OffsetDateTime) -> Result<Uuid, StoreError> {
    let found = find(&mut store.read().await?).await?;
    let nid = match found {
        Some(nid) => nid,
        None => make(store, now).await?,
    };
    store.set_nid(nid);
    Ok(nid)
}

/// As [`ensure`], but only reads: `None` when there is no network yet.
pub async fn recall(store: &Store) -> Result<Option<Uuid>, StoreError> {
    let found = find(&mut store.read().await?).await?;
    if let Some(nid) = found {
        store.set_nid(nid);
    }
    Ok(found)
}

async fn find(conn: &mut Conn) -> Result<Option<Uuid>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT id FROM networks ORDER BY created_at, id LIMIT 1",
            &[],
        )
        .await?;
    row.map(|row| row.only("networks")).transpose()
}

/// Two servers that start at the same moment may both insert; the older row, the same for both, is
/// then the network. An unused one does no harm.
async fn make(store: &Store, now: OffsetDateTime) -> Result<Uuid, StoreError> {
    let mut conn = store.write().await?;
    conn.execute(
        "INSERT INTO networks (id, created_at, updated_at) VALUES ($1, $2, $3)",
        args![Uuid::new_v4(), now, now],
    )
    .await?;
    let made = find(&mut conn).await?;
    made.ok_or(StoreError::NotFound { table: "networks" })
}
