//! Which worker delivers which message, and how it ended.

use bia_model::Channel;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Dispatch, Message, Status, columns, find, kind_of, read};
use crate::args;
use crate::db::{Conn, StoreError, Tx};

/// Whether [`claim`] would find anything. Cheap, and only reads: an idle worker asks often.
pub async fn is_due(
    conn: &mut Conn,
    held: Option<Channel>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let nid = conn.nid();
    let waiting = conn
        .fetch_optional(
            "SELECT id FROM courier_messages WHERE nid = $1 AND status = $2 AND NOT EXISTS (SELECT 1 FROM bia_courier_lease l \
             WHERE l.message_id = courier_messages.id AND l.until > $3) AND type <> $4 LIMIT 1",
            args![nid, Status::Queued.number(), now, number(held)],
        )
        .await?;
    if waiting.is_some() {
        return Ok(true);
    }
    let left = conn
        .fetch_optional(
            "SELECT l.message_id FROM bia_courier_lease l JOIN courier_messages m ON m.id = l.message_id \
             WHERE l.nid = $1 AND l.until < $2 AND m.status = $3 LIMIT 1",
            args![nid, now, Status::Processing.number()],
        )
        .await?;
    Ok(left.is_some())
}

/// Takes up to `count` messages for a worker: the oldest that wait and were not [put off](put_off), then
/// those whose worker has let its lease run out. Nobody else gets them until `lease` is over. Those that wait
/// for the `held` channel go on waiting.
///
/// Messages that the reference's own worker is delivering have no lease and are left to it.
pub async fn claim(
    tx: &mut Tx,
    worker: Uuid,
    count: u32,
    held: Option<Channel>,
    lease: Duration,
    now: OffsetDateTime,
) -> Result<Vec<Message>, StoreError> {
    let nid = tx.nid();
    let waiting = tx
        .fetch_all(
            concat!(
                "SELECT ", columns!(), " FROM courier_messages WHERE nid = $1 AND status = $2 AND NOT EXISTS \
                 (SELECT 1 FROM bia_courier_lease l WHERE l.message_id = courier_messages.id AND l.until > $3) \
                 AND type <> $4 ORDER BY created_at, id LIMIT $5"
            ),
            args![nid, Status::Queued.number(), now, number(held), count],
        )
        .await?;
    let mut mine = Vec::new();
    for row in &waiting {
        let mut message = read(row)?;
        if begin(tx, message.id, worker, now + lease).await? {
            message.status = Status::Processing;
            mine.push(message);
        }
    }
    let rest = count.saturating_sub(u32::try_from(mine.len()).unwrap_or(u32::MAX));
    if rest > 0 {
        take_over(tx, worker, rest, now + lease, now, &mut mine).await?;
    }
    Ok(mine)
}

/// The number of a channel's messages; none has the number of no channel.
fn number(channel: Option<Channel>) -> i32 {
    channel.map_or(0, kind_of)
}

/// Of all who try at the same moment one finds the message still waiting.
async fn begin(
    tx: &mut Tx,
    id: Uuid,
    worker: Uuid,
    until: OffsetDateTime,
) -> Result<bool, StoreError> {
    let nid = tx.nid();
    let won = tx
        .execute(
            "UPDATE courier_messages SET status = $1 WHERE nid = $2 AND id = $3 AND status = $4",
            args![
                Status::Processing.number(),
                nid,
                id,
                Status::Queued.number()
            ],
        )
        .await?;
    if won == 0 {
        return Ok(false);
    }
    tx.execute(
        "DELETE FROM bia_courier_lease WHERE nid = $1 AND message_id = $2",
        args![nid, id],
    )
    .await?;
    tx.execute(
        "INSERT INTO bia_courier_lease (message_id, nid, holder, until) VALUES ($1, $2, $3, $4)",
        args![id, nid, worker, until],
    )
    .await?;
    Ok(true)
}

async fn take_over(
    tx: &mut Tx,
    worker: Uuid,
    count: u32,
    until: OffsetDateTime,
    now: OffsetDateTime,
    mine: &mut Vec<Message>,
) -> Result<(), StoreError> {
    let nid = tx.nid();
    let left = tx
        .fetch_all(
            "SELECT l.message_id FROM bia_courier_lease l JOIN courier_messages m ON m.id = l.message_id \
             WHERE l.nid = $1 AND l.until < $2 AND m.status = $3 ORDER BY l.until LIMIT $4",
            args![nid, now, Status::Processing.number(), count],
        )
        .await?;
    for row in &left {
        let id: Uuid = row.only("bia_courier_lease")?;
        let won = tx
            .execute(
                "UPDATE bia_courier_lease SET holder = $1, until = $2 WHERE nid = $3 AND message_id = $4 AND until < $5",
                args![worker, until, nid, id, now],
            )
            .await?;
        if won > 0
            && let Some(message) = find(tx, id).await?
        {
            mine.push(message);
        }
    }
    Ok(())
}

