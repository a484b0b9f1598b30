//! Terms are kept in the unit of work that changes their identity.

use std::collections::BTreeSet;

use bia_model::Identity;
use time::OffsetDateTime;
use uuid::Uuid;

use super::term::{is_verified, terms};
use crate::args;
use crate::db::{Conn, Dialect, StoreError, Tx, Value};

/// A time as entries hold it, in microseconds; on MySQL in whole seconds, as it keeps the times of identities.
pub(super) fn moment(dialect: Dialect, time: OffsetDateTime) -> i64 {
    let micros = i64::try_from(time.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX);
    match dialect {
        Dialect::MySql => micros.div_euclid(1_000_000) * 1_000_000,
        _ => micros,
    }
}

/// Keeps the terms of identities that have none, by as few statements as possible.
pub(crate) async fn insert(tx: &mut Tx, identities: &[&Identity]) -> Result<(), StoreError> {
    let (nid, dialect, searchable) = (tx.nid(), tx.dialect(), tx.searchable());
    let indexed_at = moment(dialect, OffsetDateTime::now_utc());
    let mut term_rows: Vec<[Value<'static>; 3]> = Vec::new();
    let mut entry_rows: Vec<[Value<'static>; 6]> = Vec::with_capacity(identities.len());
    for identity in identities {
        let made = terms(identity, &searchable);
        term_rows.extend(
            made.into_iter()
                .map(|term| [nid.into(), term.into(), identity.id.into()]),
        );
        entry_rows.push([
            nid.into(),
            identity.id.into(),
            moment(dialect, identity.updated_at).into(),
            i64::from(is_verified(identity)).into(),
            searchable.shape().into(),
            indexed_at.into(),
        ]);
    }
    tx.insert_rows(
        "INSERT INTO bia_search_term (nid, term, identity_id) VALUES $*",
        &term_rows,
    )
    .await?;
    tx.insert_rows(
        "INSERT INTO bia_search_entry (nid, identity_id, changed_at, verified, shape, indexed_at) VALUES $*",
        &entry_rows,
    )
    .await
}

/// Brings the terms of an identity to what it is now; most changes change none.
pub(crate) async fn replace(tx: &mut Tx, identity: &Identity) -> Result<(), StoreError> {
    let searchable = tx.searchable();
    if terms(identity, &searchable) != kept(tx, identity.id).await? {
        return make_all_anew(tx, &[identity]).await;
    }
    let (nid, dialect) = (tx.nid(), tx.dialect());
    tx.execute(
        "UPDATE bia_search_entry SET changed_at = $1, verified = $2, shape = $3, indexed_at = $4 WHERE nid = $5 AND identity_id = $6",
        args![
            moment(dialect, identity.updated_at),
            i64::from(is_verified(identity)),
            searchable.shape(),
            moment(dialect, OffsetDateTime::now_utc()),
            nid,
            identity.id
        ],
    )
    .await?;
    Ok(())
}

async fn kept(tx: &mut Tx, id: Uuid) -> Result<BTreeSet<String>, StoreError> {
    let nid = tx.nid();
    let rows = tx
        .fetch_all(
            "SELECT term FROM bia_search_term WHERE nid = $1 AND identity_id = $2",
            args![nid, id],
        )
        .await?;
    rows.iter().map(|row| row.only("bia_search_term")).collect()
}

/// Makes the terms of identities, whatever they had before.
pub(super) async fn make_all_anew(tx: &mut Tx, identities: &[&Identity]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = identities.iter().map(|identity| identity.id).collect();
    remove_all(tx, &ids).await?;
    insert(tx, identities).await
}

/// Removes the terms of an identity.
pub(crate) async fn remove(tx: &mut Tx, id: Uuid) -> Result<(), StoreError> {
    remove_all(tx, &[id]).await
}

async fn remove_all(tx: &mut Tx, ids: &[Uuid]) -> Result<(), StoreError> {
    let nid = [Value::from(tx.nid())];
    let ids = || ids.iter().copied().map(Value::from);
    tx.execute_in(
        "DELETE FROM bia_search_term WHERE nid = $1 AND identity_id IN ($*)",
        &nid,
        ids(),
    )
    .await?;
    tx.execute_in(
        "DELETE FROM bia_search_entry WHERE nid = $1 AND identity_id IN ($*)",
        &nid,
        ids(),
    )
    .await?;
    Ok(())
}

/// Notes that an address of an identity is verified now.
pub(crate) async fn mark_verified(conn: &mut Conn, address_id: Uuid) -> Result<(), StoreError> {
    let nid = conn.nid();
    let owner = conn
        .fetch_optional(
            "SELECT identity_id FROM identity_verifiable_addresses WHERE nid = $1 AND id = $2",
            args![nid, address_id],
        )
        .await?;
    let Some(row) = owner else { return Ok(()) };
    let id: Uuid = row.only("identity_verifiable_addresses")?;
    let changed = conn
        .execute(
            "UPDATE bia_search_term SET term = $1 WHERE nid = $2 AND identity_id = $3 AND term = $4",
            args!["v:yes", nid, id, "v:no"],
        )
        .await?;
    if changed > 0 {
        conn.execute(
            "UPDATE bia_search_entry SET verified = 1 WHERE nid = $1 AND identity_id = $2",
            args![nid, id],
        )
        .await?;
    }
    Ok(())
}

/// Notes that the terms of an identity do not fit any more, though its own row stays as it is.
pub(crate) async fn outdated(tx: &mut Tx, id: Uuid) -> Result<(), StoreError> {
    let nid = tx.nid();
    tx.execute(
        "UPDATE bia_search_entry SET changed_at = -1 WHERE nid = $1 AND identity_id = $2",
        args![nid, id],
    )
    .await?;
    Ok(())
}
