//! `secrets` and `ciphers`: the server's keys.

use std::sync::LazyLock;

use serde::Deserialize;
use uuid::Uuid;

use crate::Secret;

/// The server's keys. In each list the first makes new things, and all are tried on old ones.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// For what has no list of its own. Ask [`Secrets::sessions`] for cookies.
    pub default: Vec<Secret>,
    /// For cookies. Ask [`Secrets::sessions`].
    pub cookie: Vec<Secret>,
    /// For what is encrypted at rest; exactly 32 bytes each.
    pub cipher: Vec<Secret>,
    /// For page tokens. Empty when the built-in key is used.
    pub pagination: Vec<Secret>,
}

/// A key for the life of the process, when none is configured.
static OF_THIS_PROCESS: LazyLock<Secret> =
    LazyLock::new(|| Secret::new(Uuid::new_v4().to_string()));

impl Secrets {
    /// The keys of session and continuity cookies: `secrets.cookie`, else `secrets.default`. Never empty.
    #[must_use]
    pub fn sessions(&self) -> &[Secret] {
        if self.cookie.is_empty() {
            &self.default
        } else {
            &self.cookie
        }
    }

    /// Whether sessions end with the process, because no key is configured for them.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.cookie.is_empty() && self.default.is_empty()
    }

    /// Fills the default list with a random key of this process when it is empty, as the reference does.
    pub(crate) fn resolve(mut self) -> Self {
        if self.default.is_empty() {
            self.default.push(OF_THIS_PROCESS.clone());
        }
        self
    }
}

/// How secrets of identities are encrypted at rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum CipherAlgorithm {
    /// Not at all; only written as hexadecimal digits.
    #[default]
    #[serde(rename = "noop")]
    Noop,
    /// AES-256-GCM.
    #[serde(rename = "aes")]
    Aes,
    /// XChaCha20-Poly1305.
    #[serde(rename = "xchacha20-poly1305")]
    XChaCha20Poly1305,
}

/// `ciphers`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ciphers {
    /// How secrets of identities are encrypted.
    pub algorithm: CipherAlgorithm,
}
