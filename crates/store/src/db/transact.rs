//! Units of work that are run again when the database could not serve them beside others.

use std::time::Duration;

use uuid::Uuid;

use super::{Store, StoreError, Tx};

/// How often a unit of work is tried.
const ATTEMPTS: u32 = 10;

/// Errors that may hold a [`StoreError`]. Needed to see whether trying again may help.
pub trait StoreFailure: From<StoreError> {
    /// The store's error inside.
    fn store_error(&self) -> Option<&StoreError>;
}

impl StoreFailure for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Store {
    /// Runs `work` as one unit and commits it. A deadlock or serialization failure, in the work or
    /// at the commit, runs it again after a short random pause, at most ten times in all; so the
    /// work must do nothing that cannot be done twice.
    ///
    /// ```ignore
    /// store.transact(async |tx| session::insert(tx, &session).await).await?;
    /// ```
    pub async fn transact<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        E: StoreFailure,
        F: AsyncFnMut(&mut Tx) -> Result<T, E>,
    {
        let mut attempt = 1;
        loop {
            let error = match self.once(&mut work).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if attempt == ATTEMPTS || !error.store_error().is_some_and(StoreError::is_transient) {
                return Err(error);
            }
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn once<T, E, F>(&self, work: &mut F) -> Result<T, E>
    where
        E: StoreFailure,
        F: AsyncFnMut(&mut Tx) -> Result<T, E>,
    {
        let mut tx = self.begin().await?;
        let done = work(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }
}

/// Between half and all of 4 ms, doubled with each attempt up to 512 ms.
fn pause(attempt: u32) -> Duration {
    let full = 4_000_u64 << attempt.min(7);
    let random = u64::from(Uuid::new_v4().as_fields().0);
    Duration::from_micros(full / 2 + random % (full / 2))
}
