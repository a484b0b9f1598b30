//! What vouches for a new key (sections 6.5 and 8): who made the key is not asked, but what it says of itself has
//! to be true.

mod android_key;
mod apple;
mod certificate;
mod fido_u2f;
mod packed;
#[cfg(test)]
mod tests;
mod tpm;

use coset::cbor::Value;

use crate::authenticator_data::Attested;
use crate::{Algorithm, Fault, PublicKey, cbor};

/// An attestation statement and what it is about.
pub(crate) struct Statement<'s> {
    pub(crate) format: &'s str,
    pub(crate) members: &'s [(Value, Value)],
    /// As the key wrote it.
    pub(crate) authenticator_data: &'s [u8],
    pub(crate) client_data_hash: &'s [u8; 32],
    pub(crate) rp_id_hash: &'s [u8; 32],
    pub(crate) attested: &'s Attested,
    pub(crate) key: &'s PublicKey,
}

/// Steps 22 and 23 of section 7.1.
pub(crate) fn verify(statement: &Statement<'_>) -> Result<(), Fault> {
    let vouches = match statement.format {
        "none" => statement.members.is_empty().then_some(()),
        "packed" => packed::verify(statement),
        "fido-u2f" => fido_u2f::verify(statement),
        "apple" => apple::verify(statement),
        "android-key" => android_key::verify(statement),
        "tpm" => tpm::verify(statement),
        _ => return Err(Fault::AttestationFormat),
    };
    vouches.ok_or(Fault::Attestation)
}

/// Most certificates in a chain. Only the first is read.
const MAX_CHAIN: usize = 10;

impl Statement<'_> {
    fn member(&self, name: &str) -> Option<&Value> {
        cbor::member(self.members, name)
    }

    fn algorithm(&self) -> Option<Algorithm> {
        let id = i128::from(self.member("alg")?.as_integer()?);
        Algorithm::of_cose_id(i64::try_from(id).ok()?)
    }

    fn signature(&self) -> Option<&[u8]> {
        self.member("sig")?.as_bytes().map(Vec::as_slice)
    }

    /// The certificates, the key's own first; at least one.
    fn chain(&self) -> Option<Vec<&[u8]>> {
        let list = self.member("x5c")?.as_array()?;
        if list.is_empty() || list.len() > MAX_CHAIN {
            return None;
        }
        let bytes = list.iter().map(|c| c.as_bytes().map(Vec::as_slice));
        bytes.collect()
    }

    /// What most formats sign.
    fn signed(&self) -> Vec<u8> {
        [self.authenticator_data, self.client_data_hash].concat()
    }
}
