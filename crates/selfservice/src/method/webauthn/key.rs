//! Public keys of security keys and passkeys: as they are stored, and as they are imported (admin.md §5.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::{Credential, Identity, MethodName, timestamp};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
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
    attestation_type: String,
    authenticator: Authenticator,
    display_name: String,
    #[serde(with = "timestamp::option")]
    added_at: Option<OffsetDateTime>,
    /// Whether it signs in alone, or as a second factor.
    pub(crate) is_passwordless: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Authenticator {
    aaguid: String,
    sign_count: u32,
    clone_warning: bool,
}

/// Reads the `config` of an import. `what` names it in the error.
pub(crate) fn read_import(
    config: Value,
    what: &str,
    now: OffsetDateTime,
) -> Result<KeysConfig, Problem> {
    let import: Import = serde_json::from_value(config).map_err(|e| {
        Problem::malformed(format!("The config of the {what} is not as expected: {e}."))
    })?;
    let keys = import.credentials.unwrap_or_default().into_iter();
    Ok(KeysConfig {
        credentials: Some(keys.map(|key| key.stored(now)).collect()),
        user_handle: import.user_handle.0.filter(|handle| !handle.is_empty()),
    })
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Import {
    credentials: Option<Vec<KeyImport>>,
    user_handle: Bytes,
}

/// Standard base64, checked.
#[derive(Default)]
struct Bytes(Option<String>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Bytes, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        if text.as_ref().is_some_and(|t| STANDARD.decode(t).is_err()) {
            return Err(D::Error::custom("bytes are written in standard base64"));
        }
        Ok(Bytes(text))
    }
}

impl Bytes {
    fn text(self) -> String {
        self.0.unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct KeyImport {
    id: Bytes,
    public_key: Bytes,
    attestation_type: Option<String>,
    authenticator: Option<AuthenticatorImport>,
    display_name: Option<String>,
    #[serde(with = "timestamp::option")]
    added_at: Option<OffsetDateTime>,
    is_passwordless: Option<bool>,
    flags: Option<Flags>,
    transport: Option<Vec<String>>,
    attestation: Option<Attestation>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AuthenticatorImport {
    aaguid: Bytes,
    sign_count: Option<u32>,
    clone_warning: Option<bool>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Flags {
    user_present: bool,
    user_verified: bool,
    backup_eligible: bool,
    backup_state: bool,
}

/// Names come in lower case, see `admin::body`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Attestation {
    client_datajson: Bytes,
    client_data_hash: Bytes,
    authenticator_data: Bytes,
    public_key_algorithm: Option<i64>,
    object: Bytes,
}

impl Attestation {
    fn stored(self) -> Value {
        serde_json::json!({
            "client_dataJSON": self.client_datajson.text(),
            "client_data_hash": self.client_data_hash.text(),
            "authenticator_data": self.authenticator_data.text(),
            "public_key_algorithm": self.public_key_algorithm.unwrap_or_default(),
            "object": self.object.text(),
        })
    }
}

impl KeyImport {
    fn stored(self, now: OffsetDateTime) -> Key {
        let authenticator = self.authenticator.unwrap_or_default();
        Key {
            id: self.id.text(),
            public_key: self.public_key.text(),
            attestation_type: self.attestation_type.unwrap_or_default(),
            authenticator: Authenticator {
                aaguid: authenticator.aaguid.text(),
                sign_count: authenticator.sign_count.unwrap_or_default(),
                clone_warning: authenticator.clone_warning.unwrap_or_default(),
            },
            display_name: self.display_name.unwrap_or_default(),
            added_at: self.added_at.or(Some(now)),
            is_passwordless: self.is_passwordless.unwrap_or_default(),
            flags: self.flags.and_then(|f| serde_json::to_value(f).ok()),
            transport: self.transport.map(Value::from),
            attestation: self.attestation.map(Attestation::stored),
        }
    }
}
