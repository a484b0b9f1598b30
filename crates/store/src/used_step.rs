//! Time steps whose codes were used (RFC 6238, section 5.2): a code works once.

use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError};

/// Notes that an identity used the code of a time step. `true` for the one caller who is the first;
/// `false` when that step or a later one was used before with the same key.
///
/// `fingerprint` names the key, at most 64 characters; another key starts afresh.
pub async fn consume(
    conn: &mut Conn,
    identity_id: Uuid,
    fingerprint: &str,
    step: i64,
) -> Result<bool, StoreError> {
    if advance(conn, identity_id, fingerprint, step).await? {
        return Ok(true);
    }
    let inserted = conn
        .execute(
            "INSERT INTO bia_used_step (identity_id, nid, fingerprint, step) VALUES ($1, $2, $3, $4)",
            args![identity_id, conn.nid(), fingerprint, step],
        )
        .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict { .. }) => {
            // Either the step was used, or somebody else was first to note any step at all.
            advance(conn, identity_id, fingerprint, step).await
        }
        Err(other) => Err(other),
    }
}

async fn advance(
    conn: &mut Conn,
    identity_id: Uuid,
    fingerprint: &str,
    step: i64,
) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE bia_used_step SET fingerprint = $1, step = $2 \
             WHERE nid = $3 AND identity_id = $4 AND (step < $5 OR fingerprint <> $6)",
            args![
                fingerprint,
                step,
                conn.nid(),
                identity_id,
                step,
                fingerprint
            ],
        )
        .await?;
    Ok(found > 0)
}
