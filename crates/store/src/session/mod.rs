//! Sessions and the devices they were used from (spec: sessions.md, admin.md §9, storage.md §2).
//!
//! The texts of tokens are the caller's: plain, or keyed hashes that fit the column (39 characters).

mod beside;
mod gathered;
mod list;
mod lookup;
mod remembered;
mod snapshot;

use bia_model::{Aal, Session};
use time::OffsetDateTime;
use uuid::Uuid;

pub use beside::Beside;
pub use list::{AdminPage, AdminPosition, count_of_identity, list, list_of_identity};
pub use lookup::{LiveSession, find, find_any_by_token, find_by_token};
pub use remembered::Remembered;

use crate::args;
use crate::db::{Conn, StoreError, Tx, Value};

/// The most bytes that the device columns take.
const ADDRESS_BYTES: usize = 50;
const TEXT_BYTES: usize = 512;

/// Keeps a new session and its devices. `token` is the text to be looked for later.
/// [`StoreError::Dangling`] when the identity is gone.
pub async fn insert(tx: &mut Tx, session: &Session, token: &str) -> Result<(), StoreError> {
    let (s, nid) = (session, tx.nid());
    tx.execute(
        "INSERT INTO sessions (id, nid, identity_id, token, logout_token, active, issued_at, authenticated_at, expires_at, \
         aal, authentication_methods, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        args![
            s.id,
            nid,
            s.identity_id,
            token,
            &s.logout_token,
            s.active,
            s.issued_at,
            s.authenticated_at,
            s.expires_at,
            s.aal.as_str(),
            Value::json(&s.authentication_methods)?,
            s.created_at,
            s.created_at
        ],
    )
    .await?;
    insert_devices(tx, session).await
}

async fn insert_devices(tx: &mut Tx, session: &Session) -> Result<(), StoreError> {
    let nid = tx.nid();
    let rows: Vec<[Value<'_>; 9]> = session
        .devices
        .iter()
        .map(|d| {
            [
                d.id.into(),
                nid.into(),
                session.id.into(),
                session.identity_id.into(),
                cut(d.ip_address.as_deref(), ADDRESS_BYTES).into(),
                cut(d.user_agent.as_deref(), TEXT_BYTES).into(),
                cut(d.location.as_deref(), TEXT_BYTES).into(),
                session.created_at.into(),
                session.created_at.into(),
            ]
        })
        .collect();
    tx.insert_rows(
        "INSERT INTO session_devices (id, nid, session_id, identity_id, ip_address, user_agent, location, created_at, updated_at) VALUES $*",
        &rows,
    )
    .await
}

/// As much of the text as fits, in whole characters.
fn cut(text: Option<&str>, bytes: usize) -> Option<&str> {
    text.map(|text| &text[..text.floor_char_boundary(bytes)])
}

/// Stores the changed members of a session that was kept before: its level,
/// methods and times. Devices and tokens stay, and so does the revocation of a session that was
/// revoked since it was read. `false` when it is gone.
pub async fn update(
    conn: &mut Conn,
    session: &Session,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let s = session;
    let found = conn
        .execute(
            "UPDATE sessions SET authenticated_at = $1, expires_at = $2, aal = $3, authentication_methods = $4, \
             updated_at = $5 WHERE nid = $6 AND id = $7",
            args![
                s.authenticated_at,
                s.expires_at,
                s.aal.as_str(),
                Value::json(&s.authentication_methods)?,
                now,
                conn.nid(),
                s.id
            ],
        )
        .await?;
    Ok(found > 0)
}

/// Stores the session whether or not it was kept before; see [`update`] and [`insert`].
pub async fn upsert(
    tx: &mut Tx,
    session: &Session,
    token: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    if update(tx, session, now).await? {
        Ok(())
    } else {
        insert(tx, session, token).await
    }
}

/// Gives a session another token; the one before is void. `false` when there is no such session.
pub async fn set_token(conn: &mut Conn, id: Uuid, token: &str) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE sessions SET token = $1 WHERE nid = $2 AND id = $3",
            args![token, conn.nid(), id],
        )
        .await?;
    Ok(found > 0)
}

/// Sets the level alone, for sessions whose stored one is out of date.
pub async fn set_aal(conn: &mut Conn, id: Uuid, aal: Aal) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE sessions SET aal = $1 WHERE nid = $2 AND id = $3",
        args![aal.as_str(), conn.nid(), id],
    )
    .await?;
    Ok(())
}

/// Ends a session; its row stays, and so does the time of one that had ended before. `false` when there is none.
pub async fn revoke(conn: &mut Conn, id: Uuid, now: OffsetDateTime) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE sessions SET updated_at = CASE WHEN active = $1 THEN $2 ELSE updated_at END, active = $3 WHERE nid = $4 AND id = $5",
            args![true, now, false, conn.nid(), id],
        )
        .await?;
    Ok(found > 0)
}

