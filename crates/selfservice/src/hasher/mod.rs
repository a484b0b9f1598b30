//! Password hashes: new ones as configured, and the verification of every format that identities are imported with
//! (`spec/hashes.md`).
//!
//! Hashing is slow by design. It runs on the blocking pool, and only so much of it at a time ([`lanes`]) that a rush of
//! logins neither starves the runtime nor slows each login down.

mod argon2;
mod bcrypt;
mod cost;
mod crypt;
mod digest;
mod format;
mod lanes;
mod notation;
mod pbkdf2;
mod scrypt;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tracing::Instrument as _;
use zeroize::Zeroizing;

use cost::Cost;
pub use format::{Format, check_import, is_supported};
use lanes::Lanes;

/// The longest password that is hashed or verified at all, in bytes; bcrypt takes only
/// [`BCRYPT_MAX_PASSWORD_BYTES`].
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// The longest password that bcrypt takes, in bytes.
pub const BCRYPT_MAX_PASSWORD_BYTES: usize = 72;

/// Outside of `--dev` a lower bcrypt cost is raised to this one.
pub const BCRYPT_MIN_COST: u32 = 12;

/// Why a password could not be hashed or a hash not be verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The password is longer than the hasher takes; both in bytes.
    #[error("the password has {actual} bytes, more than the {max} that can be hashed")]
    PasswordTooLong {
        /// The longest password that is possible.
        max: usize,
        /// The length of this one.
        actual: usize,
    },
    /// The text is in none of the known formats.
    #[error("the format of the password hash is not known")]
    UnknownFormat,
    /// The text starts like the named format and then breaks its rules.
    #[error("the password hash is not a well-formed {0} hash")]
    Malformed(Format),
    /// The hash asks for more work than an imported hash may (`spec/hashes.md` §3).
    #[error("the password hash has {parameter}={value}, outside of 1 to {max}")]
    TooCostly {
        /// The parameter as it is written in the hash.
        parameter: &'static str,
        /// Its value.
        value: u64,
        /// The largest value that is allowed.
        max: u64,
    },
    /// The configured parameters are impossible.
    #[error("the configured parameters of the password hasher are not possible")]
    Misconfigured,
    /// The system gave no random numbers, or the work was cut off at shutdown.
    #[error("the password could not be hashed")]
    Unavailable,
}

/// How new passwords are hashed (`hashers`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HasherConfig {
    /// bcrypt.
    Bcrypt {
        /// The logarithm of the number of rounds, 4 to 31.
        cost: u32,
    },
    /// Argon2id, version 19.
    Argon2id {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over the memory.
        iterations: u32,
        /// Lanes.
        parallelism: u32,
        /// Length of the random salt in bytes.
        salt_bytes: usize,
        /// Length of the hash in bytes.
        key_bytes: usize,
    },
}

impl HasherConfig {
    /// bcrypt with the configured cost, which is raised to [`BCRYPT_MIN_COST`] unless this is a `dev` server.
    #[must_use]
    pub fn bcrypt(cost: u32, dev: bool) -> Self {
        let least = if dev { 4 } else { BCRYPT_MIN_COST };
        Self::Bcrypt {
            cost: cost.clamp(least, 31),
        }
    }

    /// The longest password that can be hashed with it, in bytes.
    #[must_use]
    pub fn max_password_bytes(&self) -> usize {
        match self {
            Self::Bcrypt { .. } => BCRYPT_MAX_PASSWORD_BYTES,
            Self::Argon2id { .. } => MAX_PASSWORD_BYTES,
        }
    }

    /// Hashes on the calling thread: for the command line, not for request handlers.
    ///
    /// # Errors
    /// [`HashError::PasswordTooLong`], [`HashError::Misconfigured`], [`HashError::Unavailable`].
    pub fn hash_blocking(&self, password: &str) -> Result<String, HashError> {
        let (max, actual) = (self.max_password_bytes(), password.len());
        if actual > max {
            return Err(HashError::PasswordTooLong { max, actual });
        }
        match self {
            Self::Bcrypt { cost } => bcrypt::hash(password.as_bytes(), *cost),
            Self::Argon2id { .. } => argon2::hash(password.as_bytes(), self),
        }
    }

    /// What a hash of this configuration takes.
    fn cost(&self) -> Cost {
        match *self {
            Self::Bcrypt { cost } => Cost::bcrypt(cost),
            Self::Argon2id {
                memory_kib,
                iterations,
                ..
            } => Cost::argon2(memory_kib, iterations),
        }
    }

    /// A hash as this configuration makes them that no password matches.
    fn unmatchable(&self) -> String {
        match self {
            Self::Bcrypt { cost } => bcrypt::unmatchable(*cost),
            Self::Argon2id { .. } => argon2::unmatchable(self),
        }
    }
}

/// The most work that a stored hash may ask for (`spec/hashes.md` §3).
#[derive(Debug, Clone, Copy)]
struct Limits {
    bcrypt_cost: u32,
    argon2_memory_kib: u32,
    argon2_iterations: u32,
    argon2_parallelism: u32,
}

