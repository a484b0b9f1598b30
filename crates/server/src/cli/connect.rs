//! How commands open a database.

use std::time::{Duration, Instant};

use bia_store::{Dialect, Dsn, Store, StoreError};

/// How long a database server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the first pause between two attempts is, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What servers of databases say when waiting does not help: there is no such database, or the password is wrong. The
/// store tells all that keeps it from connecting by one kind of error, so that only the words are left.
const FINAL: [&str; 4] = [
    "does not exist",
    "unknown database",
    "password authentication failed",
    "access denied",
];

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
        if left < pause || !may_pass(dsn.dialect(), &error) {
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

/// Whether it may succeed in a moment. A file that cannot be opened now cannot be later.
fn may_pass(dialect: Dialect, error: &StoreError) -> bool {
    let StoreError::Unavailable { reason } = error else {
        return false;
    };
    let reason = reason.to_lowercase();
    dialect != Dialect::Sqlite && !FINAL.iter().any(|words| reason.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_waited_for() {
        for (dialect, reason, expected) in [
            (Dialect::Postgres, "Connection refused (os error 111)", true),
            (
                Dialect::Postgres,
                "the database system is starting up",
                true,
            ),
            (Dialect::Postgres, "database \"bia\" does not exist", false),
            (
                Dialect::MySql,
                "1049 (42000): Unknown database 'bia'",
                false,
            ),
            (
                Dialect::MySql,
                "1045 (28000): Access denied for user 'bia'",
                false,
            ),
            (Dialect::Sqlite, "unable to open database file", false),
        ] {
            let reason = reason.to_owned();
            let error = StoreError::Unavailable { reason };
            assert_eq!(may_pass(dialect, &error), expected, "{error}");
        }
    }
}
