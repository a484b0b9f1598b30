//! Whether a new password is good enough (`spec/methods.md` §1, "Policy order").

mod breach;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bia_outbound::Outbound;

pub use breach::{BreachConfig, BreachLookup};

/// Longer identifiers and passwords, in bytes, are not compared with one another.
const MAX_COMPARED_BYTES: usize = 256;

/// Fewer edits than this between identifier and password are too few.
const MIN_DISTANCE: usize = 5;

/// What a password has to fulfil (`selfservice.methods.password.config`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyConfig {
    /// The least length in bytes (`min_password_length`).
    pub min_bytes: usize,
    /// The greatest length in bytes: what the configured hasher takes.
    pub max_bytes: usize,
    /// Whether a password may resemble the identifier (`identifier_similarity_check_enabled`).
    pub similarity_check: bool,
    /// The look-up of leaked passwords; `None` when `haveibeenpwned_enabled` is off.
    pub breach: Option<BreachConfig>,
}

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyViolation {
    /// Too few bytes.
    TooShort {
        /// The least number.
        min: usize,
        /// The number in this password.
        actual: usize,
    },
    /// Too many bytes for the hasher.
    TooLong {
        /// The greatest number.
        max: usize,
        /// The number in this password.
        actual: usize,
    },
    /// Too much like the identifier.
    TooSimilar,
    /// Known from data breaches.
    Breached {
        /// How often it was seen there.
        count: u64,
    },
}

/// The outcome of a check that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The password breaks a rule.
    #[error("the password breaks the policy: {0:?}")]
    Violation(PolicyViolation),
    /// The look-up of leaked passwords failed and `ignore_network_errors` is off. The text is for the log.
    #[error("the look-up of leaked passwords failed: {0}")]
    Unavailable(String),
}

impl From<PolicyViolation> for PolicyError {
    fn from(violation: PolicyViolation) -> Self {
        Self::Violation(violation)
    }
}

/// The policy in force. Cheap to clone; clones share the cache of look-ups.
#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    config: PolicyConfig,
    lookup: Option<Arc<BreachLookup>>,
}

impl PasswordPolicy {
    /// The policy of a configuration; leaked passwords are looked up through `outbound`.
    ///
    /// # Errors
    /// When the look-up cannot be set up.
    pub fn new(config: PolicyConfig, outbound: &Arc<Outbound>) -> Result<Self, PolicyError> {
        let lookup = config
            .breach
            .clone()
            .map(|breach| BreachLookup::new(breach, Arc::clone(outbound)))
            .transpose()?
            .map(Arc::new);
        Ok(Self { config, lookup })
    }

    /// Checks a new password for the identity that has `identifiers`.
    ///
    /// The order is length, then for each identifier similarity and leaks, then the hasher's limit; the first
    /// violation is the answer. Without an identifier only similarity is left out.
    ///
    /// # Errors
    /// [`PolicyError`], see there.
    pub async fn check(&self, password: &str, identifiers: &[String]) -> Result<(), PolicyError> {
        self.check_length(password)?;
        if let Some((first, others)) = identifiers.split_first() {
            self.check_similarity(first, password)?;
            self.check_breaches(password).await?;
            for identifier in others {
                self.check_similarity(identifier, password)?;
            }
        } else {
            self.check_breaches(password).await?;
        }
        let (max, actual) = (self.config.max_bytes, password.len());
        if actual > max {
            return Err(PolicyViolation::TooLong { max, actual }.into());
        }
        Ok(())
    }

    fn check_length(&self, password: &str) -> Result<(), PolicyViolation> {
        let (min, actual) = (self.config.min_bytes, password.len());
        if actual < min {
            Err(PolicyViolation::TooShort { min, actual })
        } else {
            Ok(())
        }
    }

    fn check_similarity(&self, identifier: &str, password: &str) -> Result<(), PolicyViolation> {
        let similar = self.config.similarity_check && are_similar(identifier, password);
        if similar {
            Err(PolicyViolation::TooSimilar)
        } else {
            Ok(())
        }
    }

    async fn check_breaches(&self, password: &str) -> Result<(), PolicyError> {
        match &self.lookup {
            Some(lookup) => lookup.check(password).await,
            None => Ok(()),
        }
    }
}

/// Whether identifier and password, without regard to case, are fewer than five edits apart or share a run of more
/// than half of the password.
fn are_similar(identifier: &str, password: &str) -> bool {
    if identifier.is_empty() || !comparable(identifier) || !comparable(password) {
        return false;
    }
    let (identifier, password) = (identifier.to_lowercase(), password.to_lowercase());
    // Lower case can be longer.
    if !comparable(&identifier) || !comparable(&password) {
        return false;
    }
    let (left, right): (Vec<char>, Vec<char>) =
        (identifier.chars().collect(), password.chars().collect());
    let distance = strsim::generic_levenshtein(&left, &right);
    distance < MIN_DISTANCE || 2 * longest_common_run(&left, &right) > right.len()
}

fn comparable(text: &str) -> bool {
    text.len() <= MAX_COMPARED_BYTES
}

/// The length of the longest run of characters that both contain.
fn longest_common_run(left: &[char], right: &[char]) -> usize {
    // One row of the usual table: how long the run is that ends at each character of `right`.
    let mut runs = vec![0_usize; right.len()];
    let mut longest = 0;
    for l in left {
        let mut diagonal = 0;
        for (run, r) in runs.iter_mut().zip(right) {
            let here = if l == r { diagonal + 1 } else { 0 };
            diagonal = std::mem::replace(run, here);
            longest = longest.max(here);
        }
    }
    longest
}
