//! What is kept about the second factors of one identity: an operator's word, and when its grace began.

use bia_model::{Identity, MfaOverride};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError, Tx, Value};
use crate::identity;

/// What is kept of an identity; nothing of most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What an operator said.
    pub policy: Option<MfaOverride>,
    /// When it was first met without the factor that it needs; to the second.
    pub grace_started_at: Option<OffsetDateTime>,
}

/// What is kept of an identity.
pub async fn find(conn: &mut Conn, identity_id: Uuid) -> Result<Record, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT policy, grace_started_at FROM bia_identity_mfa WHERE nid = $1 AND identity_id = $2",
            args![conn.nid(), identity_id],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Record::default());
    };
    let mut c = row.columns("bia_identity_mfa");
    Ok(Record {
        policy: parse(c.take()?),
        grace_started_at: c.take()?,
    })
}

fn parse(text: Option<String>) -> Option<MfaOverride> {
    text.as_deref().and_then(MfaOverride::parse)
}

/// Puts what an operator said into identities, for the admin API to show.
pub async fn load(conn: &mut Conn, identities: &mut [Identity]) -> Result<(), StoreError> {
    if identities.is_empty() {
        return Ok(());
    }
    let nid = Value::from(conn.nid());
    let ids: Vec<Value<'_>> = identities.iter().map(|i| Value::from(i.id)).collect();
    let rows = conn
        .fetch_all_in(
            "SELECT identity_id, policy FROM bia_identity_mfa WHERE nid = $1 AND identity_id IN ($*)",
            &[nid],
            ids,
        )
        .await?;
    for row in &rows {
        let mut c = row.columns("bia_identity_mfa");
        let id: Uuid = c.take()?;
        let policy = parse(c.take()?);
        if let Some(identity) = identities.iter_mut().find(|i| i.id == id) {
            identity.mfa = policy;
        }
    }
    Ok(())
}

/// Keeps what an operator says, as part of a unit of work that has locked or made the identity.
pub async fn set_policy(
    tx: &mut Tx,
    identity_id: Uuid,
    policy: Option<MfaOverride>,
) -> Result<(), StoreError> {
    let (nid, text) = (tx.nid(), policy.map(MfaOverride::as_str));
    let found = tx
        .execute(
            "UPDATE bia_identity_mfa SET policy = $1 WHERE nid = $2 AND identity_id = $3",
            args![text, nid, identity_id],
        )
        .await?;
    if found == 0 && policy.is_some() {
        tx.execute(
            "INSERT INTO bia_identity_mfa (identity_id, nid, policy) VALUES ($1, $2, $3)",
            args![identity_id, nid, text],
        )
        .await?;
    }
    Ok(())
}

/// Begins the grace of an identity, unless it has begun before. Gives when it began: the same for all who ask at the
/// same time. Locks the identity.
pub async fn start_grace(
    tx: &mut Tx,
    identity_id: Uuid,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, StoreError> {
    // Not every database keeps parts of a second.
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let nid = tx.nid();
    if !identity::lock(tx, identity_id).await? {
        return Ok(now);
    }
    let begun = tx
        .execute(
            "UPDATE bia_identity_mfa SET grace_started_at = $1 WHERE nid = $2 AND identity_id = $3 AND grace_started_at IS NULL",
            args![now, nid, identity_id],
        )
        .await?;
    if begun > 0 {
        return Ok(now);
    }
    if let Some(before) = find(tx, identity_id).await?.grace_started_at {
        return Ok(before);
    }
    tx.execute(
        "INSERT INTO bia_identity_mfa (identity_id, nid, grace_started_at) VALUES ($1, $2, $3)",
        args![identity_id, nid, now],
    )
    .await?;
    Ok(now)
}
