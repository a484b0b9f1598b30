//! Verifiable and recovery addresses.

use bia_model::{Identity, RecoveryAddress, VerifiableAddress, normalise};
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{
    read_recovery, read_verifiable, recovery_columns, sort_addresses, verifiable_columns,
};
use crate::args;
use crate::db::{Conn, StoreError, Tx, Value};

/// Reads the addresses of identities.
pub(super) async fn load(conn: &mut Conn, identities: &mut [Identity]) -> Result<(), StoreError> {
    let nid = [Value::from(conn.nid())];
    let ids: Vec<Value<'_>> = identities.iter().map(|i| Value::from(i.id)).collect();
    let verifiable = conn
        .fetch_all_in(
            concat!("SELECT ", verifiable_columns!(), ", v.identity_id FROM identity_verifiable_addresses v WHERE (v.nid = $1) IS TRUE AND v.identity_id IN ($*)"),
            &nid,
            ids.clone(),
        )
        .await?;
    let recovery = conn
        .fetch_all_in(
            concat!("SELECT ", recovery_columns!(), ", r.identity_id FROM identity_recovery_addresses r WHERE (r.nid = $1) IS TRUE AND r.identity_id IN ($*)"),
            &nid,
            ids,
        )
        .await?;
    identities.iter_mut().for_each(|i| {
        i.verifiable_addresses.clear();
        i.recovery_addresses.clear();
    });
    for row in &verifiable {
        let mut c = row.columns("identity_verifiable_addresses");
        if let (Some(address), Some(owner)) =
            (read_verifiable(&mut c)?, owner(identities, c.take()?))
        {
            owner.verifiable_addresses.push(address);
        }
    }
    for row in &recovery {
        let mut c = row.columns("identity_recovery_addresses");
        if let (Some(address), Some(owner)) = (read_recovery(&mut c)?, owner(identities, c.take()?))
        {
            owner.recovery_addresses.push(address);
        }
    }
    identities.iter_mut().for_each(sort_addresses);
    Ok(())
}

fn owner(identities: &mut [Identity], id: Uuid) -> Option<&mut Identity> {
    identities.iter_mut().find(|i| i.id == id)
}

