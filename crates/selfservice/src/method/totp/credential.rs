//! What is stored for an authenticator app.

use bia_model::Credential;
use serde::{Deserialize, Serialize};
use url::Url;

use super::key::Key;

/// The config of a TOTP credential (identity.md §5).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TotpConfig {
    /// `otpauth://totp/…` with the key. A secret. An import may have brought any text.
    pub(super) totp_url: String,
}

impl TotpConfig {
    /// Reads a credential's config; one that cannot be read holds no key.
    pub(super) fn of(credential: &Credential) -> TotpConfig {
        serde_json::from_value(credential.config.clone()).unwrap_or_default()
    }

    /// Whether it counts as a second factor: any URL or path does, also when no code could ever match.
    pub(super) fn counts(&self) -> bool {
        let base = Url::parse("otpauth://totp/").ok();
        !self.totp_url.is_empty()
            && Url::options()
                .base_url(base.as_ref())
                .parse(&self.totp_url)
                .is_ok()
    }

    /// The key, if there is one.
    pub(super) fn key(&self) -> Option<Key> {
        Key::of_url(&self.totp_url)
    }
}
