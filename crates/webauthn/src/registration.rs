//! A new key (section 7.1). Steps 1 to 4 are the browser's, 27 and 28 the caller's.

use coset::cbor::Value;
use serde::Deserialize;

use crate::answer::{self, Bytes};
use crate::attestation::{self, Statement};
use crate::authenticator_data::{Attested, AuthenticatorData};
use crate::client_data::{CREATE, ClientData, sha256};
use crate::{Expected, Fault, Flags, MAX_KEY_ID_BYTES, PublicKey, Unreadable, cbor};

/// How many ways to reach a key are kept, and how long their names may be.
const MAX_TRANSPORTS: usize = 8;
const MAX_TRANSPORT_BYTES: usize = 32;

/// The answer to creation options, read and not yet verified.
#[derive(Clone, Debug)]
pub struct Creation {
    key_id: Vec<u8>,
    client_data: ClientData,
    client_data_hash: [u8; 32],
    format: String,
    statement: Vec<(Value, Value)>,
    authenticator_data: Vec<u8>,
    read: AuthenticatorData,
    attested: Attested,
    transports: Vec<String>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "attestationObject")]
    attestation_object: Bytes,
    #[serde(default)]
    transports: Option<Vec<String>>,
}

/// A new key that may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Its name. At most [`MAX_KEY_ID_BYTES`]; nobody else may have it.
    pub id: Vec<u8>,
    /// In COSE form, as the key wrote it.
    pub public_key: Vec<u8>,
    /// The format of what vouched for it: `none`, `packed`, …
    pub attestation_format: String,
    /// What model the key is of; zeros where it does not tell.
    pub aaguid: [u8; 16],
    /// Its counter so far; 0 where it has none.
    pub sign_count: u32,
    /// What it says about itself.
    pub flags: Flags,
    /// How it is reached, in words of the browser (`usb`, `internal`, …).
    pub transports: Vec<String>,
}

impl Creation {
    /// Reads the JSON of an answer. Steps 5, 6, 12 and 13.
    pub fn read(json: &str) -> Result<Creation, Unreadable> {
        let (key_id, response): (_, Response) = answer::read(json)?;
        let client_data = ClientData::read(&response.client_data.0)?;
        let object = cbor::only(&response.attestation_object.0)?;
        let parts = Parts::of(object).ok_or(Unreadable("its attestation object lacks a part"))?;
        let mut read = AuthenticatorData::read(&parts.authenticator_data)?;
        let attested = read.attested.take().ok_or(Unreadable("it has no key"))?;
        let transports = response.transports.unwrap_or_default();
        let known = transports
            .into_iter()
            .filter(|t| !t.is_empty() && t.len() <= MAX_TRANSPORT_BYTES);
        Ok(Creation {
            key_id,
            client_data,
            client_data_hash: sha256(&response.client_data.0),
            format: parts.format,
            statement: parts.statement,
            authenticator_data: parts.authenticator_data,
            read,
            attested,
            transports: known.take(MAX_TRANSPORTS).collect(),
        })
    }

    /// Verifies the answer. Steps 7 to 11, 14 to 17, 20, 22, 23 and 26. Who made the key is not looked at
    /// (steps 24 and 25): no model of keys is trusted more than another.
    pub fn verify(&self, expected: &Expected<'_>) -> Result<NewKey, Fault> {
        self.client_data.check(CREATE, expected)?;
        self.read
            .check(expected.rp_id, expected.user_verification_required)?;
        let key = PublicKey::from_cose(&self.attested.public_key)?;
        attestation::verify(&Statement {
            format: &self.format,
            members: &self.statement,
            authenticator_data: &self.authenticator_data,
            client_data_hash: &self.client_data_hash,
            rp_id_hash: &self.read.rp_id_hash,
            attested: &self.attested,
            key: &key,
        })?;
        let id = &self.attested.key_id;
        if id.is_empty() || id.len() > MAX_KEY_ID_BYTES || *id != self.key_id {
            return Err(Fault::KeyId);
        }
        Ok(NewKey {
            id: id.clone(),
            public_key: self.attested.public_key.clone(),
            attestation_format: self.format.clone(),
            aaguid: self.attested.aaguid,
            sign_count: self.read.sign_count,
            flags: self.read.flags,
            transports: self.transports.clone(),
        })
    }
}

/// An attestation object (section 6.5.4), taken apart.
struct Parts {
    format: String,
    statement: Vec<(Value, Value)>,
    authenticator_data: Vec<u8>,
}

impl Parts {
    fn of(object: Value) -> Option<Parts> {
        let map = object.into_map().ok()?;
        Some(Parts {
            format: cbor::member(&map, "fmt")?.as_text()?.to_owned(),
            statement: cbor::member(&map, "attStmt")?.as_map()?.clone(),
            authenticator_data: cbor::member(&map, "authData")?.as_bytes()?.clone(),
        })
    }
}
