//! Errors on their way to the error page (spec: storage.md §2, `selfservice_errors`).

use serde_json::Value as Document;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError};

/// An error that a browser was sent away with.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorContainer {
    /// What the page's URL carries.
    pub id: Uuid,
    /// The error object.
    pub error: Document,
    /// The anti-CSRF token of the browser that met it; empty when it had none.
    pub csrf_token: String,
    /// When it happened.
    pub created_at: OffsetDateTime,
    /// When it was first read.
    pub seen_at: Option<OffsetDateTime>,
    /// After this it is removed.
    pub expires_at: OffsetDateTime,
}

/// Keeps an error.
pub async fn insert(conn: &mut Conn, container: &ErrorContainer) -> Result<(), StoreError> {
    let c = container;
    conn.execute(
        "INSERT INTO bia_error (id, nid, document, csrf_token, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![c.id, conn.nid(), c.error.to_string(), &c.csrf_token, c.created_at, c.seen_at, c.expires_at],
    )
    .await?;
    Ok(())
}

/// Reads an error. It stays where it is.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<ErrorContainer>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT id, document, csrf_token, created_at, seen_at, expires_at FROM bia_error WHERE nid = $1 AND id = $2",
            args![conn.nid(), id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut c = row.columns("bia_error");
    Ok(Some(ErrorContainer {
        id: c.take()?,
        error: c.json()?,
        csrf_token: c.take()?,
        created_at: c.take()?,
        seen_at: c.take()?,
        expires_at: c.take()?,
    }))
}

/// Notes that the error was read, the first time.
pub async fn mark_seen(conn: &mut Conn, id: Uuid, now: OffsetDateTime) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE bia_error SET seen_at = $1 WHERE nid = $2 AND id = $3 AND seen_at IS NULL",
        args![now, conn.nid(), id],
    )
    .await?;
    Ok(())
}