/// As [`revoke`], but only a session of this identity.
pub async fn revoke_of_identity(
    conn: &mut Conn,
    identity_id: Uuid,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE sessions SET updated_at = CASE WHEN active = $1 THEN $2 ELSE updated_at END, active = $3 WHERE nid = $4 AND identity_id = $5 AND id = $6",
            args![true, now, false, conn.nid(), identity_id, id],
        )
        .await?;
    Ok(found > 0)
}

/// Ends all other sessions of the identity, as [`revoke`] does. Gives the number of its other rows, those that had
/// ended before included (sessions.md §10).
pub async fn revoke_others(
    conn: &mut Conn,
    identity_id: Uuid,
    keep: Uuid,
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    conn.execute(
        "UPDATE sessions SET updated_at = CASE WHEN active = $1 THEN $2 ELSE updated_at END, active = $3 WHERE nid = $4 AND identity_id = $5 AND id <> $6",
        args![true, now, false, conn.nid(), identity_id, keep],
    )
    .await
}

/// Moves a session's end, if it ends before `unless_after`. `false` when it stays as it was, or is gone.
pub async fn extend(
    conn: &mut Conn,
    id: Uuid,
    expires_at: OffsetDateTime,
    unless_after: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE sessions SET expires_at = $1, updated_at = $2 WHERE nid = $3 AND id = $4 AND expires_at < $5",
            args![expires_at, now, conn.nid(), id, unless_after],
        )
        .await?;
    Ok(found > 0)
}

/// Removes all sessions of an identity. Gives their number.
pub async fn delete_of_identity(conn: &mut Conn, identity_id: Uuid) -> Result<u64, StoreError> {
    conn.execute(
        "DELETE FROM sessions WHERE nid = $1 AND identity_id = $2",
        args![conn.nid(), identity_id],
    )
    .await
}

/// Which sessions a bulk change is about.
#[derive(Clone, Copy, Debug)]
pub enum Bulk<'a> {
    /// These.
    Sessions(&'a [Uuid]),
    /// All of these identities.
    Identities(&'a [Uuid]),
    /// All of the network, at most this many a call.
    All(u32),
}

/// Ends sessions. Gives the number of those that had not ended before.
pub async fn revoke_bulk(
    conn: &mut Conn,
    which: Bulk<'_>,
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    let values = [
        Value::from(false),
        now.into(),
        conn.nid().into(),
        true.into(),
    ];
    match which {
        Bulk::Sessions(ids) => {
            conn.execute_in(
                "UPDATE sessions SET active = $1, updated_at = $2 WHERE (nid = $3) IS TRUE AND active = $4 AND id IN ($*)",
                &values,
                ids.iter().copied().map(Value::from),
            )
            .await
        }
        Bulk::Identities(ids) => {
            conn.execute_in(
                "UPDATE sessions SET active = $1, updated_at = $2 WHERE (nid = $3) IS TRUE AND active = $4 AND identity_id IN ($*)",
                &values,
                ids.iter().copied().map(Value::from),
            )
            .await
        }
        Bulk::All(most) => {
            let ids = some_ids(conn, "SELECT id FROM sessions WHERE nid = $1 AND active = $2 LIMIT $3", Some(true), most).await?;
            conn.execute_in(
                "UPDATE sessions SET active = $1, updated_at = $2 WHERE (nid = $3) IS TRUE AND active = $4 AND id IN ($*)",
                &values,
                ids.into_iter().map(Value::from),
            )
            .await
        }
    }
}

/// Removes sessions. Gives their number.
pub async fn delete_bulk(conn: &mut Conn, which: Bulk<'_>) -> Result<u64, StoreError> {
    let nid = [Value::from(conn.nid())];
    const BY_ID: &str = "DELETE FROM sessions WHERE (nid = $1) IS TRUE AND id IN ($*)";
    match which {
        Bulk::Sessions(ids) => {
            conn.execute_in(BY_ID, &nid, ids.iter().copied().map(Value::from))
                .await
        }
        Bulk::Identities(ids) => {
            conn.execute_in(
                "DELETE FROM sessions WHERE (nid = $1) IS TRUE AND identity_id IN ($*)",
                &nid,
                ids.iter().copied().map(Value::from),
            )
            .await
        }
        Bulk::All(most) => {
            let ids = some_ids(
                conn,
                "SELECT id FROM sessions WHERE nid = $1 LIMIT $2",
                None,
                most,
            )
            .await?;
            conn.execute_in(BY_ID, &nid, ids.into_iter().map(Value::from))
                .await
        }
    }
}

async fn some_ids(
    conn: &mut Conn,
    sql: &'static str,
    active: Option<bool>,
    most: u32,
) -> Result<Vec<Uuid>, StoreError> {
    let mut values = vec![Value::from(conn.nid())];
    values.extend(active.map(Value::from));
    values.push(most.into());
    conn.fetch_all(sql, &values)
        .await?
        .iter()
        .map(|row| row.only("sessions"))
        .collect()
}
