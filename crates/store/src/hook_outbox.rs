//! Calls of web hooks that are to be made whatever happens: each is written down in the unit of work that it tells of,
//! and made afterwards by whichever worker holds it.
//!
//! A worker holds a call until `due_at`; when it dies, the call is due again at that time.

use serde_json::Value as Document;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::args;
use crate::db::{Columns, Conn, Row, StoreError, Tx, Value};
use crate::identity::Paged;

/// The longest reason that is kept, in characters.
const REASON_CHARS: usize = 255;

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallState {
    /// It is to be made, or being made.
    Waiting,
    /// The other server took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl CallState {
    const ALL: [CallState; 3] = [CallState::Waiting, CallState::Delivered, CallState::Failed];

    /// As stored, and as the admin API shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            CallState::Waiting => "waiting",
            CallState::Delivered => "delivered",
            CallState::Failed => "failed",
        }
    }

    /// Reads [`CallState::as_str`]; `None` for anything else.
    pub fn parse(text: &str) -> Option<CallState> {
        CallState::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A call that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct HookCall {
    /// Random; the id by which the other server knows the event, however often it is told.
    pub id: Uuid,
    /// By what the configuration finds the hook; at most 255 characters.
    pub hook: String,
    /// How people call the hook; at most 255 characters.
    pub name: String,
    /// What is sent. Holds what people sent: never logged.
    pub body: Document,
    /// How far it is.
    pub state: CallState,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed; empty in a call that never failed.
    pub last_error: String,
    /// Not to be made before this time.
    pub due_at: OffsetDateTime,
    /// When it was written down.
    pub created_at: OffsetDateTime,
    /// When it was last tried or changed.
    pub updated_at: OffsetDateTime,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempted<'a> {
    /// The other server took it.
    Delivered,
    /// It failed for this reason, and is tried again at this time.
    PutOff(&'a str, OffsetDateTime),
    /// It failed for this reason, and is not tried again.
    Failed(&'a str),
}

macro_rules! columns {
    () => {
        "id, hook, name, body, state, attempts, last_error, due_at, created_at, updated_at"
    };
}

fn read(row: &Row) -> Result<HookCall, StoreError> {
    let c: &mut Columns<'_> = &mut row.columns("bia_hook_outbox");
    Ok(HookCall {
        id: c.take()?,
        hook: c.take()?,
        name: c.take()?,
        body: c.parse(|text| serde_json::from_str(text).ok())?,
        state: c.parse(CallState::parse)?,
        attempts: c.take()?,
        last_error: c.take::<Option<String>>()?.unwrap_or_default(),
        due_at: c.take()?,
        created_at: c.take()?,
        updated_at: c.take()?,
    })
}

/// Writes a call down. It is made once this is committed.
pub async fn insert(conn: &mut Conn, call: &HookCall) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO bia_hook_outbox (id, nid, hook, name, body, state, attempts, due_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            call.id,
            conn.nid(),
            &call.hook,
            &call.name,
            call.body.to_string(),
            call.state.as_str(),
            call.attempts,
            call.due_at,
            call.created_at,
            call.updated_at
        ],
    )
    .await?;
    Ok(())
}

/// Whether [`claim`] would find anything. Cheap, and only reads: an idle worker asks often.
pub async fn is_due(conn: &mut Conn, now: OffsetDateTime) -> Result<bool, StoreError> {
    let nid = conn.nid();
    let due = conn
        .fetch_optional(
            "SELECT id FROM bia_hook_outbox WHERE nid = $1 AND state = $2 AND due_at <= $3 LIMIT 1",
            args![nid, CallState::Waiting.as_str(), now],
        )
        .await?;
    Ok(due.is_some())
}

/// Takes up to `count` calls that are due for a worker, those that have waited longest first; each counts as tried from
/// here on. Nobody else gets them until `lease` is over.
pub async fn claim(
    tx: &mut Tx,
    worker: Uuid,
    count: u32,
    lease: Duration,
    now: OffsetDateTime,
) -> Result<Vec<HookCall>, StoreError> {
    let (nid, waiting) = (tx.nid(), CallState::Waiting.as_str());
    let due = tx
        .fetch_all(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bia_hook_outbox WHERE nid = $1 AND state = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4"
            ),
            args![nid, waiting, now, count],
        )
        .await?;
    let mut mine = Vec::new();
    for row in &due {
        let mut call = read(row)?;
        let won = tx
            .execute(
                "UPDATE bia_hook_outbox SET holder = $1, due_at = $2, attempts = attempts + 1, updated_at = $3 \
                 WHERE nid = $4 AND id = $5 AND state = $6 AND due_at <= $7",
                args![worker, now + lease, now, nid, call.id, waiting, now],
            )
            .await?;
        if won > 0 {
            call.attempts += 1;
            mine.push(call);
        }
    }
    Ok(mine)
}

