//! Whether a new password is good enough, and its hash.

use bia_model::text;
use zeroize::Zeroizing;

use super::policy::{self, PolicyError, PolicyViolation};
use crate::cx::Cx;
use crate::method::Refusal;
use crate::problem::Problem;

/// Checks a new password against the policy, for each identifier. The message stands at `password`.
pub(super) async fn check(
    cx: &Cx,
    password: &Zeroizing<String>,
    identifiers: &[String],
) -> Result<(), Refusal> {
    match cx.runtime.policy.check(password, identifiers).await {
        Ok(()) => Ok(()),
        Err(PolicyError::Violation(violation)) => {
            Err(Refusal::field("password", message(violation)))
        }
        Err(PolicyError::Unavailable(reason)) => Err(Problem::Upstream(reason).into()),
    }
}

/// The hash of a new password, as configured.
pub(super) async fn hash(cx: &Cx, password: &Zeroizing<String>) -> Result<String, Refusal> {
    use crate::hasher::HashError;
    match cx.runtime.hasher.hash(password).await {
        Ok(hash) => Ok(hash),
        Err(HashError::PasswordTooLong { max, actual }) => Err(Refusal::field(
            "password",
            message(PolicyViolation::TooLong { max, actual }),
        )),
        Err(other) => Err(Problem::Internal(other.to_string()).into()),
    }
}

fn message(violation: policy::PolicyViolation) -> text::Message {
    match violation {
        PolicyViolation::TooShort { min, actual } => {
            text::password_min_length(min as u64, actual as u64)
        }
        PolicyViolation::TooLong { max, actual } => {
            text::password_max_length(max as u64, actual as u64)
        }
        PolicyViolation::TooSimilar => text::password_too_similar(),
        PolicyViolation::Breached { count } => text::password_breached(count),
    }
}