pub(super) async fn insert_verifiable<'a>(
    tx: &mut Tx,
    addresses: &[(Uuid, &'a VerifiableAddress)],
) -> Result<(), StoreError> {
    let nid = tx.nid();
    let row = |(identity_id, a): &(Uuid, &'a VerifiableAddress)| {
        [
            a.id.into(),
            nid.into(),
            (*identity_id).into(),
            a.via.as_str().into(),
            a.value.as_str().into(),
            a.verified.into(),
            a.verified_at.into(),
            a.status.as_str().into(),
            a.created_at.into(),
            a.updated_at.into(),
        ]
    };
    let rows: Vec<[Value<'a>; 10]> = addresses.iter().map(row).collect();
    tx.insert_rows(
        "INSERT INTO identity_verifiable_addresses (id, nid, identity_id, via, value, verified, verified_at, status, created_at, updated_at) VALUES $*",
        &rows,
    )
    .await
}

pub(super) async fn insert_recovery<'a>(
    tx: &mut Tx,
    addresses: &[(Uuid, &'a RecoveryAddress)],
) -> Result<(), StoreError> {
    let nid = tx.nid();
    let row = |(identity_id, a): &(Uuid, &'a RecoveryAddress)| {
        [
            a.id.into(),
            nid.into(),
            (*identity_id).into(),
            a.via.as_str().into(),
            a.value.as_str().into(),
            a.break_glass_for_organization.into(),
            a.created_at.into(),
            a.updated_at.into(),
        ]
    };
    let rows: Vec<[Value<'a>; 8]> = addresses.iter().map(row).collect();
    tx.insert_rows(
        "INSERT INTO identity_recovery_addresses (id, nid, identity_id, via, value, break_glass_for_organization, created_at, updated_at) VALUES $*",
        &rows,
    )
    .await
}

/// Brings the stored addresses to what `identity` says, as `credential::replace_changed` does. One that is only
/// spelled anew keeps its row; those of the rows `unfindable` get a new one.
pub(super) async fn replace_changed(
    tx: &mut Tx,
    identity: &mut Identity,
    stored: &Identity,
    unfindable: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let alike = |a: &VerifiableAddress, b: &VerifiableAddress| {
        a.via == b.via
            && a.verified == b.verified
            && a.status == b.status
            && is_same_moment(a.verified_at, b.verified_at)
    };
    let mut kept = Vec::new();
    for address in &mut identity.verifiable_addresses {
        let old = stored.verifiable_addresses.iter();
        let mut old = old.filter(|old| alike(old, address) && !unfindable.contains(&old.id));
        match old.find(|old| {
            old.value == address.value
                || is_respelled((old.id, &old.value), (address.id, &address.value))
        }) {
            Some(old) if old.value == address.value => *address = old.clone(),
            Some(_) => {
                address.updated_at = now;
                const RESPELL: &str = "UPDATE identity_verifiable_addresses SET value = $1, updated_at = $2 WHERE nid = $3 AND id = $4";
                respell(tx, RESPELL, &address.value, address.id, now).await?;
            }
            None => {
                (address.id, address.updated_at) = (Uuid::new_v4(), now);
                continue;
            }
        }
        kept.push(address.id);
    }
    let gone = stored
        .verifiable_addresses
        .iter()
        .map(|a| a.id)
        .filter(|id| !kept.contains(id));
    let nid = [Value::from(tx.nid())];
    tx.execute_in(
        "DELETE FROM identity_verifiable_addresses WHERE (nid = $1) IS TRUE AND id IN ($*)",
        &nid,
        gone.map(Value::from),
    )
    .await?;
    let fresh = identity
        .verifiable_addresses
        .iter()
        .filter(|a| !kept.contains(&a.id));
    let fresh: Vec<_> = fresh.map(|a| (identity.id, a)).collect();
    insert_verifiable(tx, &fresh).await?;
    replace_changed_recovery(tx, identity, stored, unfindable, now).await
}

async fn replace_changed_recovery(
    tx: &mut Tx,
    identity: &mut Identity,
    stored: &Identity,
    unfindable: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let alike = |a: &RecoveryAddress, b: &RecoveryAddress| {
        a.via == b.via && a.break_glass_for_organization == b.break_glass_for_organization
    };
    let mut kept = Vec::new();
    for address in &mut identity.recovery_addresses {
        let old = stored.recovery_addresses.iter();
        let mut old = old.filter(|old| alike(old, address) && !unfindable.contains(&old.id));
        match old.find(|old| {
            old.value == address.value
                || is_respelled((old.id, &old.value), (address.id, &address.value))
        }) {
            Some(old) if old.value == address.value => *address = old.clone(),
            Some(_) => {
                address.updated_at = now;
                const RESPELL: &str = "UPDATE identity_recovery_addresses SET value = $1, updated_at = $2 WHERE nid = $3 AND id = $4";
                respell(tx, RESPELL, &address.value, address.id, now).await?;
            }
            None => {
                (address.id, address.updated_at) = (Uuid::new_v4(), now);
                continue;
            }
        }
        kept.push(address.id);
    }
    let gone = stored
        .recovery_addresses
        .iter()
        .map(|a| a.id)
        .filter(|id| !kept.contains(id));
    let nid = [Value::from(tx.nid())];
    tx.execute_in(
        "DELETE FROM identity_recovery_addresses WHERE (nid = $1) IS TRUE AND id IN ($*)",
        &nid,
        gone.map(Value::from),
    )
    .await?;
    let fresh = identity
        .recovery_addresses
        .iter()
        .filter(|a| !kept.contains(&a.id));
    let fresh: Vec<_> = fresh.map(|a| (identity.id, a)).collect();
    insert_recovery(tx, &fresh).await
}

/// MySQL keeps whole seconds: what was just written there differs from what is read by less than one.
fn is_same_moment(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < time::Duration::SECOND,
        (None, None) => true,
        _ => false,
    }
}

/// Whether an address is a stored one in another spelling. A row never goes over to another address: codes
/// that were sent to the old one name it.
fn is_respelled(old: (Uuid, &str), new: (Uuid, &str)) -> bool {
    old.0 == new.0 && normalise::identifier(old.1) == normalise::identifier(new.1)
}

/// Gives the row of an address another spelling.
async fn respell(
    tx: &mut Tx,
    sql: &'static str,
    value: &str,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let nid = tx.nid();
    tx.execute(sql, args![value, now, nid, id]).await?;
    Ok(())
}

/// Marks a verifiable address as verified now. `false` when it is gone. Its `updated_at` stays, as the reference leaves
/// it.
pub async fn mark_verified(
    conn: &mut Conn,
    address_id: Uuid,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let found = conn
        .execute(
            "UPDATE identity_verifiable_addresses SET verified = $1, verified_at = $2, status = $3 WHERE nid = $4 AND id = $5",
            args![true, now, "completed", conn.nid(), address_id],
        )
        .await?;
    if found > 0 {
        crate::search::mark_verified(conn, address_id).await?;
    }
    Ok(found > 0)
}

/// Notes that a verification message to the address was queued. A verified address stays verified, and `updated_at` as
/// it is.
pub async fn mark_sent(conn: &mut Conn, address_id: Uuid) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE identity_verifiable_addresses SET status = $1 WHERE nid = $2 AND id = $3",
        args!["sent", conn.nid(), address_id],
    )
    .await?;
    Ok(())
}
