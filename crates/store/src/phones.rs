//! Phone numbers that older versions of the reference kept as they were typed (cli.md §5).

use time::OffsetDateTime;
use uuid::Uuid;

use crate::args;
use crate::db::{Conn, StoreError, Tx};

/// Where phone numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneTable {
    /// Identifiers of credentials.
    Identifiers,
    /// Addresses that can be verified.
    Verifiable,
    /// Addresses for recovery.
    Recovery,
}

/// One text that begins as a phone number does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRow {
    /// The row's id.
    pub id: Uuid,
    /// The text.
    pub value: String,
}

impl PhoneTable {
    /// All of them, in the order in which they are worked through.
    pub const ALL: [PhoneTable; 3] = [
        PhoneTable::Identifiers,
        PhoneTable::Verifiable,
        PhoneTable::Recovery,
    ];
}

/// The next texts behind an id, in the order of ids, at most `size`. Not all of them need to be phone numbers.
pub async fn page(
    conn: &mut Conn,
    table: PhoneTable,
    after: Uuid,
    size: u32,
) -> Result<Vec<PhoneRow>, StoreError> {
    let sql = match table {
        PhoneTable::Identifiers => {
            "SELECT id, identifier FROM identity_credential_identifiers \
             WHERE nid = $1 AND id > $2 AND identifier LIKE '+%' ORDER BY id LIMIT $3"
        }
        PhoneTable::Verifiable => {
            "SELECT id, value FROM identity_verifiable_addresses \
             WHERE nid = $1 AND id > $2 AND via = 'sms' AND value LIKE '+%' ORDER BY id LIMIT $3"
        }
        PhoneTable::Recovery => {
            "SELECT id, value FROM identity_recovery_addresses \
             WHERE nid = $1 AND id > $2 AND via = 'sms' AND value LIKE '+%' ORDER BY id LIMIT $3"
        }
    };
    let nid = conn.nid();
    let rows = conn
        .fetch_all(sql, args![nid, after, i64::from(size)])
        .await?;
    let row = |row: &crate::db::Row| {
        let mut c = row.columns("identity_credential_identifiers");
        Ok(PhoneRow {
            id: c.take()?,
            value: c.take()?,
        })
    };
    rows.iter().map(row).collect()
}

/// Puts `spelling` in the place of the text of a row. `false` when the row is another one by now;
/// [`StoreError::Conflict`] when somebody else has the number in this spelling already.
pub async fn respell(
    tx: &mut Tx,
    table: PhoneTable,
    row: &PhoneRow,
    spelling: &str,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (update, owner) = match table {
        PhoneTable::Identifiers => (
            "UPDATE identity_credential_identifiers SET identifier = $1, updated_at = $2 \
             WHERE nid = $3 AND id = $4 AND identifier = $5",
            "SELECT identity_id FROM identity_credential_identifiers WHERE nid = $1 AND id = $2",
        ),
        PhoneTable::Verifiable => (
            "UPDATE identity_verifiable_addresses SET value = $1, updated_at = $2 \
             WHERE nid = $3 AND id = $4 AND value = $5",
            "SELECT identity_id FROM identity_verifiable_addresses WHERE nid = $1 AND id = $2",
        ),
        PhoneTable::Recovery => (
            "UPDATE identity_recovery_addresses SET value = $1, updated_at = $2 \
             WHERE nid = $3 AND id = $4 AND value = $5",
            "SELECT identity_id FROM identity_recovery_addresses WHERE nid = $1 AND id = $2",
        ),
    };
    let nid = tx.nid();
    let found = tx
        .execute(
            update,
            args![spelling, now, nid, row.id, row.value.as_str()],
        )
        .await?;
    if found == 0 {
        return Ok(false);
    }
    if let Some(owner) = tx.fetch_optional(owner, args![nid, row.id]).await? {
        let identity: Uuid = owner.only("identity_credential_identifiers")?;
        crate::search::outdated(tx, identity).await?;
    }
    Ok(true)
}
