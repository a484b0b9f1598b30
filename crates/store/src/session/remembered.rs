//! Sessions that were found a moment ago.

use std::sync::Arc;

use quick_cache::sync::Cache;
use time::OffsetDateTime;

use super::lookup::{LiveSession, find_by_token};
use crate::db::{Stamp, Store, StoreError};

/// How many sessions are remembered, some KiB each.
const ENTRIES: usize = 4096;

/// Sessions by the texts under which their tokens may be kept. What is remembered counts as long as nothing in the
/// database changes.
pub struct Remembered {
    sessions: Cache<Vec<String>, (Stamp, Arc<LiveSession>)>,
}

impl Default for Remembered {
    fn default() -> Remembered {
        Remembered {
            sessions: Cache::new(ENTRIES),
        }
    }
}

impl Remembered {
    /// As [`find_by_token`], without asking the database when nothing was committed since it was asked last. That can
    /// only be told of SQLite, of commits by other processes too; other databases are asked each time.
    pub async fn find(
        &self,
        store: &Store,
        tokens: &[String],
        now: OffsetDateTime,
    ) -> Result<Option<Arc<LiveSession>>, StoreError> {
        // Taken before the question: what is committed meanwhile makes the answer look older than it is, never newer.
        let stamp = store.stamp();
        if let Some(stamp) = stamp
            && let Some((then, live)) = self.sessions.get(tokens)
            && then == stamp
            && live.session.expires_at > now
        {
            return Ok(Some(live));
        }
        let mut conn = store.read().await?;
        let texts: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let Some(live) = find_by_token(&mut conn, &texts, now).await? else {
            return Ok(None);
        };
        let live = Arc::new(live);
        if let Some(stamp) = stamp {
            let entry = (stamp, Arc::clone(&live));
            self.sessions.insert(tokens.to_vec(), entry);
        }
        Ok(Some(live))
    }
}
