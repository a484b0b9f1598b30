//! The columns of an identity and its addresses, and how they are read back from a join.

use bia_model::{Aal, Channel, Identity, IdentityState, RecoveryAddress, VerifiableAddress};
use uuid::Uuid;

use crate::db::{Columns, Row, StoreError};

/// A join of an identity with its addresses gives one row per pair of addresses. Beyond this many
/// rows the addresses are read on their own, so that nobody can make the join grow by adding some.
pub(crate) const JOINED_ROWS: usize = 200;

/// The columns of `identities i`, in the order of [`read_identity`].
macro_rules! identity_columns {
    () => {
        "i.id, i.schema_id, i.traits, i.state, i.state_changed_at, i.metadata_public, i.metadata_admin, \
         i.available_aal, i.organization_id, i.external_id, i.created_at, i.updated_at"
    };
}

/// The columns of `identity_verifiable_addresses v`, in the order of [`read_verifiable`].
macro_rules! verifiable_columns {
    () => {
        "v.id, v.value, v.verified, v.via, v.status, v.verified_at, v.created_at, v.updated_at"
    };
}

/// The columns of `identity_recovery_addresses r`, in the order of [`read_recovery`].
macro_rules! recovery_columns {
    () => {
        "r.id, r.value, r.via, r.break_glass_for_organization, r.created_at, r.updated_at"
    };
}

/// Joins the addresses to `identities i`.
macro_rules! join_addresses {
    () => {
        " LEFT JOIN identity_verifiable_addresses v ON v.identity_id = i.id AND (v.nid = i.nid) IS TRUE \
          LEFT JOIN identity_recovery_addresses r ON r.identity_id = i.id AND (r.nid = i.nid) IS TRUE"
    };
}

pub(crate) use {identity_columns, join_addresses, recovery_columns, verifiable_columns};

pub(crate) fn read_identity(c: &mut Columns<'_>) -> Result<Identity, StoreError> {
    c.from_table("identities");
    Ok(Identity {
        id: c.take()?,
        schema_id: c.take()?,
        traits: c.json()?,
        state: state(&c.take::<String>()?),
        state_changed_at: c.take()?,
        metadata_public: c.json_or_null()?,
        metadata_admin: c.json_or_null()?,
        available_aal: c.take::<Option<String>>()?.as_deref().and_then(Aal::parse),
        organization_id: c.take()?,
        external_id: c.take()?,
        created_at: c.take()?,
        updated_at: c.take()?,
        mfa: None,
        credentials: Vec::new(),
        verifiable_addresses: Vec::new(),
        recovery_addresses: Vec::new(),
    })
}

/// `None` where the join found no address.
pub(crate) fn read_verifiable(
    c: &mut Columns<'_>,
) -> Result<Option<VerifiableAddress>, StoreError> {
    c.from_table("identity_verifiable_addresses");
    let Some(id) = c.take::<Option<Uuid>>()? else {
        c.skip(7);
        return Ok(None);
    };
    let (value, verified): (String, bool) = (c.take()?, c.take()?);
    let via = channel(&c.take::<String>()?, &value);
    Ok(Some(VerifiableAddress {
        id,
        value,
        verified,
        via,
        status: c.take()?,
        verified_at: c.take()?,
        created_at: c.take()?,
        updated_at: c.take()?,
    }))
}

/// `None` where the join found no address.
pub(crate) fn read_recovery(c: &mut Columns<'_>) -> Result<Option<RecoveryAddress>, StoreError> {
    c.from_table("identity_recovery_addresses");
    let Some(id) = c.take::<Option<Uuid>>()? else {
        c.skip(5);
        return Ok(None);
    };
    let value: String = c.take()?;
    let via = channel(&c.take::<String>()?, &value);
    Ok(Some(RecoveryAddress {
        id,
        value,
        via,
        break_glass_for_organization: c.take()?,
        created_at: c.take()?,
        updated_at: c.take()?,
    }))
}

/// Whoever has a state that nobody knows may not sign in: so the reference reads it too.
fn state(text: &str) -> IdentityState {
    IdentityState::parse(text.trim_end()).unwrap_or(IdentityState::Inactive)
}

/// Old databases may have padded the text. What nobody knows is read by the look of the address.
fn channel(text: &str, address: &str) -> Channel {
    known_channel(text).unwrap_or_else(|| Channel::of_address(address))
}

fn known_channel(text: &str) -> Option<Channel> {
    Channel::parse(text.trim_end())
}

/// The addresses among the rows of a join whose channel nobody knows. Nobody finds them by it, so that a change of the
/// identity writes them anew.
pub(super) fn addresses_of_unknown_channels(rows: &[Row]) -> Result<Vec<Uuid>, StoreError> {
    let mut unknown = Vec::new();
    for row in rows {
        let mut c = row.columns("identities");
        c.skip(12);
        for (table, before, after) in [
            ("identity_verifiable_addresses", 2, 4),
            ("identity_recovery_addresses", 1, 3),
        ] {
            c.from_table(table);
            let id: Option<Uuid> = c.take()?;
            c.skip(before);
            let via: Option<String> = c.take()?;
            c.skip(after);
            unknown.extend(id.filter(|_| via.is_some_and(|via| known_channel(&via).is_none())));
        }
    }
    Ok(unknown)
}

/// Adds the addresses of one row of the join, each address once.
pub(crate) fn add_addresses(
    identity: &mut Identity,
    c: &mut Columns<'_>,
) -> Result<(), StoreError> {
    if let Some(address) = read_verifiable(c)?
        && !identity
            .verifiable_addresses
            .iter()
            .any(|a| a.id == address.id)
    {
        identity.verifiable_addresses.push(address);
    }
    if let Some(address) = read_recovery(c)?
        && !identity
            .recovery_addresses
            .iter()
            .any(|a| a.id == address.id)
    {
        identity.recovery_addresses.push(address);
    }
    Ok(())
}

/// The order in which the API shows them.
pub(crate) fn sort_addresses(identity: &mut Identity) {
    identity.verifiable_addresses.sort_by_key(|a| a.id);
    identity.recovery_addresses.sort_by_key(|a| a.id);
}

/// Gathers the rows of a join (identity columns first, then addresses) into identities, in the
/// order in which they first occur.
pub(super) fn gather(rows: &[Row]) -> Result<Vec<Identity>, StoreError> {
    let mut identities: Vec<Identity> = Vec::new();
    for row in rows {
        let mut columns = row.columns("identities");
        let id: Uuid = columns.take()?;
        let known = identities.iter().position(|i| i.id == id);
        let mut columns = row.columns("identities");
        match known {
            Some(at) => {
                columns.skip(12);
                add_addresses(&mut identities[at], &mut columns)?;
            }
            None => {
                let mut identity = read_identity(&mut columns)?;
                add_addresses(&mut identity, &mut columns)?;
                identities.push(identity);
            }
        }
    }
    identities.iter_mut().for_each(sort_addresses);
    Ok(identities)
}
