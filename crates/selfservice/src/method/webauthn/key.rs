//! Public keys of security keys and passkeys, as they are stored (identity.md §5).

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::{Credential, Identity, MethodName, timestamp};
use bia_webauthn::{Counter, NewKey, StoredKey, Use};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::problem::Problem;

/// The config of a webauthn or passkey credential (identity.md §5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeysConfig {
    /// In the order in which they were added. Empty lists are left out, as the reference does.
    #[serde(skip_serializing_if = "is_none_or_empty")]
    pub(crate) credentials: Option<Vec<Key>>,
    /// What the keys know the account by; standard base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_handle: Option<String>,
}

fn is_none_or_empty(keys: &Option<Vec<Key>>) -> bool {
    keys.as_ref().is_none_or(Vec::is_empty)
}

impl KeysConfig {
    /// Reads a credential's config; one that cannot be read has no keys.
    pub(crate) fn of(credential: &Credential) -> KeysConfig {
        serde_json::from_value(credential.config.clone()).unwrap_or_default()
    }

    /// The config of an identity that is about to be changed: what cannot be read is not lost, but an error.
    pub(crate) fn stored(identity: &Identity, kind: MethodName) -> Result<KeysConfig, Problem> {
        let Some(credential) = identity.credential(kind) else {
            return Ok(KeysConfig::default());
        };
        serde_json::from_value(credential.config.clone())
            .map_err(|e| Problem::Internal(format!("{kind} credential {}: {e}", credential.id)))
    }

    /// The keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.credentials.iter().flatten()
    }

    /// As it is stored.
    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Adds a key. False when it is among them already.
    pub(crate) fn add(&mut self, key: Key) -> bool {
        if self.keys().any(|old| old.id_bytes() == key.id_bytes()) {
            return false;
        }
        self.credentials.get_or_insert_default().push(key);
        true
    }

    /// Takes the key away whose name is this, in lower hexadecimal digits.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Key> {
        let keys = self.credentials.as_mut()?;
        let at = keys
            .iter()
            .position(|key| hex::encode(key.id_bytes()) == id)?;
        Some(keys.remove(at))
    }

    /// With the keys of an import: those that are there by their id are replaced, the others added. The user
    /// handle stays unless the import has one.
    pub(crate) fn merged(self, new: KeysConfig) -> KeysConfig {
        let mut keys = self.credentials.unwrap_or_default();
        for key in new.credentials.unwrap_or_default() {
            match keys.iter_mut().find(|old| old.id == key.id) {
                Some(old) => *old = key,
                None => keys.push(key),
            }
        }
        let user_handle = new.user_handle.or(self.user_handle);
        KeysConfig {
            credentials: Some(keys),
            user_handle,
        }
    }
}

/// The user handle of an identity that was given none: the bytes of its id.
pub(crate) fn default_handle(identity: &Identity) -> String {
    STANDARD.encode(identity.id.as_bytes())
}

/// A public key. Bytes are standard base64.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Key {
    /// The key's own name.
    pub(crate) id: String,
    /// In COSE form.
    pub(crate) public_key: String,
    pub(super) attestation_type: String,
    pub(super) authenticator: Authenticator,
    /// What its owner calls it, or what it is; may be empty.
    pub(crate) display_name: String,
    #[serde(with = "timestamp::option")]
    pub(super) added_at: Option<OffsetDateTime>,
    /// Whether it signs in alone, or as a second factor.
    pub(crate) is_passwordless: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flags: Option<KeyFlags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transport: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attestation: Option<Value>,
}

/// What a key said about itself when it was made; whether it was copied is kept up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeyFlags {
    pub(super) user_present: bool,
    pub(super) user_verified: bool,
    pub(super) backup_eligible: bool,
    pub(super) backup_state: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Authenticator {
    pub(super) aaguid: String,
    pub(super) sign_count: u32,
    pub(super) clone_warning: bool,
}

impl Key {
    /// A key that was made just now.
    pub(crate) fn new(
        key: &NewKey,
        display_name: &str,
        passwordless: bool,
        now: OffsetDateTime,
    ) -> Key {
        let transports: Vec<Value> = key.transports.iter().map(|t| t.as_str().into()).collect();
        Key {
            id: STANDARD.encode(&key.id),
            public_key: STANDARD.encode(&key.public_key),
            attestation_type: key.attestation_format.clone(),
            authenticator: Authenticator {
                aaguid: STANDARD.encode(key.aaguid),
                sign_count: key.sign_count,
                clone_warning: false,
            },
            display_name: display_name.to_owned(),
            added_at: Some(now.replace_nanosecond(0).unwrap_or(now)),
            is_passwordless: passwordless,
            flags: Some(KeyFlags {
                user_present: key.flags.user_present,
                user_verified: key.flags.user_verified,
                backup_eligible: key.flags.backup_eligible,
                backup_state: key.flags.backup_state,
            }),
            transport: (!transports.is_empty()).then_some(Value::Array(transports)),
            attestation: None,
        }
    }

    /// Its own name as bytes; empty when what is stored is none.
    pub(crate) fn id_bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.id).unwrap_or_default()
    }

    /// What it is called on buttons.
    pub(crate) fn shown_name(&self) -> &str {
        if self.display_name.is_empty() {
            "unnamed"
        } else {
            &self.display_name
        }
    }

    /// When it was added.
    pub(crate) fn shown_date(&self) -> OffsetDateTime {
        self.added_at.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The ways to reach it, as the browser named them.
    pub(super) fn transports(&self) -> Option<&Value> {
        let list = self.transport.as_ref()?;
        list.as_array()
            .is_some_and(|l| !l.is_empty())
            .then_some(list)
    }

    /// Verifies the use of it.
    pub(super) fn verify(
        &self,
        answer: &bia_webauthn::Assertion,
        expected: &bia_webauthn::Expected<'_>,
        account: &[u8],
    ) -> Result<Use, bia_webauthn::Fault> {
        let public_key = STANDARD.decode(&self.public_key).unwrap_or_default();
        let stored = StoredKey {
            id: &self.id_bytes(),
            public_key: &public_key,
            backup_eligible: self.flags.map(|f| f.backup_eligible),
        };
        answer.verify(expected, account, &stored)
    }

    /// Notes a verified use: its counter, which never goes back, and whether the key was copied meanwhile. A
    /// counter that does not go on leaves a warning.
    pub(super) fn note(&mut self, used: &Use) -> (Counter, Noted) {
        let before = self.clone();
        let counter = Counter::of(self.authenticator.sign_count, used.sign_count);
        match counter {
            Counter::Advanced => self.authenticator.sign_count = used.sign_count,
            Counter::Stuck => self.authenticator.clone_warning = true,
            Counter::None => {}
        }
        if let Some(flags) = &mut self.flags {
            flags.backup_state = used.flags.backup_state;
        }
        let unchanged = *self == before && counter != Counter::Stuck;
        let noted = if unchanged {
            Noted::Nothing
        } else {
            Noted::Something
        };
        (counter, noted)
    }
}

/// Whether there is something to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// There is.
    Something,
    /// All is as it was.
    Nothing,
}
