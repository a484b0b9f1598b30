//! Addresses that an operator brings along (admin.md §5.5): each takes the place of the one that the
//! traits give, when there is one; all others are dropped.

use bia_model::{Identity, RecoveryAddress, VerifiableAddress, normalise};
use time::OffsetDateTime;

use super::body::{Object, RecoveryImport, VerifiableImport};

/// Takes over what an import says of the addresses that the identity has.
pub(super) fn take_over(
    identity: &mut Identity,
    verifiable: &[Object<VerifiableImport>],
    recovery: &[Object<RecoveryImport>],
    now: OffsetDateTime,
) {
    // Of several that name the same address the first one counts.
    for Object(import) in verifiable.iter().rev() {
        let value = spelling(import.value.as_deref());
        let via = import.via.as_deref().unwrap_or_default();
        let derived = identity
            .verifiable_addresses
            .iter_mut()
            .find(|a| a.value == value && a.via.as_str() == via);
        if let Some(address) = derived {
            take_verifiable(address, import, now);
        }
    }
    for Object(import) in recovery.iter().rev() {
        let value = spelling(import.value.as_deref());
        let via = import.via.as_deref().unwrap_or_default();
        let derived = identity
            .recovery_addresses
            .iter_mut()
            .find(|a| a.value == value && a.via.as_str() == via);
        if let Some(address) = derived {
            take_recovery(address, import);
        }
    }
}

/// The address as it would be derived from a trait.
pub(crate) fn spelling(value: Option<&str>) -> String {
    normalise::identifier(&value.unwrap_or_default().to_lowercase())
}

fn take_verifiable(
    address: &mut VerifiableAddress,
    import: &VerifiableImport,
    now: OffsetDateTime,
) {
    address.id = import.id.filter(|id| !id.is_nil()).unwrap_or(address.id);
    address.created_at = import.created_at.unwrap_or(address.created_at);
    address.verified = import.verified.unwrap_or_default();
    address.status = import.status.clone().unwrap_or_default();
    address.verified_at = import.verified_at;
    complete(address, now);
}

/// Fills in what follows from `verified`: an empty status, the time.
pub(crate) fn complete(address: &mut VerifiableAddress, now: OffsetDateTime) {
    if address.status.is_empty() {
        address.status = if address.verified {
            "completed"
        } else {
            "pending"
        }
        .into();
    }
    address.verified_at = if address.verified {
        address.verified_at.or(Some(now))
    } else {
        None
    };
}

fn take_recovery(address: &mut RecoveryAddress, import: &RecoveryImport) {
    address.id = import.id.filter(|id| !id.is_nil()).unwrap_or(address.id);
    address.created_at = import.created_at.unwrap_or(address.created_at);
    address.break_glass_for_organization = import.break_glass_for_organization;
}
