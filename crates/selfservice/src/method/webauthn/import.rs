//! Security keys and passkeys as an operator brings them along (admin.md §5.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::timestamp;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use time::OffsetDateTime;

use super::key::{Authenticator, Key, KeyFlags, KeysConfig};
use crate::problem::Problem;

/// Reads the `config` of an import. `what` names it in the error.
pub(crate) fn read(config: Value, what: &str, now: OffsetDateTime) -> Result<KeysConfig, Problem> {
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

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Flags {
    user_present: bool,
    user_verified: bool,
    backup_eligible: bool,
    backup_state: bool,
}

impl Flags {
    fn stored(self) -> KeyFlags {
        KeyFlags {
            user_present: self.user_present,
            user_verified: self.user_verified,
            backup_eligible: self.backup_eligible,
            backup_state: self.backup_state,
        }
    }
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
            flags: self.flags.map(Flags::stored),
            transport: self.transport.map(Value::from),
            attestation: self.attestation.map(Attestation::stored),
        }
    }
}
