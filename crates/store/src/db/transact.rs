//! Units of work that are run again when the database could not serve them beside others.

use std::time::Duration;

use uuid::Uuid;

use super::StoreError;

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

/// Runs an expression as one unit of work and commits it. `$tx` is the `&mut Tx` in it; its value is
/// a `Result` whose error is a [`StoreFailure`].
///
/// A deadlock or serialization failure, in the work or at the commit, runs it again after a short
/// random pause, at most ten times in all; so the work must do nothing that cannot be done twice,
/// and move nothing out of its surroundings. A macro, because the future of a function that takes
/// an async closure cannot be sent between threads.
///
/// ```ignore
/// transact!(store, tx => session::insert(tx, &session, &token).await)?;
/// transact!(store, tx => {
///     identity::insert(tx, &identity).await?;
///     session::insert(tx, &session, &token).await
/// })?;
/// ```
#[macro_export]
macro_rules! transact {
    ($store:expr, $tx:ident => $work:expr) => {{
        let mut attempts = $crate::db::Attempts::default();
        loop {
            let outcome = match $store.begin().await {
                Ok(mut unit) => {
                    let done = async {
                        let $tx: &mut $crate::Tx = &mut unit;
                        $work
                    };
                    match done.await {
                        Ok(done) => unit
                            .commit()
                            .await
                            .map(|()| done)
                            .map_err(::core::convert::Into::into),
                        Err(error) => Err(error),
                    }
                }
                Err(error) => Err(error.into()),
            };
            match outcome {
                Err(error) if attempts.again(&error).await => {}
                outcome => break outcome,
            }
        }
    }};
}

/// Counts the attempts of a [`transact!`](crate::transact).
#[derive(Debug, Default)]
pub struct Attempts {
    made: u32,
}

impl Attempts {
    /// Whether to try again after this error; pauses before it says so.
    pub async fn again<E: StoreFailure>(&mut self, error: &E) -> bool {
        self.made += 1;
        if self.made >= ATTEMPTS || !error.store_error().is_some_and(StoreError::is_transient) {
            return false;
        }
        tokio::time::sleep(pause(self.made)).await;
        true
    }
}

/// Between half and all of 4 ms, doubled with each attempt up to 512 ms.
fn pause(attempt: u32) -> Duration {
    let full = 4_000_u64 << attempt.min(7);
    let random = u64::from(Uuid::new_v4().as_fields().0);
    Duration::from_micros(full / 2 + random % (full / 2))
}
