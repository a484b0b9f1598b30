//! Identities with their credentials and addresses (spec: identity.md, storage.md §2-3).

mod address;
pub(crate) mod columns;
pub(crate) mod credential;
mod list;
mod search;
mod unreadable;
mod upgrade;

use bia_model::{Aal, Identity};
use serde_json::Value as Document;
use time::OffsetDateTime;
use uuid::Uuid;

pub use address::{mark_sent, mark_verified};
pub use list::{Filter, Page, Paged, count, list, list_and_left_out};
pub use search::{
    find_by_external_id, find_by_identifier, find_by_recovery_address, find_by_user_handle,
    find_by_verifiable_address,
};

pub use unreadable::Unreadable;

use crate::args;
use crate::db::{Conn, Row, StoreError, Tx, Value};
use crate::search as terms;
use columns::{
    JOINED_ROWS, addresses_of_unknown_channels, gather, identity_columns, join_addresses,
    recovery_columns, verifiable_columns,
};

/// How much of an identity is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expand {
    /// Its own row and its addresses.
    Addresses,
    /// Its credentials too, with their secrets.
    Credentials,
}

/// The identity of an id.
pub async fn find(
    conn: &mut Conn,
    id: Uuid,
    expand: Expand,
) -> Result<Option<Identity>, StoreError> {
    let rows = joined(conn, id).await?;
    of_rows(conn, &rows, expand).await
}

/// The identity's row and its addresses, in rows of a join.
async fn joined(conn: &mut Conn, id: Uuid) -> Result<Vec<Row>, StoreError> {
    conn.fetch_all(
        concat!(
            "SELECT ",
            identity_columns!(),
            ", ",
            verifiable_columns!(),
            ", ",
            recovery_columns!(),
            " FROM identities i",
            join_addresses!(),
            " WHERE i.nid = $1 AND i.id = $2 LIMIT 200"
        ),
        args![conn.nid(), id],
    )
    .await
}

async fn of_rows(
    conn: &mut Conn,
    rows: &[Row],
    expand: Expand,
) -> Result<Option<Identity>, StoreError> {
    let full = rows.len() >= JOINED_ROWS;
    complete(conn, gather(rows)?, expand, full)
        .await
        .map(|mut found| found.pop())
}

/// As [`find`]; [`StoreError::NotFound`] when there is none.
pub async fn get(conn: &mut Conn, id: Uuid, expand: Expand) -> Result<Identity, StoreError> {
    find(conn, id, expand).await?.ok_or(GONE)
}

const GONE: StoreError = StoreError::NotFound {
    table: "identities",
};

/// Reads what a join did not bring: all addresses when it was cut off, credentials when they are wanted.
async fn complete(
    conn: &mut Conn,
    mut found: Vec<Identity>,
    expand: Expand,
    cut: bool,
) -> Result<Vec<Identity>, StoreError> {
    if cut {
        address::load(conn, &mut found).await?;
    }
    if expand == Expand::Credentials && !found.is_empty() {
        credential::load(conn, &mut found).await?;
    }
    Ok(found)
}

/// Keeps a new identity with its credentials and addresses. [`StoreError::Conflict`] when an
/// identifier, an address or the external id is taken.
pub async fn insert(tx: &mut Tx, identity: &Identity) -> Result<(), StoreError> {
    insert_all(tx, &[identity]).await
}

