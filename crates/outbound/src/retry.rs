//! When to try again.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

/// How often a call is tried, and how long to wait between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How many attempts in all, at least one.
    pub attempts: u32,
    /// The wait after the first attempt; it doubles after each.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Retry {
    /// Three attempts, one second and two apart (config.md §11).
    pub const STANDARD: Retry = Retry {
        attempts: 3,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(30),
    };

    /// One attempt.
    pub const NEVER: Retry = Retry {
        attempts: 1,
        ..Retry::STANDARD
    };

    /// Whether an answer asks for another attempt: 429, and 5xx but 501.
    pub(crate) fn applies(status: StatusCode) -> bool {
        status == StatusCode::TOO_MANY_REQUESTS
            || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
    }

    /// The wait after attempt `attempt`, counted from 1. What the server asks for (`Retry-After` in seconds) counts,
    /// as far as it is not longer than the longest wait.
    pub(crate) fn wait(&self, attempt: u32, headers: Option<&HeaderMap>) -> Duration {
        let asked = headers
            .and_then(|headers| headers.get(header::RETRY_AFTER)?.to_str().ok())
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs);
        let doubled = self
            .first_wait
            .saturating_mul(1u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        asked.unwrap_or(doubled).min(self.longest_wait)
    }
}
