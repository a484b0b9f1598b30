//! How often somebody was wrong: counters that all replicas share.
//!
//! What a counter means, and when it stops anybody, is for the caller. Here they are found by ids that the caller
//! makes, and changed by one at a time.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Columns, Conn, Row, StoreError, Tx, Value};

/// A counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Made of what it is about; the same wherever that is met.
    pub id: Uuid,
    /// Wrong attempts, and those that are being made.
    pub failures: u32,
    /// Until when nothing is tried any more.
    pub locked_until: Option<OffsetDateTime>,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// From when on it is as if it had never been.
    pub expires_at: OffsetDateTime,
}

impl Counter {
    /// One that has counted nothing.
    pub fn new(id: Uuid, now: OffsetDateTime) -> Counter {
        Counter {
            id,
            failures: 0,
            locked_until: None,
            updated_at: now,
            expires_at: now,
        }
    }
}

fn read(row: &Row) -> Result<Counter, StoreError> {
    let c: &mut Columns<'_> = &mut row.columns("bia_abuse_counter");
    Ok(Counter {
        id: c.take()?,
        failures: u32::try_from(c.take::<i32>()?).unwrap_or(0),
        locked_until: c.take()?,
        updated_at: c.take()?,
        expires_at: c.take()?,
    })
}

/// The counters with these ids that are kept, expired ones too, in no order.
pub async fn find(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Counter>, StoreError> {
    let nid = Value::from(conn.nid());
    let rows = conn
        .fetch_all_in(
            "SELECT id, failures, locked_until, updated_at, expires_at FROM bia_abuse_counter WHERE nid = $1 AND id IN ($*)",
            &[nid],
            ids.iter().copied().map(Value::from),
        )
        .await?;
    rows.iter().map(read).collect()
}

const MAKE_OR_TOUCH: &str = "INSERT INTO bia_abuse_counter (id, nid, failures, locked_until, updated_at, expires_at) VALUES $* \
     ON CONFLICT (id) DO UPDATE SET nid = excluded.nid";
const MAKE_OR_TOUCH_MYSQL: &str = "INSERT INTO bia_abuse_counter (id, nid, failures, locked_until, updated_at, expires_at) VALUES $* \
     ON DUPLICATE KEY UPDATE nid = VALUES(nid)";

/// The counters with these ids, in this order; those that are not kept are made. Until the end of the unit of work
/// nobody else gets or changes them. Every id stands there once.
pub async fn hold(
    tx: &mut Tx,
    ids: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<Counter>, StoreError> {
    let mut fresh: Vec<Counter> = ids.iter().map(|id| Counter::new(*id, now)).collect();
    // Whoever holds several takes them in the same order as all others.
    fresh.sort_by_key(|counter| counter.id);
    // A write that changes nothing of what is kept already takes the locks.
    let sql = tx
        .dialect()
        .pick(MAKE_OR_TOUCH, MAKE_OR_TOUCH, MAKE_OR_TOUCH_MYSQL);
    let nid = tx.nid();
    tx.insert_rows(sql, &rows(nid, &fresh)).await?;
    let kept = find(tx, ids).await?;
    let of = |id: &Uuid| kept.iter().find(|counter| counter.id == *id).cloned();
    let all = ids
        .iter()
        .map(|id| of(id).unwrap_or(Counter::new(*id, now)));
    Ok(all.collect())
}

/// Keeps counters that [`hold`] gave, as they are now.
pub async fn keep(tx: &mut Tx, counters: &[Counter]) -> Result<(), StoreError> {
    let nid = tx.nid();
    for c in counters {
        tx.execute(
            "UPDATE bia_abuse_counter SET failures = $1, locked_until = $2, updated_at = $3, expires_at = $4 WHERE nid = $5 AND id = $6",
            args![c.failures, c.locked_until, c.updated_at, c.expires_at, nid, c.id],
        )
        .await?;
    }
    Ok(())
}

/// Removes counters. Gives how many there were.
pub async fn remove(conn: &mut Conn, ids: &[Uuid]) -> Result<u64, StoreError> {
    let nid = Value::from(conn.nid());
    conn.execute_in(
        "DELETE FROM bia_abuse_counter WHERE nid = $1 AND id IN ($*)",
        &[nid],
        ids.iter().copied().map(Value::from),
    )
    .await
}

fn rows(nid: Uuid, counters: &[Counter]) -> Vec<[Value<'_>; 6]> {
    let row = |c: &Counter| {
        [
            c.id.into(),
            nid.into(),
            c.failures.into(),
            c.locked_until.into(),
            c.updated_at.into(),
            c.expires_at.into(),
        ]
    };
    counters.iter().map(row).collect()
}
