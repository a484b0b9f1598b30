//! What is stored for a password.

use bia_model::Credential;
use serde::{Deserialize, Serialize};

/// The config of a password credential (identity.md §5). An empty hash means: no password.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordConfig {
    /// The encoded hash. A secret.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hashed_password: String,
    /// Whether the first login asks the operator's old system.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_password_migration_hook: bool,
}

impl PasswordConfig {
    /// Reads a credential's config; one that cannot be read holds no password.
    pub fn of(credential: &Credential) -> PasswordConfig {
        let read = serde_json::from_value(credential.config.clone());
        let mut read: PasswordConfig = read.unwrap_or_default();
        strip_line_breaks(&mut read.hashed_password);
        read
    }

    /// Whether only another system knows the password yet.
    pub fn waits_for_migration(&self) -> bool {
        self.hashed_password.is_empty() && self.use_password_migration_hook
    }

    /// With a hash.
    pub fn hashed(hash: String) -> PasswordConfig {
        PasswordConfig {
            hashed_password: hash,
            use_password_migration_hook: false,
        }
    }

    /// As it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Takes line breaks out of an encoded hash: tools that wrap base64 leave them there, and Go's decoders pass over them.
pub(super) fn strip_line_breaks(hash: &mut String) {
    hash.retain(|c| !matches!(c, '\r' | '\n'));
}
