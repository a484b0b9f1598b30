//! Browsers in which somebody gave a second factor, and which need not give it at each login.
//!
//! The texts of tokens are the caller's keyed hashes, at most 64 characters.

use bia_model::MethodName;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, Row, StoreError, Tx, Value};

/// One browser that one identity trusts. Of two people at one browser each trusts it for themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedBrowser {
    /// Random.
    pub id: Uuid,
    /// Who trusts it.
    pub identity_id: Uuid,
    /// The hash of the token that the browser has.
    pub token_hash: String,
    /// The hash of the token that it had before.
    pub previous_hash: Option<String>,
    /// The hash of the secrets that the identity had when it began to trust the browser.
    pub secrets_hash: String,
    /// When it got the token that it has.
    pub rotated_at: OffsetDateTime,
    /// The second factor that was given in it.
    pub method: MethodName,
    /// From where it was used first; as those of devices of sessions.
    pub ip_address: Option<String>,
    /// The browser's own name; at most 512 bytes.
    pub user_agent: Option<String>,
    /// City and country; at most 512 bytes.
    pub location: Option<String>,
    /// When the factor was given.
    pub created_at: OffsetDateTime,
    /// When it last stood for one.
    pub last_used_at: OffsetDateTime,
    /// Until when it may.
    pub expires_at: OffsetDateTime,
}

macro_rules! columns {
    () => {
        "id, identity_id, token_hash, previous_hash, secrets_hash, rotated_at, method, ip_address, user_agent, location, \
         created_at, last_used_at, expires_at"
    };
}

fn read(row: &Row) -> Result<TrustedBrowser, StoreError> {
    let mut c = row.columns("bia_trusted_browsers");
    Ok(TrustedBrowser {
        id: c.take()?,
        identity_id: c.take()?,
        token_hash: c.take()?,
        previous_hash: c.take()?,
        secrets_hash: c.take()?,
        rotated_at: c.take()?,
        method: c.parse(MethodName::parse)?,
        ip_address: c.take()?,
        user_agent: c.take()?,
        location: c.take()?,
        created_at: c.take()?,
        last_used_at: c.take()?,
        expires_at: c.take()?,
    })
}

/// Keeps a browser. Of more than `most` of one identity those that were used last stay.
pub async fn insert(tx: &mut Tx, browser: &TrustedBrowser, most: usize) -> Result<(), StoreError> {
    let (b, nid) = (browser, tx.nid());
    tx.execute(
        "INSERT INTO bia_trusted_browsers (id, nid, identity_id, token_hash, previous_hash, secrets_hash, rotated_at, method, \
         ip_address, user_agent, location, created_at, last_used_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        args![
            b.id,
            nid,
            b.identity_id,
            &b.token_hash,
            b.previous_hash.as_deref(),
            &b.secrets_hash,
            b.rotated_at,
            b.method.as_str(),
            b.ip_address.as_deref(),
            b.user_agent.as_deref(),
            b.location.as_deref(),
            b.created_at,
            b.last_used_at,
            b.expires_at
        ],
    )
    .await?;
    let all = list(tx, b.identity_id, OffsetDateTime::UNIX_EPOCH).await?;
    let others = all.iter().filter(|other| other.id != b.id);
    let surplus = others
        .skip(most.saturating_sub(1))
        .map(|b| Value::from(b.id));
    tx.execute_in(
        "DELETE FROM bia_trusted_browsers WHERE nid = $1 AND id IN ($*)",
        &[Value::from(nid)],
        surplus,
    )
    .await?;
    Ok(())
}

/// The browsers that an identity still trusts at a time, the last used first.
pub async fn list(
    conn: &mut Conn,
    identity_id: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<TrustedBrowser>, StoreError> {
    let rows = conn
        .fetch_all(
            concat!(
                "SELECT ",
                columns!(),
                " FROM bia_trusted_browsers WHERE nid = $1 AND identity_id = $2 AND expires_at > $3 \
                 ORDER BY last_used_at DESC, id DESC"
            ),
            args![conn.nid(), identity_id, now],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Gives a browser another token in place of `before`. `true` for the one caller who is the first with that; `false`
/// when it has another one by now, or is not trusted any more.
pub async fn rotate(
    conn: &mut Conn,
    id: Uuid,
    (before, after): (&str, &str),
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE bia_trusted_browsers SET token_hash = $1, previous_hash = $2, rotated_at = $3, last_used_at = $4 \
             WHERE nid = $5 AND id = $6 AND token_hash = $7 AND expires_at > $8",
            args![after, before, now, now, conn.nid(), id, before, now],
        )
        .await?;
    Ok(found > 0)
}

/// Forgets one browser of an identity. `false` when there is no such.
pub async fn forget(conn: &mut Conn, identity_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "DELETE FROM bia_trusted_browsers WHERE nid = $1 AND identity_id = $2 AND id = $3",
            args![conn.nid(), identity_id, id],
        )
        .await?;
    Ok(found > 0)
}

/// Forgets all browsers of an identity. How many they were.
pub async fn forget_all(conn: &mut Conn, identity_id: Uuid) -> Result<u64, StoreError> {
    conn.execute(
        "DELETE FROM bia_trusted_browsers WHERE nid = $1 AND identity_id = $2",
        args![conn.nid(), identity_id],
    )
    .await
}
