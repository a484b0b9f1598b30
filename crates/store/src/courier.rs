//! The queue of messages (spec: courier.md §1-3, storage.md §2).
//!
//! The rows are the reference's; who is delivering a message stands in a table of our own, so that
//! any number of workers share the queue and a worker that dies loses nothing.

use std::collections::BTreeMap;

use bia_model::Channel;
use serde_json::Value as Document;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::args;
use crate::db::{Columns, Conn, Row, StoreError, Tx, Value};
use crate::identity::Paged;

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waiting.
    Queued,
    /// Delivered.
    Sent,
    /// Being delivered.
    Processing,
    /// Given up.
    Abandoned,
}

impl Status {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Sent => "sent",
            Status::Processing => "processing",
            Status::Abandoned => "abandoned",
        }
    }

    /// Reads the wire name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Status> {
        [
            Status::Queued,
            Status::Sent,
            Status::Processing,
            Status::Abandoned,
        ]
        .into_iter()
        .find(|s| s.as_str() == text)
    }

    fn number(self) -> i32 {
        match self {
            Status::Queued => 1,
            Status::Sent => 2,
            Status::Processing => 3,
            Status::Abandoned => 4,
        }
    }

    fn of_number(number: i32) -> Option<Status> {
        [
            Status::Queued,
            Status::Sent,
            Status::Processing,
            Status::Abandoned,
        ]
        .into_iter()
        .find(|s| s.number() == number)
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Random.
    pub id: Uuid,
    /// How far it is.
    pub status: Status,
    /// Mail or SMS.
    pub via: Channel,
    /// The address it goes to.
    pub recipient: String,
    /// The rendered subject; empty for SMS.
    pub subject: String,
    /// The rendered plain text. Holds codes: never logged.
    pub body: String,
    /// The template's name.
    pub template_type: String,
    /// The template's variables. Holds codes: never shown, never logged.
    pub template_data: Document,
    /// Headers of the request that caused it, for channels that pass them on.
    pub request_headers: BTreeMap<String, Vec<String>>,
    /// The channel's id: `email`, `sms` or an operator's own.
    pub channel: String,
    /// How often delivery was tried.
    pub send_count: i32,
    /// When it was queued.
    pub created_at: OffsetDateTime,
    /// As `created_at`: changes of the status do not touch it.
    pub updated_at: OffsetDateTime,
}

/// One attempt to deliver a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// Random.
    pub id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// Whether the channel took it.
    pub success: bool,
    /// What went wrong.
    pub error: Option<Document>,
    /// When.
    pub created_at: OffsetDateTime,
    /// As `created_at`.
    pub updated_at: OffsetDateTime,
}

macro_rules! columns {
    () => {
        "id, status, type, recipient, subject, body, template_type, template_data, request_headers, channel, send_count, \
         created_at, updated_at"
    };
}

fn read(row: &Row) -> Result<Message, StoreError> {
    let c: &mut Columns<'_> = &mut row.columns("courier_messages");
    let (id, status, kind): (Uuid, i32, i32) = (c.take()?, c.take()?, c.take()?);
    let via = if kind == 2 {
        Channel::Sms
    } else {
        Channel::Email
    };
    let corrupt = |column: &str| StoreError::Corrupt {
        table: "courier_messages",
        column: column.into(),
        id,
        reason: "not a value that this column may hold".into(),
    };
    Ok(Message {
        id,
        status: Status::of_number(status).ok_or_else(|| corrupt("status"))?,
        via,
        recipient: c.take()?,
        subject: c.take()?,
        body: c.take()?,
        template_type: c.take()?,
        template_data: match c.take::<Option<Vec<u8>>>()? {
            Some(bytes) if !bytes.is_empty() => {
                serde_json::from_slice(&bytes).map_err(|_| corrupt("template_data"))?
            }
            _ => Document::Null,
        },
        request_headers: c.json_or_null()?.unwrap_or_default(),
        channel: c
            .take::<Option<String>>()?
            .unwrap_or_else(|| via.as_str().to_owned()),
        send_count: c.take()?,
        created_at: c.take()?,
        updated_at: c.take()?,
    })
}

/// Puts a message into the queue.
pub async fn insert(conn: &mut Conn, message: &Message) -> Result<(), StoreError> {
    let m = message;
    let kind = match m.via {
        Channel::Email => 1,
        Channel::Sms => 2,
    };
    conn.execute(
        "INSERT INTO courier_messages (id, nid, status, type, recipient, subject, body, template_type, template_data, \
         request_headers, channel, send_count, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        args![
            m.id,
            conn.nid(),
            m.status.number(),
            kind,
            &m.recipient,
            &m.subject,
            &m.body,
            &m.template_type,
            m.template_data.to_string().into_bytes(),
            Value::json(&m.request_headers)?,
            &m.channel,
            m.send_count,
            m.created_at,
            m.updated_at
        ],
    )
    .await?;
    Ok(())
}

