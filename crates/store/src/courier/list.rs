//! Lists of messages: newest first.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Message, Status, columns, read};
use crate::args;
use crate::db::{Conn, StoreError, Value};
use crate::identity::Paged;

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

/// The number of messages that were queued for a recipient since a time, whatever became of them.
pub async fn count_since(
    conn: &mut Conn,
    recipient: &str,
    since: OffsetDateTime,
) -> Result<i64, StoreError> {
    let row = conn
        .fetch_one(
            "SELECT COUNT(*) FROM courier_messages WHERE nid = $1 AND recipient = $2 AND created_at > $3",
            args![conn.nid(), recipient, since],
        )
        .await?;
    row.only("courier_messages")
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
