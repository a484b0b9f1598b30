//! `hashers`: how new passwords are hashed.

use std::{num::NonZero, thread, time::Duration};

use serde::Deserialize;

use crate::{duration, size};

/// The lowest bcrypt cost outside development mode.
const LEAST_BCRYPT_COST: u32 = 12;

/// How new passwords are hashed. Hashes made otherwise are replaced at the next login.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct Hashers {
    /// Which algorithm.
    pub algorithm: HashAlgorithm,
    /// Settings of argon2id. Its expected duration is also how long a login with an unknown identifier takes.
    pub argon2: Argon2,
    /// Settings of bcrypt.
    pub bcrypt: Bcrypt,
}

/// The algorithm for new passwords.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashAlgorithm {
    /// argon2id (RFC 9106).
    Argon2,
    /// bcrypt; passwords have at most 72 bytes.
    #[default]
    Bcrypt,
}

/// `hashers.argon2`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Argon2 {
    /// In bytes.
    #[serde(deserialize_with = "size::deserialize")]
    pub memory: u64,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes; twice the number of processors unless configured.
    pub parallelism: u32,
    /// In bytes.
    pub salt_length: u32,
    /// In bytes.
    pub key_length: u32,
    /// How long hashing is expected to take.
    #[serde(deserialize_with = "duration::deserialize")]
    pub expected_duration: Duration,
    /// By how much that may be off.
    #[serde(deserialize_with = "duration::deserialize")]
    pub expected_deviation: Duration,
    /// The memory that is set aside for hashing, in bytes. Only a hint.
    #[serde(deserialize_with = "size::deserialize")]
    pub dedicated_memory: u64,
}

impl Default for Argon2 {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            memory: 128 << 20,
            iterations: 1,
            parallelism: u32::try_from(processors * 2).unwrap_or(u32::MAX),
            salt_length: 16,
            key_length: 32,
            expected_duration: Duration::from_millis(500),
            expected_deviation: Duration::from_millis(500),
            dedicated_memory: 1 << 30,
        }
    }
}

/// `hashers.bcrypt`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Bcrypt {
    /// The binary logarithm of the rounds: 4 to 31, at least 12 outside development mode.
    pub cost: u32,
}

impl Default for Bcrypt {
    fn default() -> Self {
        Self {
            cost: LEAST_BCRYPT_COST,
        }
    }
}

impl Hashers {
    pub(crate) fn resolve(mut self, dev: bool) -> Self {
        if !dev {
            self.bcrypt.cost = self.bcrypt.cost.max(LEAST_BCRYPT_COST);
        }
        self
    }
}
