//! PBKDF2: `$pbkdf2-<alg>$i=<iterations>,l=<length>$<salt>$<hash>`.

use ::hmac::{Hmac, SimpleHmac};
use ::pbkdf2::pbkdf2;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sha3::{Sha3_224, Sha3_384};

use super::HashError;
use super::cost::Cost;
use super::format::Format;
use super::notation::{key, numbers, parts, same, unpadded};

const MAX_ITERATIONS: u32 = 10_000_000;

/// Iterations times the blocks of output: what the work really depends on.
const MAX_WORK: u64 = 4 * MAX_ITERATIONS as u64;

/// The shortest block that a hash function here gives, in bytes (SHA-1).
const SHORTEST_BLOCK: u64 = 20;

const MALFORMED: HashError = HashError::Malformed(Format::Pbkdf2);

/// A well-formed hash within the limits.
pub(super) struct Parsed<'a> {
    algorithm: &'a str,
    iterations: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl<'a> Parsed<'a> {
    pub(super) fn new(encoded: &'a str) -> Result<Self, HashError> {
        let parsed = Self::read(encoded).ok_or(MALFORMED)?;
        let value = parsed.iterations;
        if value == 0 || value > MAX_ITERATIONS || u64::from(value) * parsed.blocks() > MAX_WORK {
            return Err(HashError::TooCostly {
                parameter: "i",
                value: value.into(),
                max: MAX_ITERATIONS.into(),
            });
        }
        Ok(parsed)
    }

    fn read(encoded: &'a str) -> Option<Self> {
        let [_, name, costs, salt, hash] = parts(encoded)?;
        let algorithm = name.strip_prefix("pbkdf2-")?;
        // The length has to be there and is not used: the hash itself tells it.
        let [iterations, _length] = numbers(costs, ["i=", ",l="])?;
        Some(Self {
            algorithm,
            iterations,
            salt: unpadded(salt)?,
            hash: key(unpadded(hash)?)?,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::repeated_digest(u64::from(self.iterations) * self.blocks())
    }

    /// Of the output; each takes all the iterations.
    fn blocks(&self) -> u64 {
        (self.hash.len() as u64).div_ceil(SHORTEST_BLOCK).max(1)
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        let mut derived = vec![0; self.hash.len()];
        let (salt, rounds, out) = (
            self.salt.as_slice(),
            self.iterations,
            derived.as_mut_slice(),
        );
        // Two labels name SHA-3 by an old mistake that stored hashes depend on; unknown labels mean SHA-256.
        let done = match self.algorithm {
            "sha1" => pbkdf2::<Hmac<Sha1>>(password, salt, rounds, out),
            "sha224" => pbkdf2::<SimpleHmac<Sha3_224>>(password, salt, rounds, out),
            "sha384" => pbkdf2::<SimpleHmac<Sha3_384>>(password, salt, rounds, out),
            "sha512" => pbkdf2::<Hmac<Sha512>>(password, salt, rounds, out),
            _ => pbkdf2::<Hmac<Sha256>>(password, salt, rounds, out),
        };
        done.map_err(|_| MALFORMED)?;
        Ok(same(&self.hash, &derived))
    }
}
