//! The configuration in force, and how it changes while the server runs.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::Config;

/// The configuration in force. Take it once per request and keep it to the end.
#[derive(Debug)]
pub struct ConfigHandle(ArcSwap<Config>);

impl ConfigHandle {
    /// Starts with `config`.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(ArcSwap::from_pointee(config))
    }

    /// The configuration in force now.
    #[must_use]
    pub fn load(&self) -> Arc<Config> {
        self.0.load_full()
    }
}
