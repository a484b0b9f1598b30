//! How many attempts were refused, for metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bia_config::section::abuse::Guarded;

/// Attempts that were refused since the process began.
#[derive(Debug, Default)]
pub struct Refused {
    counts: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

impl Refused {
    pub(super) fn count(&self, subject: &'static str, method: Guarded) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((subject, method.as_str())).or_default() += 1;
    }

    /// What was locked, the method that was tried, and how often that was refused; in order.
    pub fn counts(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let all = counts.iter();
        all.map(|((subject, method), count)| (*subject, *method, *count))
            .collect()
    }
}
