//! Why requests were refused: what an operator may know of it, for as long as somebody may ask.

use serde_json::Value as Document;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, Row, StoreError};

/// The longest request id that is kept, in bytes; they are plain ASCII.
pub const MAX_REQUEST_ID: usize = 256;

/// A request that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Random.
    pub id: Uuid,
    /// What the client or this server calls the request: printable ASCII, at most [`MAX_REQUEST_ID`] bytes. Several
    /// requests may have the same.
    pub request_id: String,
    /// The flow that it was about, when that is known.
    pub flow_id: Option<Uuid>,
    /// Whose account it was about, when that is known.
    pub identity_id: Option<Uuid>,
    /// What happened. Holds no secrets and nothing that was typed.
    pub document: Document,
    /// When the request came.
    pub created_at: OffsetDateTime,
    /// After this it is removed.
    pub expires_at: OffsetDateTime,
}

/// By what refusals are found.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// The id of a request.
    Request(&'a str),
    /// A flow.
    Flow(Uuid),
    /// An identity.
    Identity(Uuid),
}

macro_rules! select {
    ($column:literal) => {
        concat!(
            "SELECT id, request_id, flow_id, identity_id, document, created_at, expires_at FROM bia_refusal WHERE nid = $1 AND ",
            $column,
            " = $2 AND expires_at > $3 ORDER BY created_at DESC, id DESC LIMIT $4"
        )
    };
}

/// Keeps a refusal.
pub async fn insert(conn: &mut Conn, refusal: &Refusal) -> Result<(), StoreError> {
    let r = refusal;
    conn.execute(
        "INSERT INTO bia_refusal (id, nid, request_id, flow_id, identity_id, document, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            r.id,
            conn.nid(),
            &r.request_id,
            r.flow_id,
            r.identity_id,
            r.document.to_string(),
            r.created_at,
            r.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The newest refusals, at most `limit`, newest first; none that have expired.
pub async fn list(
    conn: &mut Conn,
    asked: Asked<'_>,
    limit: u32,
    now: OffsetDateTime,
) -> Result<Vec<Refusal>, StoreError> {
    let nid = conn.nid();
    let rows = match asked {
        Asked::Request(id) => {
            conn.fetch_all(select!("request_id"), args![nid, id, now, limit])
                .await?
        }
        Asked::Flow(id) => {
            conn.fetch_all(select!("flow_id"), args![nid, id, now, limit])
                .await?
        }
        Asked::Identity(id) => {
            conn.fetch_all(select!("identity_id"), args![nid, id, now, limit])
                .await?
        }
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Refusal, StoreError> {
    let mut c = row.columns("bia_refusal");
    Ok(Refusal {
        id: c.take()?,
        request_id: c.take()?,
        flow_id: c.take()?,
        identity_id: c.take()?,
        document: c.json()?,
        created_at: c.take()?,
        expires_at: c.take()?,
    })
}
