//! The queue of messages (spec: courier.md §1-3, storage.md §2).
//!
//! The rows are the reference's; who is delivering a message stands in a table of our own, so that
//! any number of workers share the queue and a worker that dies loses nothing.

mod delivery;
mod list;

use std::collections::BTreeMap;

use bia_model::Channel;
use serde_json::Value as Document;
use time::OffsetDateTime;
use uuid::Uuid;

pub use delivery::{claim, count_attempt, finish, is_due, put_off, renew, requeue};
pub use list::{MessagePage, count_queued, count_since, list};

use crate::args;
use crate::db::{Columns, Conn, Row, StoreError, Value};

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

pub(crate) use columns;

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

/// The number by which `type` names a channel.
fn kind_of(via: Channel) -> i32 {
    match via {
        Channel::Email => 1,
        Channel::Sms => 2,
    }
}

/// Puts a message into the queue.
pub async fn insert(conn: &mut Conn, message: &Message) -> Result<(), StoreError> {
    let m = message;
    let kind = kind_of(m.via);
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
