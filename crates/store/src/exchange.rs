//! Session token exchanges: how a native app gets the session of a sign-in that ends in a browser
//! (spec: flows.md §16). The reference's own table, so that an exchange survives a change of server.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError};

/// What two codes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The flow that is under way.
    pub flow_id: Uuid,
    /// Its session, once there is one.
    pub session_id: Option<Uuid>,
}

/// Keeps the codes of a new exchange.
pub async fn insert(
    conn: &mut Conn,
    flow_id: Uuid,
    (init_code, return_to_code): (&str, &str),
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO session_token_exchanges (id, nid, flow_id, init_code, return_to_code, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![Uuid::new_v4(), conn.nid(), flow_id, init_code, return_to_code, now, now],
    )
    .await?;
    Ok(())
}

/// The exchange that both codes belong to.
pub async fn find(
    conn: &mut Conn,
    init_code: &str,
    return_to_code: &str,
) -> Result<Option<Exchange>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT flow_id, session_id FROM session_token_exchanges \
             WHERE nid = $1 AND init_code = $2 AND init_code <> '' AND return_to_code = $3 AND return_to_code <> ''",
            args![conn.nid(), init_code, return_to_code],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut c = row.columns("session_token_exchanges");
    Ok(Some(Exchange {
        flow_id: c.take()?,
        session_id: c.take()?,
    }))
}

/// The code that a browser takes back to the app whose flow this is; `None` when no exchange belongs to the flow.
pub async fn return_code_of(conn: &mut Conn, flow_id: Uuid) -> Result<Option<String>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT return_to_code FROM session_token_exchanges WHERE nid = $1 AND flow_id = $2",
            args![conn.nid(), flow_id],
        )
        .await?;
    row.map(|row| row.only("session_token_exchanges"))
        .transpose()
}

/// Lets the exchange of a flow go on in another flow that took its place.
pub async fn follow(
    conn: &mut Conn,
    old_flow: Uuid,
    new_flow: Uuid,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE session_token_exchanges SET flow_id = $1, updated_at = $2 WHERE nid = $3 AND flow_id = $4",
        args![new_flow, now, conn.nid(), old_flow],
    )
    .await?;
    Ok(())
}

/// Notes the session that the flow of an exchange ended in.
pub async fn set_session(
    conn: &mut Conn,
    return_to_code: &str,
    session_id: Uuid,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE session_token_exchanges SET session_id = $1, updated_at = $2 WHERE nid = $3 AND return_to_code = $4",
        args![session_id, now, conn.nid(), return_to_code],
    )
    .await?;
    Ok(())
}

/// Takes an exchange that has a session. `true` for the one caller that did.
pub async fn redeem(
    conn: &mut Conn,
    init_code: &str,
    return_to_code: &str,
) -> Result<bool, StoreError> {
    let gone = conn
        .execute(
            "DELETE FROM session_token_exchanges WHERE nid = $1 AND init_code = $2 AND return_to_code = $3 AND session_id IS NOT NULL",
            args![conn.nid(), init_code, return_to_code],
        )
        .await?;
    Ok(gone > 0)
}