/// Whether [`claim`] would find anything. Cheap, and only reads: an idle worker asks often.
pub async fn is_due(conn: &mut Conn, now: OffsetDateTime) -> Result<bool, StoreError> {
    let nid = conn.nid();
    let waiting = conn
        .fetch_optional(
            "SELECT id FROM courier_messages WHERE nid = $1 AND status = $2 AND NOT EXISTS (SELECT 1 FROM bia_courier_lease l \
             WHERE l.message_id = courier_messages.id AND l.until > $3) LIMIT 1",
            args![nid, Status::Queued.number(), now],
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
/// those whose worker has let its lease run out. Nobody else gets them until `lease` is over.
///
/// Messages that the reference's own worker is delivering have no lease and are left to it.
pub async fn claim(
    tx: &mut Tx,
    worker: Uuid,
    count: u32,
    lease: Duration,
    now: OffsetDateTime,
) -> Result<Vec<Message>, StoreError> {
    let nid = tx.nid();
    let waiting = tx
        .fetch_all(
            concat!(
                "SELECT ", columns!(), " FROM courier_messages WHERE nid = $1 AND status = $2 AND NOT EXISTS \
                 (SELECT 1 FROM bia_courier_lease l WHERE l.message_id = courier_messages.id AND l.until > $3) \
                 ORDER BY created_at, id LIMIT $4"
            ),
            args![nid, Status::Queued.number(), now, count],
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

/// The message of an id.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Message>, StoreError> {
    let row = conn
        .fetch_optional(
            concat!(
                "SELECT ",
                columns!(),
                " FROM courier_messages WHERE nid = $1 AND id = $2"
            ),
            args![conn.nid(), id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The attempts to deliver a message, newest first, at most 1000.
pub async fn list_dispatches(
    conn: &mut Conn,
    message_id: Uuid,
) -> Result<Vec<Dispatch>, StoreError> {
    let rows = conn
        .fetch_all(
            "SELECT id, message_id, status, error, created_at, updated_at FROM courier_message_dispatches \
             WHERE (nid = $1) IS TRUE AND message_id = $2 ORDER BY created_at DESC, id LIMIT 1000",
            args![conn.nid(), message_id],
        )
        .await?;
    let dispatch = |row: &Row| {
        let mut c = row.columns("courier_message_dispatches");
        Ok(Dispatch {
            id: c.take()?,
            message_id: c.take()?,
            success: c.take::<String>()? == "success",
            error: c.json_or_null()?,
            created_at: c.take()?,
            updated_at: c.take()?,
        })
    };
    rows.iter().map(dispatch).collect()
}

/// Which messages, and which part of them.
#[derive(Clone, Debug, Default)]
pub struct MessagePage {
    /// Only those of this status.
    pub status: Option<Status>,
    /// Only those to this recipient, exactly.
    pub recipient: Option<String>,
    /// The last message of the page before: when it was made, and its id. `None` for the first page.
    pub after: Option<(OffsetDateTime, Uuid)>,
    /// Most items.
    pub size: u32,
}

macro_rules! select {
    ($condition:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM courier_messages WHERE nid = $1",
            $condition,
            " ORDER BY created_at DESC, id LIMIT ",
            $limit
        )
    };
}

/// A page of messages, newest first, then by id.
pub async fn list(conn: &mut Conn, page: &MessagePage) -> Result<Paged<Message>, StoreError> {
    let mut values = vec![Value::from(conn.nid())];
    values.extend(page.status.map(|s| Value::from(s.number())));
    values.extend(page.recipient.as_deref().map(Value::from));
    if let Some((at, id)) = page.after {
        values.extend([Value::from(at), at.into(), id.into()]);
    }
    values.push((i64::from(page.size) + 1).into());
    let sql = match (
        page.status.is_some(),
        page.recipient.is_some(),
        page.after.is_some(),
    ) {
        (false, false, false) => select!("", "$2"),
        (false, false, true) => select!(
            " AND (created_at < $2 OR (created_at = $3 AND id > $4))",
            "$5"
        ),
        (true, false, false) => select!(" AND status = $2", "$3"),
        (true, false, true) => select!(
            " AND status = $2 AND (created_at < $3 OR (created_at = $4 AND id > $5))",
            "$6"
        ),
        (false, true, false) => select!(" AND recipient = $2", "$3"),
        (false, true, true) => select!(
            " AND recipient = $2 AND (created_at < $3 OR (created_at = $4 AND id > $5))",
            "$6"
        ),
        (true, true, false) => select!(" AND status = $2 AND recipient = $3", "$4"),
        (true, true, true) => {
            select!(
                " AND status = $2 AND recipient = $3 AND (created_at < $4 OR (created_at = $5 AND id > $6))",
                "$7"
            )
        }
    };
    let rows = conn.fetch_all(sql, &values).await?;
    let items: Vec<Message> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Paged::cut(items, page.size))
}

/// The number of messages that wait, for metrics.
pub async fn count_queued(conn: &mut Conn) -> Result<i64, StoreError> {
    let row = conn
        .fetch_one(
            "SELECT COUNT(*) FROM courier_messages WHERE nid = $1 AND status = $2",
            args![conn.nid(), Status::Queued.number()],
        )
        .await?;
    row.only("courier_messages")
}
