//! What a browser left behind when it was sent away, for when it comes back (spec: storage.md §2,
//! `continuity_containers`).

use serde_json::Value as Document;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError};

/// A container; its id is in the browser's continuity cookie.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// Random.
    pub id: Uuid,
    /// Who was signed in, if anybody.
    pub identity_id: Option<Uuid>,
    /// What it is about; the caller's own name.
    pub name: String,
    /// What was left.
    pub payload: Option<Document>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it counts.
    pub expires_at: OffsetDateTime,
}

/// Keeps a container.
pub async fn insert(conn: &mut Conn, container: &Container) -> Result<(), StoreError> {
    let c = container;
    let payload = c.payload.as_ref().map(Document::to_string);
    conn.execute(
        "INSERT INTO bia_continuity (id, nid, identity_id, name, payload, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![c.id, conn.nid(), c.identity_id, &c.name, payload, c.created_at, c.expires_at],
    )
    .await?;
    Ok(())
}

/// The container of an id and name; expired ones are found as well.
pub async fn find(conn: &mut Conn, id: Uuid, name: &str) -> Result<Option<Container>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT id, identity_id, name, payload, created_at, expires_at FROM bia_continuity WHERE nid = $1 AND id = $2 AND name = $3",
            args![conn.nid(), id, name],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut c = row.columns("bia_continuity");
    Ok(Some(Container {
        id: c.take()?,
        identity_id: c.take()?,
        name: c.take()?,
        payload: c.json_or_null()?,
        created_at: c.take()?,
        expires_at: c.take()?,
    }))
}

/// Removes a container. `true` for the one caller that did.
pub async fn delete(conn: &mut Conn, id: Uuid) -> Result<bool, StoreError> {
    let gone = conn
        .execute(
            "DELETE FROM bia_continuity WHERE nid = $1 AND id = $2",
            args![conn.nid(), id],
        )
        .await?;
    Ok(gone > 0)
}

/// Lets a container end earlier: once used, it need only outlive a reload of the page.
pub async fn shorten(
    conn: &mut Conn,
    id: Uuid,
    expires_at: OffsetDateTime,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE bia_continuity SET expires_at = $1 WHERE nid = $2 AND id = $3 AND expires_at > $4",
        args![expires_at, conn.nid(), id, expires_at],
    )
    .await?;
    Ok(())
}
