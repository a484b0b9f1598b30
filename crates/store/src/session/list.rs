//! Lists of sessions: newest first.

use bia_model::Session;
use time::OffsetDateTime;
use uuid::Uuid;

use super::lookup::{load_devices, read_session, session_columns};
use crate::args;
use crate::db::{Conn, Row, StoreError, Value};
use crate::identity::Paged;

macro_rules! statement {
    ($condition:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            session_columns!(),
            " FROM sessions s WHERE s.nid = $1",
            $condition,
            " ORDER BY s.created_at DESC, s.id LIMIT ",
            $limit
        )
    };
}

/// The place after which a page of the admin's list begins: the last session of the page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminPosition {
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

/// Which part of the admin's list.
#[derive(Clone, Copy, Debug)]
pub struct AdminPage {
    /// `true`: active and not expired; `false`: the others; `None`: all.
    pub active: Option<bool>,
    /// Where it begins; `None` for the first page.
    pub after: Option<AdminPosition>,
    /// Most items.
    pub size: u32,
    /// Whether devices are read.
    pub devices: bool,
}

/// A page of all sessions (admin.md §9): newest first, then by id.
pub async fn list(
    conn: &mut Conn,
    page: AdminPage,
    now: OffsetDateTime,
) -> Result<Paged<Session>, StoreError> {
    let limit = Value::from(i64::from(page.size) + 1);
    let mut values = vec![Value::from(conn.nid())];
    if let Some(active) = page.active {
        values.extend([active.into(), now.into()]);
    }
    if let Some(after) = page.after {
        values.extend([
            after.created_at.into(),
            after.created_at.into(),
            after.id.into(),
        ]);
    }
    values.push(limit);
    let sql = match (page.active, page.after.is_some()) {
        (None, false) => statement!("", "$2"),
        (None, true) => statement!(
            " AND (s.created_at < $2 OR (s.created_at = $3 AND s.id > $4))",
            "$5"
        ),
        (Some(true), false) => statement!(" AND s.active = $2 AND s.expires_at > $3", "$4"),
        (Some(true), true) => statement!(
            " AND s.active = $2 AND s.expires_at > $3 AND (s.created_at < $4 OR (s.created_at = $5 AND s.id > $6))",
            "$7"
        ),
        (Some(false), false) => statement!(" AND (s.active = $2 OR s.expires_at <= $3)", "$4"),
        (Some(false), true) => statement!(
            " AND (s.active = $2 OR s.expires_at <= $3) AND (s.created_at < $4 OR (s.created_at = $5 AND s.id > $6))",
            "$7"
        ),
    };
    let rows = conn.fetch_all(sql, &values).await?;
    let mut paged = Paged::cut(read(&rows)?, page.size);
    if page.devices {
        load_devices(conn, &mut paged.items).await?;
    }
    Ok(paged)
}

fn read(rows: &[Row]) -> Result<Vec<Session>, StoreError> {
    rows.iter()
        .map(|row| read_session(&mut row.columns("sessions")))
        .collect()
}

/// Sessions of one identity with their devices, newest first (sessions.md §10). `active` as in
/// [`AdminPage`]; `except` is left out.
pub async fn list_of_identity(
    conn: &mut Conn,
    identity_id: Uuid,
    active: Option<bool>,
    except: Option<Uuid>,
    (skip, size): (u32, u32),
    now: OffsetDateTime,
) -> Result<Vec<Session>, StoreError> {
    let except = except.unwrap_or_default();
    let rows = match active {
        None => {
            conn.fetch_all(
                concat!("SELECT ", session_columns!(), " FROM sessions s WHERE s.identity_id = $1 AND s.nid = $2 AND s.id <> $3 ORDER BY s.created_at DESC, s.id LIMIT $4 OFFSET $5"),
                args![identity_id, conn.nid(), except, size, skip],
            )
            .await?
        }
        Some(true) => {
            conn.fetch_all(
                concat!("SELECT ", session_columns!(), " FROM sessions s WHERE s.identity_id = $1 AND s.nid = $2 AND s.id <> $3 AND s.active = $4 AND s.expires_at > $5 ORDER BY s.created_at DESC, s.id LIMIT $6 OFFSET $7"),
                args![identity_id, conn.nid(), except, true, now, size, skip],
            )
            .await?
        }
        Some(false) => {
            conn.fetch_all(
                concat!("SELECT ", session_columns!(), " FROM sessions s WHERE s.identity_id = $1 AND s.nid = $2 AND s.id <> $3 AND (s.active = $4 OR s.expires_at <= $5) ORDER BY s.created_at DESC, s.id LIMIT $6 OFFSET $7"),
                args![identity_id, conn.nid(), except, false, now, size, skip],
            )
            .await?
        }
    };
    let mut sessions = read(&rows)?;
    if !sessions.is_empty() {
        load_devices(conn, &mut sessions).await?;
    }
    Ok(sessions)
}

/// The length of the whole of [`list_of_identity`].
pub async fn count_of_identity(
    conn: &mut Conn,
    identity_id: Uuid,
    active: Option<bool>,
    except: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<i64, StoreError> {
    let except = except.unwrap_or_default();
    let row = match active {
        None => {
            conn.fetch_one(
                "SELECT COUNT(*) FROM sessions WHERE identity_id = $1 AND nid = $2 AND id <> $3",
                args![identity_id, conn.nid(), except],
            )
            .await?
        }
        Some(true) => {
            conn.fetch_one(
                "SELECT COUNT(*) FROM sessions WHERE identity_id = $1 AND nid = $2 AND id <> $3 AND active = $4 AND expires_at > $5",
                args![identity_id, conn.nid(), except, true, now],
            )
            .await?
        }
        Some(false) => {
            conn.fetch_one(
                "SELECT COUNT(*) FROM sessions WHERE identity_id = $1 AND nid = $2 AND id <> $3 AND (active = $4 OR expires_at <= $5)",
                args![identity_id, conn.nid(), except, false, now],
            )
            .await?
        }
    };
    row.only("sessions")
}
