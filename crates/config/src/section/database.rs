//! `database`: how stale rows are removed.

use std::time::Duration;

use serde::Deserialize;

use crate::duration;

/// `database`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Database {
    /// The removal of stale rows.
    pub cleanup: Cleanup,
}

/// `database.cleanup`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cleanup {
    /// How many rows are removed at a time.
    pub batch_size: u32,
    /// Breaks between.
    pub sleep: CleanupSleep,
    /// Rows are kept for this long after they became stale.
    #[serde(deserialize_with = "duration::deserialize")]
    pub older_than: Duration,
}

impl Default for Cleanup {
    fn default() -> Self {
        Self {
            batch_size: 100,
            sleep: CleanupSleep::default(),
            older_than: Duration::ZERO,
        }
    }
}

/// `database.cleanup.sleep`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CleanupSleep {
    /// Between two tables.
    #[serde(deserialize_with = "duration::deserialize")]
    pub tables: Duration,
}

impl Default for CleanupSleep {
    fn default() -> Self {
        Self {
            tables: Duration::from_secs(60),
        }
    }
}