/// As [`insert`], for several by as few statements as possible. An error is of one of them, and it is not told whose.
pub async fn insert_all(tx: &mut Tx, identities: &[&Identity]) -> Result<(), StoreError> {
    let nid = tx.nid();
    let rows: Vec<[Value<'_>; 13]> = identities.iter().map(|i| row_of(i, nid)).collect();
    tx.insert_rows(
        "INSERT INTO identities (id, nid, schema_id, traits, state, state_changed_at, metadata_public, metadata_admin, \
         available_aal, organization_id, external_id, created_at, updated_at) VALUES $*",
        &rows,
    )
    .await?;
    let (mut credentials, mut verifiable, mut recovery) = (Vec::new(), Vec::new(), Vec::new());
    for i in identities {
        credentials.extend(i.credentials.iter().map(|c| (i.id, c)));
        verifiable.extend(i.verifiable_addresses.iter().map(|a| (i.id, a)));
        recovery.extend(i.recovery_addresses.iter().map(|a| (i.id, a)));
    }
    credential::insert(tx, &credentials).await?;
    address::insert_verifiable(tx, &verifiable).await?;
    address::insert_recovery(tx, &recovery).await?;
    terms::insert(tx, identities).await
}

/// What is kept of an identity itself.
fn row_of(i: &Identity, nid: Uuid) -> [Value<'_>; 13] {
    [
        i.id.into(),
        nid.into(),
        i.schema_id.as_str().into(),
        (&i.traits).into(),
        i.state.as_str().into(),
        i.state_changed_at.into(),
        i.metadata_public.as_ref().into(),
        i.metadata_admin.as_ref().into(),
        i.available_aal.map(Aal::as_str).into(),
        i.organization_id.into(),
        external_id(i).into(),
        i.created_at.into(),
        i.updated_at.into(),
    ]
}

/// An empty external id is none.
fn external_id(identity: &Identity) -> Option<&str> {
    identity.external_id.as_deref().filter(|id| !id.is_empty())
}

/// Brings the stored identity to what `identity` says, all of it, and its credentials to their current version:
/// credentials and addresses that `identity` does not have are removed, so it must have been read with
/// [`Expand::Credentials`].
///
/// Rows with the same content stay untouched; changed ones are replaced and get a new id, which
/// `identity` has afterwards, as it has the new `updated_at`. [`StoreError::NotFound`] when the
/// identity is gone, [`StoreError::Conflict`] as in [`insert`].
pub async fn update(
    tx: &mut Tx,
    identity: &mut Identity,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    identity.updated_at = now;
    upgrade::upgrade(identity.id, &mut identity.credentials);
    let (i, nid) = (&*identity, tx.nid());
    // First, because it makes other updates of the same identity wait.
    let found = tx
        .execute(
            "UPDATE identities SET schema_id = $1, state = $2, state_changed_at = $3, available_aal = $4, organization_id = $5, \
             external_id = $6, created_at = $7, updated_at = $8 WHERE nid = $9 AND id = $10",
            args![
                &i.schema_id,
                i.state.as_str(),
                i.state_changed_at,
                i.available_aal.map(Aal::as_str),
                i.organization_id,
                external_id(i),
                i.created_at,
                i.updated_at,
                nid,
                i.id
            ],
        )
        .await?;
    if found == 0 {
        return Err(GONE);
    }
    let rows = joined(tx, identity.id).await?;
    let stored = of_rows(tx, &rows, Expand::Addresses).await?;
    let mut stored = stored.ok_or(GONE)?;
    replace_documents(tx, identity, &stored).await?;
    credential::load_stored(tx, std::slice::from_mut(&mut stored)).await?;
    credential::replace_changed(tx, identity, &stored.credentials, now).await?;
    let unfindable = addresses_of_unknown_channels(&rows)?;
    address::replace_changed(tx, identity, &stored, &unfindable, now).await?;
    terms::replace(tx, identity).await
}

/// Only those that were changed: the others keep their letters, such as the digits of a number that has more of them than
/// we read.
async fn replace_documents(
    tx: &mut Tx,
    new: &Identity,
    stored: &Identity,
) -> Result<(), StoreError> {
    let (nid, id) = (tx.nid(), new.id);
    if differ(Some(&new.traits), Some(&stored.traits)) {
        tx.execute(
            "UPDATE identities SET traits = $1 WHERE nid = $2 AND id = $3",
            args![&new.traits, nid, id],
        )
        .await?;
    }
    if differ(
        new.metadata_public.as_ref(),
        stored.metadata_public.as_ref(),
    ) {
        tx.execute(
            "UPDATE identities SET metadata_public = $1 WHERE nid = $2 AND id = $3",
            args![new.metadata_public.as_ref(), nid, id],
        )
        .await?;
    }
    if differ(new.metadata_admin.as_ref(), stored.metadata_admin.as_ref()) {
        tx.execute(
            "UPDATE identities SET metadata_admin = $1 WHERE nid = $2 AND id = $3",
            args![new.metadata_admin.as_ref(), nid, id],
        )
        .await?;
    }
    Ok(())
}

/// Whether two documents differ, if only in the order of their members: it is kept too, where the database keeps it.
fn differ(new: Option<&Document>, stored: Option<&Document>) -> bool {
    new != stored || new.map(Document::to_string) != stored.map(Document::to_string)
}

/// Makes other units of work that lock or update the identity wait until this one ends. `false`
/// when there is no such identity. What is read after it is the state that nobody else changes:
/// this is how a one-time credential is used once.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<bool, StoreError> {
    let nid = tx.nid();
    let found = tx
        .execute(
            "UPDATE identities SET updated_at = updated_at WHERE nid = $1 AND id = $2",
            args![nid, id],
        )
        .await?;
    Ok(found > 0)
}

/// As [`lock`], for several at once.
pub(crate) async fn lock_all(tx: &mut Tx, ids: &[Uuid]) -> Result<(), StoreError> {
    let nid = tx.nid();
    tx.execute_in(
        "UPDATE identities SET updated_at = updated_at WHERE nid = $1 AND id IN ($*)",
        &[nid.into()],
        ids.iter().copied().map(Value::from),
    )
    .await?;
    Ok(())
}

/// Notes the highest level that the identity's credentials allow.
pub async fn set_available_aal(conn: &mut Conn, id: Uuid, aal: Aal) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE identities SET available_aal = $1 WHERE nid = $2 AND id = $3",
        args![aal.as_str(), conn.nid(), id],
    )
    .await?;
    Ok(())
}

/// Removes the identity and all that belongs to it. `false` when there is none.
pub async fn delete(tx: &mut Tx, id: Uuid) -> Result<bool, StoreError> {
    let nid = tx.nid();
    tx.execute(
        "DELETE FROM bia_code WHERE nid = $1 AND identity_id = $2",
        args![nid, id],
    )
    .await?;
    tx.execute(
        "DELETE FROM bia_continuity WHERE nid = $1 AND identity_id = $2",
        args![nid, id],
    )
    .await?;
    tx.execute(
        "DELETE FROM bia_used_step WHERE nid = $1 AND identity_id = $2",
        args![nid, id],
    )
    .await?;
    tx.execute(
        "DELETE FROM bia_identity_mfa WHERE nid = $1 AND identity_id = $2",
        args![nid, id],
    )
    .await?;
    crate::trusted_browser::forget_all(tx, id).await?;
    terms::remove(tx, id).await?;
    let gone = tx
        .execute(
            "DELETE FROM identities WHERE nid = $1 AND id = $2",
            args![nid, id],
        )
        .await?;
    Ok(gone > 0)
}