/// Keeps a worker's claim on a message longer. `false` when somebody else has taken it over.
pub async fn renew(
    conn: &mut Conn,
    worker: Uuid,
    id: Uuid,
    until: OffsetDateTime,
) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE bia_courier_lease SET until = $1 WHERE nid = $2 AND message_id = $3 AND holder = $4",
            args![until, conn.nid(), id, worker],
        )
        .await?;
    Ok(found > 0)
}

/// Counts an attempt, before it is made. `false` when the claim was lost to somebody else.
pub async fn count_attempt(conn: &mut Conn, worker: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE courier_messages SET send_count = send_count + 1 WHERE nid = $1 AND id = $2 AND EXISTS \
             (SELECT 1 FROM bia_courier_lease l WHERE l.message_id = courier_messages.id AND l.holder = $3)",
            args![conn.nid(), id, worker],
        )
        .await?;
    Ok(found > 0)
}

/// Notes how an attempt ended (`dispatch`; `None` when none was made), moves the message to
/// `status` and gives up the claim.
///
/// `false`, and nothing is noted, when somebody else has taken the message over in the meantime.
pub async fn finish(
    tx: &mut Tx,
    worker: Uuid,
    id: Uuid,
    status: Status,
    dispatch: Option<&Dispatch>,
) -> Result<bool, StoreError> {
    let nid = tx.nid();
    let mine = tx
        .execute(
            "DELETE FROM bia_courier_lease WHERE nid = $1 AND message_id = $2 AND holder = $3",
            args![nid, id, worker],
        )
        .await?;
    if mine == 0 {
        return Ok(false);
    }
    tx.execute(
        "UPDATE courier_messages SET status = $1 WHERE nid = $2 AND id = $3",
        args![status.number(), nid, id],
    )
    .await?;
    if let Some(dispatch) = dispatch {
        note(tx, id, dispatch).await?;
    }
    Ok(true)
}

/// As [`finish`] after an attempt that failed: the message waits again, and nobody takes it before `until`.
///
/// Its lease goes to nobody in particular, so the reference's worker, which knows no leases, may be earlier.
pub async fn put_off(
    tx: &mut Tx,
    worker: Uuid,
    id: Uuid,
    until: OffsetDateTime,
    dispatch: &Dispatch,
) -> Result<bool, StoreError> {
    let nid = tx.nid();
    let mine = tx
        .execute(
            "UPDATE bia_courier_lease SET holder = $1, until = $2 WHERE nid = $3 AND message_id = $4 AND holder = $5",
            args![Uuid::nil(), until, nid, id, worker],
        )
        .await?;
    if mine == 0 {
        return Ok(false);
    }
    let queued = Status::Queued.number();
    tx.execute(
        "UPDATE courier_messages SET status = $1 WHERE nid = $2 AND id = $3",
        args![queued, nid, id],
    )
    .await?;
    note(tx, id, dispatch).await?;
    Ok(true)
}

/// Lets a message wait again as if it had never been tried: one that was delivered or given up, or that a worker
/// without leases left behind. `false` for one that waits already, is being delivered, or does not exist.
pub async fn requeue(conn: &mut Conn, id: Uuid) -> Result<bool, StoreError> {
    let nid = conn.nid();
    let found = conn
        .execute(
            "UPDATE courier_messages SET status = $1, send_count = 0 WHERE nid = $2 AND id = $3 AND (status = $4 OR \
             status = $5 OR (status = $6 AND NOT EXISTS (SELECT 1 FROM bia_courier_lease l WHERE l.message_id = \
             courier_messages.id)))",
            args![
                Status::Queued.number(),
                nid,
                id,
                Status::Sent.number(),
                Status::Abandoned.number(),
                Status::Processing.number()
            ],
        )
        .await?;
    Ok(found > 0)
}

async fn note(tx: &mut Tx, message_id: Uuid, d: &Dispatch) -> Result<(), StoreError> {
    let nid = tx.nid();
    tx.execute(
        "INSERT INTO courier_message_dispatches (id, message_id, nid, status, error, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            d.id,
            message_id,
            nid,
            if d.success { "success" } else { "failed" },
            d.error.as_ref(),
            d.created_at,
            d.updated_at
        ],
    )
    .await?;
    Ok(())
}
