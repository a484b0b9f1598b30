//! What is stored for codes: the addresses they go to.

use bia_model::{Channel, Credential, Identity, MethodName, VerifiableAddress};
use serde::{Deserialize, Serialize};

/// The config of a code credential (identity.md §5).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeConfig {
    /// Sorted by address, then channel.
    pub addresses: Vec<CodeAddress>,
}

/// An address that codes are sent to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeAddress {
    /// How it is reached.
    pub channel: Channel,
    /// The normalised address.
    pub address: String,
}

impl CodeConfig {
    /// Reads a credential's config; one that cannot be read has no addresses.
    pub fn of(credential: &Credential) -> CodeConfig {
        serde_json::from_value(credential.config.clone()).unwrap_or_default()
    }
}

/// Where codes for an identity (given with credentials) go: the addresses of its code credential. Where that has but a
/// name, which no code can be sent to, the addresses that were verified.
pub(super) fn own_addresses(identity: &Identity) -> Vec<CodeAddress> {
    let Some(credential) = identity.credential(MethodName::Code) else {
        return Vec::new();
    };
    let mut own = CodeConfig::of(credential).addresses;
    own.retain(|a| !a.address.is_empty());
    if own.is_empty() && !credential.identifiers.is_empty() {
        return verifiable(identity, |a| a.verified);
    }
    own
}

/// The verifiable addresses of an identity that are `wanted`, as addresses for codes.
pub(super) fn verifiable(
    identity: &Identity,
    wanted: impl Fn(&VerifiableAddress) -> bool,
) -> Vec<CodeAddress> {
    let all = identity.verifiable_addresses.iter();
    all.filter(|a| !a.value.is_empty() && wanted(a))
        .map(|a| CodeAddress {
            channel: a.via,
            address: a.value.clone(),
        })
        .collect()
}