impl Limits {
    const IMPORT: Self = Self {
        bcrypt_cost: 15,
        argon2_memory_kib: 1 << 20,
        argon2_iterations: 10,
        argon2_parallelism: 16,
    };

    /// The limits of imported hashes, widened to what the operator configured for new ones: who sets a bcrypt cost
    /// of 16 has to be able to log in with it.
    fn including(config: &HasherConfig) -> Self {
        let mut limits = Self::IMPORT;
        match *config {
            HasherConfig::Bcrypt { cost } => limits.bcrypt_cost = limits.bcrypt_cost.max(cost),
            HasherConfig::Argon2id {
                memory_kib,
                iterations,
                parallelism,
                ..
            } => {
                limits.argon2_memory_kib = limits.argon2_memory_kib.max(memory_kib);
                limits.argon2_iterations = limits.argon2_iterations.max(iterations);
                limits.argon2_parallelism = limits.argon2_parallelism.max(parallelism);
            }
        }
        limits
    }
}

/// Hashes and verifies passwords without holding up the runtime. Cheap to clone; clones share the limit on
/// concurrent work.
#[derive(Debug, Clone)]
pub struct Hasher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: HasherConfig,
    limits: Limits,
    /// What is verified when there is nothing to verify.
    unmatchable: String,
    lanes: Lanes,
}

impl Hasher {
    /// A hasher that uses as many threads as there are cores.
    #[must_use]
    pub fn new(config: HasherConfig) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Inner {
            limits: Limits::including(&config),
            unmatchable: config.unmatchable(),
            lanes: Lanes::new(cores, config.cost()),
            config,
        }))
    }

    /// How new passwords are hashed.
    #[must_use]
    pub fn config(&self) -> &HasherConfig {
        &self.0.config
    }

    /// The hash of a new password, to be stored.
    ///
    /// # Errors
    /// [`HashError::PasswordTooLong`], [`HashError::Misconfigured`], [`HashError::Unavailable`].
    pub async fn hash(&self, password: &str) -> Result<String, HashError> {
        let (max, actual) = (self.0.config.max_password_bytes(), password.len());
        if actual > max {
            return Err(HashError::PasswordTooLong { max, actual });
        }
        let (inner, password) = (Arc::clone(&self.0), Zeroizing::new(password.to_owned()));
        self.work(self.0.config.cost(), move || {
            inner.config.hash_blocking(&password)
        })
        .await
    }

    /// Whether `password` is the one that was hashed into `encoded`. A password that is too long for the format
    /// does not match.
    ///
    /// # Errors
    /// [`HashError::UnknownFormat`], [`HashError::Malformed`], [`HashError::TooCostly`], [`HashError::Unavailable`]:
    /// in each case nobody can log in with this hash.
    pub async fn verify(&self, password: &str, encoded: &str) -> Result<bool, HashError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let cost = format::cost(password.as_bytes(), encoded, &self.0.limits);
        let (password, encoded) = (
            Zeroizing::new(password.to_owned()),
            Zeroizing::new(encoded.to_owned()),
        );
        let limits = self.0.limits;
        self.work(cost, move || {
            format::verify(password.as_bytes(), &encoded, &limits)
        })
        .await
    }

    /// Does the work of a verification that fails, so that the time of an answer does not tell whether there is an
    /// identity.
    pub async fn verify_nothing(&self, password: &str) {
        // The outcome is known; a failure to do the work is no concern of this caller.
        let _ = self.verify(password, &self.0.unmatchable).await;
    }

    /// Whether a hash that was just verified should be replaced: it is of another family than the configured one.
    /// A different cost alone is no reason (`spec/hashes.md` §8).
    #[must_use]
    pub fn needs_rehash(&self, encoded: &str) -> bool {
        let own = match self.0.config {
            HasherConfig::Bcrypt { .. } => Format::Bcrypt,
            HasherConfig::Argon2id { .. } => Format::Argon2id,
        };
        Format::of(encoded) != Some(own)
    }

    async fn work<T: Send + 'static>(
        &self,
        cost: Cost,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self.0.lanes.turn(cost).await?;
        let task = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, also when the request that waits for it is gone.
            let _turn = turn;
            work()
        });
        let span = tracing::info_span!(target: "traced", "hash");
        task.instrument(span)
            .await
            .map_err(|_| HashError::Unavailable)?
    }
}

/// Verifies on the calling thread, with the limits of imported hashes: for the command line.
///
/// # Errors
/// As [`Hasher::verify`].
pub fn verify_blocking(password: &str, encoded: &str) -> Result<bool, HashError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    format::verify(password.as_bytes(), encoded, &Limits::IMPORT)
}

/// Fresh random bytes for a salt.
fn random(bytes: &mut [u8]) -> Result<(), HashError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| HashError::Unavailable)
}
