//! Identities of which something cannot be read. One of them must not break a list of others.

use bia_model::Identity;
use uuid::Uuid;

use super::{Expand, address, credential};
use crate::db::{Conn, StoreError};

/// An identity that is left out of a list.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Its id.
    pub id: Uuid,
    /// Where the value is that cannot be read, in words.
    pub why: String,
}

impl Unreadable {
    /// A line in the log that says where to look.
    pub(super) fn log(&self) {
        tracing::warn!(
            identity.id = %self.id, why = self.why,
            "an identity is left out of lists and searches, since a stored value of it cannot be read"
        );
    }
}

/// What was read of an identity, unless it cannot be read: then it is one of those `left_out`.
pub(super) fn readable<T>(
    id: Uuid,
    read: Result<T, StoreError>,
    left_out: &mut Vec<Unreadable>,
) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error @ StoreError::Corrupt { .. }) => {
            let why = error.to_string();
            left_out.push(Unreadable { id, why });
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// Identities with their addresses, and with their credentials if wanted; without those that cannot be read.
///
/// The error names a row and not whose it is: the one that has it is found by halves.
pub(super) async fn completed(
    conn: &mut Conn,
    identities: Vec<Identity>,
    expand: Expand,
    left_out: &mut Vec<Unreadable>,
) -> Result<Vec<Identity>, StoreError> {
    let mut kept = Vec::with_capacity(identities.len());
    let mut parts = vec![identities];
    while let Some(mut part) = parts.pop() {
        match (load(conn, &mut part, expand).await, part.as_slice()) {
            (Ok(()), _) => kept.append(&mut part),
            (Err(error @ StoreError::Corrupt { .. }), [only]) => {
                readable::<()>(only.id, Err(error), left_out)?;
            }
            (Err(StoreError::Corrupt { .. }), _) => {
                let later = part.split_off(part.len() / 2);
                parts.extend([later, part]);
            }
            (Err(other), _) => return Err(other),
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
    // What an attempt on more of them has left.
    for identity in identities.iter_mut() {
        identity.credentials.clear();
    }
    address::load(conn, identities).await?;
    match expand {
        Expand::Addresses => Ok(()),
        Expand::Credentials => credential::load(conn, identities).await,
    }
}
