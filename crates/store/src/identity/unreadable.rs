//! Identities of which something cannot be read. One of them must not break a list of others.

use bia_model::Identity;
use uuid::Uuid;

use super::{Expand, address, credential};
use crate::db::{Conn, StoreError};

/// What was read of an identity. `None`, and a line in the log that says where to look, when it cannot be read.
pub(super) fn readable<T>(id: Uuid, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Corrupt {
            table,
            column,
            id: row,
            reason,
        }) => {
            tracing::warn!(
                identity.id = %id, db.table = table, db.column = column, db.row = %row, reason,
                "an identity is left out of lists and searches, since a stored value of it cannot be read"
            );
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// Identities with their addresses, and with their credentials if wanted; without those that cannot be read.
pub(super) async fn completed(
    conn: &mut Conn,
    mut identities: Vec<Identity>,
    expand: Expand,
) -> Result<Vec<Identity>, StoreError> {
    match load(conn, &mut identities, expand).await {
        Ok(()) => return Ok(identities),
        Err(StoreError::Corrupt { .. }) => {}
        Err(other) => return Err(other),
    }
    let mut kept = Vec::with_capacity(identities.len());
    for mut identity in identities {
        identity.credentials.clear();
        let loaded = load(conn, std::slice::from_mut(&mut identity), expand).await;
        if readable(identity.id, loaded)?.is_some() {
            kept.push(identity);
        }
    }
    Ok(kept)
}

async fn load(
    conn: &mut Conn,
    identities: &mut [Identity],
    expand: Expand,
) -> Result<(), StoreError> {
    if identities.is_empty() {
        return Ok(());
    }
    address::load(conn, identities).await?;
    match expand {
        Expand::Addresses => Ok(()),
        Expand::Credentials => credential::load(conn, identities).await,
    }
}