/// Notes how an attempt ended. `false`, and nothing is noted, when somebody else has taken the call over meanwhile.
pub async fn finish(
    conn: &mut Conn,
    worker: Uuid,
    id: Uuid,
    ended: Attempted<'_>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (state, reason, due_at) = match ended {
        Attempted::Delivered => (CallState::Delivered, None, now),
        Attempted::PutOff(reason, at) => (CallState::Waiting, Some(reason), at),
        Attempted::Failed(reason) => (CallState::Failed, Some(reason), now),
    };
    let reason: Option<String> = reason.map(|text| text.chars().take(REASON_CHARS).collect());
    let found = conn
        .execute(
            "UPDATE bia_hook_outbox SET state = $1, last_error = $2, due_at = $3, updated_at = $4, holder = $5 \
             WHERE nid = $6 AND id = $7 AND holder = $8",
            args![
                state.as_str(),
                reason,
                due_at,
                now,
                Uuid::nil(),
                conn.nid(),
                id,
                worker
            ],
        )
        .await?;
    Ok(found > 0)
}

/// Lets a call that was given up, or delivered, be made again, under its old id and as if it had never been tried.
/// `false` for one that waits already or does not exist.
pub async fn replay(conn: &mut Conn, id: Uuid, now: OffsetDateTime) -> Result<bool, StoreError> {
    let waiting = CallState::Waiting.as_str();
    let found = conn
        .execute(
            "UPDATE bia_hook_outbox SET state = $1, attempts = 0, due_at = $2, updated_at = $3 \
             WHERE nid = $4 AND id = $5 AND state <> $6",
            args![waiting, now, now, conn.nid(), id, waiting],
        )
        .await?;
    Ok(found > 0)
}

/// The call of an id.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<HookCall>, StoreError> {
    let row = conn
        .fetch_optional(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bia_hook_outbox WHERE nid = $1 AND id = $2"
            ),
            args![conn.nid(), id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Which calls, and which part of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallPage {
    /// Only those in this state.
    pub state: Option<CallState>,
    /// The last call of the page before: when it was written down, and its id. `None` for the first page.
    pub after: Option<(OffsetDateTime, Uuid)>,
    /// Most items.
    pub size: u32,
}

macro_rules! select {
    ($condition:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM bia_hook_outbox WHERE nid = $1",
            $condition,
            " ORDER BY created_at DESC, id LIMIT ",
            $limit
        )
    };
}

/// A page of calls, newest first, then by id.
pub async fn list(conn: &mut Conn, page: CallPage) -> Result<Paged<HookCall>, StoreError> {
    let mut values = vec![Value::from(conn.nid())];
    values.extend(page.state.map(|s| Value::from(s.as_str())));
    if let Some((at, id)) = page.after {
        values.extend([Value::from(at), at.into(), id.into()]);
    }
    values.push((i64::from(page.size) + 1).into());
    let sql = match (page.state.is_some(), page.after.is_some()) {
        (false, false) => select!("", "$2"),
        (true, false) => select!(" AND state = $2", "$3"),
        (false, true) => {
            select!(
                " AND (created_at < $2 OR (created_at = $3 AND id > $4))",
                "$5"
            )
        }
        (true, true) => select!(
            " AND state = $2 AND (created_at < $3 OR (created_at = $4 AND id > $5))",
            "$6"
        ),
    };
    let rows = conn.fetch_all(sql, &values).await?;
    let items: Vec<HookCall> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Paged::cut(items, page.size))
}
