//! How commands open a database.

use std::time::{Duration, Instant};

use bia_store::{Dsn, Store, StoreError};

/// How long a database server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the first pause between two attempts is, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Opens a database. One whose server is only about to start is waited for, and whoever started the command is told.
///
/// # Errors
/// When it cannot be opened.
pub(super) async fn open(dsn: &Dsn) -> Result<Store, StoreError> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = PAUSE;
    loop {
        let error = match Store::connect(dsn, Duration::ZERO).await {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left < pause || !matches!(error, StoreError::Unavailable { lasting: false, .. }) {
            return Err(error);
        }
        eprintln!(
            "The database does not answer yet ({error}). It is tried again for up to {} seconds.",
            left.as_secs().max(1)
        );
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
