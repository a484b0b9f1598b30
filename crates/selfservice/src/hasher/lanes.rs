//! How much password work goes on at a time.
//!
//! Common hashes are worked on by as many threads as there are cores. Two kinds stay out of their way, each with a queue
//! of its own: hashes that take seconds, which a few logins in a row would else make everybody wait for, and hashes
//! that fill the memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::HashError;
use super::cost::Cost;

/// Hashes that need more memory than this are worked on one at a time.
const HEAVY_KIB: u32 = 256 * 1024;

/// A hash that takes longer is a slow one, unless the configured hasher takes as long.
const SLOW: Duration = Duration::from_millis(1200);

#[derive(Debug)]
pub(super) struct Lanes {
    common: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    heavy: Arc<Semaphore>,
    /// What takes longer than this is slow.
    common_time: Duration,
}

impl Lanes {
    /// For this number of cores, where hashes with this cost are the common ones.
    pub(super) fn new(cores: usize, common: Cost) -> Self {
        Self {
            common: Arc::new(Semaphore::new(cores)),
            slow: Arc::new(Semaphore::new((cores / 2).max(1))),
            heavy: Arc::new(Semaphore::new(1)),
            common_time: SLOW.max(common.time * 2),
        }
    }

    /// The right to work on a hash with this cost, until it is dropped. Waits for its turn.
    pub(super) async fn turn(&self, cost: Cost) -> Result<OwnedSemaphorePermit, HashError> {
        let lane = if cost.memory_kib > HEAVY_KIB {
            &self.heavy
        } else if cost.time > self.common_time {
            &self.slow
        } else {
            &self.common
        };
        let turn = Arc::clone(lane).acquire_owned().await;
        turn.map_err(|_| HashError::Unavailable)
    }
}
