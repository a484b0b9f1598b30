//! Argon2id and Argon2i: `$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>`.

use ::argon2::{Algorithm, Argon2, Params, Version};

use super::cost::Cost;
use super::format::Format;
use super::notation::{MAX_PART_BYTES, key, numbers, parts, same, to_unpadded, unpadded};
use super::{HashError, HasherConfig, Limits, random};

const VERSION: u32 = 19;

/// Hashes a password with Argon2id.
pub(super) fn hash(password: &[u8], config: &HasherConfig) -> Result<String, HashError> {
    let costs = Costs::of(config).ok_or(HashError::Misconfigured)?;
    let mut salt = vec![0; costs.salt_bytes];
    random(&mut salt)?;
    let params = Params::new(
        costs.memory_kib,
        costs.iterations,
        costs.parallelism,
        Some(costs.key_bytes),
    );
    let params = params.map_err(|_| HashError::Misconfigured)?;
    let mut derived = vec![0; costs.key_bytes];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, &salt, &mut derived)
        .map_err(|_| HashError::Misconfigured)?;
    Ok(costs.encode(&salt, &derived))
}

/// A hash of this configuration that no password is known for.
pub(super) fn unmatchable(config: &HasherConfig) -> String {
    let encode = |costs: Costs| costs.encode(&vec![0; costs.salt_bytes], &vec![0; costs.key_bytes]);
    Costs::of(config).map(encode).unwrap_or_default()
}

/// What a configuration asks for.
struct Costs {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
    salt_bytes: usize,
    key_bytes: usize,
}

impl Costs {
    /// `None` for another hasher, and for a salt or key that could not be read back.
    fn of(config: &HasherConfig) -> Option<Self> {
        let HasherConfig::Argon2id {
            memory_kib,
            iterations,
            parallelism,
            salt_bytes,
            key_bytes,
        } = *config
        else {
            return None;
        };
        let readable = salt_bytes <= MAX_PART_BYTES && key_bytes <= MAX_PART_BYTES;
        readable.then_some(Self {
            memory_kib,
            iterations,
            parallelism,
            salt_bytes,
            key_bytes,
        })
    }

    fn encode(&self, salt: &[u8], derived: &[u8]) -> String {
        let Self {
            memory_kib,
            iterations,
            parallelism,
            ..
        } = self;
        let (salt, derived) = (to_unpadded(salt), to_unpadded(derived));
        format!(
            "$argon2id$v={VERSION}$m={memory_kib},t={iterations},p={parallelism}${salt}${derived}"
        )
    }
}

/// A well-formed hash within the limits.
pub(super) struct Parsed {
    format: Format,
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Parsed {
    pub(super) fn new(encoded: &str, format: Format, limits: &Limits) -> Result<Self, HashError> {
        let parsed = Self::read(encoded, format).ok_or(HashError::Malformed(format))?;
        let costs = [
            ("m", parsed.memory_kib, limits.argon2_memory_kib),
            ("t", parsed.iterations, limits.argon2_iterations),
            ("p", parsed.parallelism, limits.argon2_parallelism),
        ];
        for (parameter, value, max) in costs {
            if value == 0 || value > max {
                return Err(HashError::TooCostly {
                    parameter,
                    value: value.into(),
                    max: max.into(),
                });
            }
        }
        Ok(parsed)
    }

    fn read(encoded: &str, format: Format) -> Option<Self> {
        let [_, _, version, costs, salt, hash] = parts(encoded)?;
        if numbers(version, ["v="])? != [VERSION] {
            return None;
        }
        let [memory_kib, iterations, parallelism] = numbers(costs, ["m=", ",t=", ",p="])?;
        let (salt, hash) = (unpadded(salt)?, key(unpadded(hash)?)?);
        Some(Self {
            format,
            memory_kib,
            iterations,
            parallelism,
            salt,
            hash,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::argon2(self.memory_kib, self.iterations)
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        if self.hash.is_empty() {
            return Ok(false);
        }
        let algorithm = if self.format == Format::Argon2i {
            Algorithm::Argon2i
        } else {
            Algorithm::Argon2id
        };
        let malformed = |_| HashError::Malformed(self.format);
        let params = Params::new(
            self.memory_kib,
            self.iterations,
            self.parallelism,
            Some(self.hash.len()),
        );
        let mut derived = vec![0; self.hash.len()];
        Argon2::new(algorithm, Version::V0x13, params.map_err(malformed)?)
            .hash_password_into(password, &self.salt, &mut derived)
            .map_err(malformed)?;
        Ok(same(&self.hash, &derived))
    }
}
