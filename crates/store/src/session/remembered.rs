//! Sessions that were found a moment ago.

use std::sync::Arc;

use quick_cache::sync::Cache;
use time::OffsetDateTime;

use super::gathered::{LookUp, Question};
use super::lookup::{LiveSession, find_by_token};
use super::snapshot::Snapshot;
use crate::db::{Dialect, Stamp, Store, StoreError};
use crate::gathered::Gathered;

/// How many sessions are remembered, some KiB each.
const ENTRIES: usize = 4096;

/// Sessions by the texts under which their tokens may be kept. What is remembered counts as long as nothing in the
/// database changes.
pub struct Remembered {
    sessions: Cache<Vec<String>, (Stamp, Arc<LiveSession>)>,
    gathered: Gathered<LookUp>,
    snapshot: Arc<Snapshot>,
}

impl Default for Remembered {
    fn default() -> Remembered {
        Remembered {
            sessions: Cache::new(ENTRIES),
            gathered: Gathered::default(),
            snapshot: Arc::default(),
        }
    }
}

impl Remembered {
    /// As [`find_by_token`]. SQLite's file tells whether anything was committed since it was asked last, by other
    /// processes too; then it is not asked. PostgreSQL tells that in its answer, and need not look for the rows
    /// again. Of servers, several who ask at once are answered by one statement.
    pub async fn find(
        &self,
        store: &Store,
        tokens: &[String],
        now: OffsetDateTime,
    ) -> Result<Option<Arc<LiveSession>>, StoreError> {
        if tokens.is_empty() {
            return Ok(None);
        }
        match store.dialect() {
            Dialect::Sqlite => self.find_in_file(store, tokens, now).await,
            _ => self.find_on_server(store, tokens, now).await,
        }
    }

    async fn find_on_server(
        &self,
        store: &Store,
        tokens: &[String],
        now: OffsetDateTime,
    ) -> Result<Option<Arc<LiveSession>>, StoreError> {
        let look_up = LookUp {
            store: store.clone(),
            snapshot: Arc::clone(&self.snapshot),
        };
        let tokens = tokens.to_vec();
        self.gathered.ask(&look_up, Question { tokens, now }).await
    }

    async fn find_in_file(
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
