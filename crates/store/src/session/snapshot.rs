//! Sessions as one state of a PostgreSQL database has them.
//!
//! `pg_current_snapshot()` tells which transactions a statement sees: those below its upper end but for the ones it
//! lists as under way (<https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT>). Two
//! statements with the same snapshot see the same rows, since each transaction that changes something has a number
//! of its own. The start of the server stands beside it, so that the numbers of another server never count.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use super::lookup::LiveSession;

/// How many sessions are kept, some KiB each.
const ENTRIES: usize = 4096;

/// After this long a state is read again in any case: a server that lost its last commits in a crash may use their
/// numbers again.
const LONGEST: Duration = Duration::from_secs(5);

/// The newest state that was read, and what is known of it.
#[derive(Default)]
pub(super) struct Snapshot {
    known: Mutex<Option<Arc<Known>>>,
}

struct Known {
    stamp: Arc<str>,
    since: Instant,
    sessions: Cache<Vec<String>, Arc<LiveSession>>,
}

impl Snapshot {
    /// The sessions of all these tokens and the state that they are of. `None` when one is not known.
    pub(super) fn all<'t>(
        &self,
        tokens: impl Iterator<Item = &'t Vec<String>>,
    ) -> Option<(Arc<str>, Vec<Arc<LiveSession>>)> {
        let known = self.lock().clone()?;
        if known.since.elapsed() >= LONGEST {
            return None;
        }
        let sessions: Option<Vec<_>> = tokens.map(|t| known.sessions.get(t)).collect();
        Some((Arc::clone(&known.stamp), sessions?))
    }

    /// Keeps sessions that were read in a state. What is kept of another state is forgotten.
    pub(super) fn keep<'t>(
        &self,
        stamp: String,
        found: impl Iterator<Item = (&'t Vec<String>, &'t Arc<LiveSession>)>,
    ) {
        let known = self.state(stamp);
        for (tokens, live) in found {
            known.sessions.insert(tokens.clone(), Arc::clone(live));
        }
    }

    fn state(&self, stamp: String) -> Arc<Known> {
        let mut current = self.lock();
        match &*current {
            Some(known) if *known.stamp == *stamp && known.since.elapsed() < LONGEST => {
                Arc::clone(known)
            }
            _ => {
                let known = Arc::new(Known {
                    stamp: stamp.into(),
                    since: Instant::now(),
                    sessions: Cache::new(ENTRIES),
                });
                *current = Some(Arc::clone(&known));
                known
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
