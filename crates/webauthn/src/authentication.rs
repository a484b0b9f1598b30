//! The use of a key (section 7.2). Steps 1 to 4 are the browser's, 25 the caller's.

use serde::Deserialize;

use crate::answer::{self, Bytes};
use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{ClientData, GET, sha256};
use crate::{Expected, Fault, Flags, PublicKey, Unreadable};

/// The answer to request options, read and not yet verified.
#[derive(Clone, Debug)]
pub struct Assertion {
    key_id: Vec<u8>,
    user_handle: Vec<u8>,
    client_data: ClientData,
    client_data_hash: [u8; 32],
    authenticator_data: Vec<u8>,
    read: AuthenticatorData,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Bytes,
    signature: Bytes,
    #[serde(default, rename = "userHandle")]
    user_handle: Option<Bytes>,
}

/// A key as it is kept.
#[derive(Clone, Debug)]
pub struct StoredKey<'k> {
    /// Its name.
    pub id: &'k [u8],
    /// In COSE form.
    pub public_key: &'k [u8],
    /// Whether it said that it can be copied; `None` where that was not kept.
    pub backup_eligible: Option<bool>,
}

/// A verified use of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The key's counter now; 0 where it has none. See [`Counter::of`].
    pub sign_count: u32,
    /// What the key says about itself.
    pub flags: Flags,
}

/// What the counter of a key tells (step 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// It went on.
    Advanced,
    /// The key has none: it was 0 and is 0.
    None,
    /// It did not go on: there may be two keys with the same secret.
    Stuck,
}

impl Counter {
    /// Compares the counter that was kept with the one that was sent.
    pub fn of(stored: u32, sent: u32) -> Counter {
        if sent > stored {
            Counter::Advanced
        } else if stored == 0 && sent == 0 {
            Counter::None
        } else {
            Counter::Stuck
        }
    }
}

impl Assertion {
    /// Reads the JSON of an answer. Steps 8 to 10 and 21.
    pub fn read(json: &str) -> Result<Assertion, Unreadable> {
        let (key_id, response): (_, Response) = answer::read(json)?;
        Ok(Assertion {
            key_id,
            user_handle: response.user_handle.unwrap_or_default().0,
            client_data: ClientData::read(&response.client_data.0)?,
            client_data_hash: sha256(&response.client_data.0),
            read: AuthenticatorData::read(&response.authenticator_data.0)?,
            authenticator_data: response.authenticator_data.0,
            signature: response.signature.0,
        })
    }

    /// The name of the key that answers.
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    /// What the key knows the account by; empty where it does not tell.
    pub fn user_handle(&self) -> &[u8] {
        &self.user_handle
    }

    /// Verifies the answer. `account` is what the account of the key is known by: a key that tells it has to
    /// tell the same (step 6). Steps 7 and 11 to 22; whether the key was asked for (step 5) is for the caller to
    /// see, who chooses the key.
    pub fn verify(
        &self,
        expected: &Expected<'_>,
        account: &[u8],
        key: &StoredKey<'_>,
    ) -> Result<Use, Fault> {
        if !self.user_handle.is_empty() && self.user_handle != account {
            return Err(Fault::UserHandle);
        }
        if key.id != self.key_id {
            return Err(Fault::UnknownKey);
        }
        self.client_data.check(GET, expected)?;
        self.read
            .check(expected.rp_id, expected.user_verification_required)?;
        let flags = self.read.flags;
        if key
            .backup_eligible
            .is_some_and(|known| known != flags.backup_eligible)
        {
            return Err(Fault::Backup);
        }
        let public_key = PublicKey::from_cose(key.public_key)?;
        let signed = [self.authenticator_data.as_slice(), &self.client_data_hash].concat();
        if !public_key.verifies(&signed, &self.signature) {
            return Err(Fault::Signature);
        }
        Ok(Use {
            sign_count: self.read.sign_count,
            flags,
        })
    }
}
