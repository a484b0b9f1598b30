//! Keeps the terms by which identities are found up to date, beside a server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bia_config::Config;
use bia_selfservice::cx::App;
use bia_store::search::{Looked, Searchable, refresh};

/// The rest after a step when there is nothing to catch up with. A small database is looked at whole in each step.
const REST: Duration = Duration::from_secs(5);

/// The shortest rest while there is.
const BREATH: Duration = Duration::from_millis(5);

/// Which traits a configuration makes searchable.
pub fn searchable(config: &Config) -> Searchable {
    Searchable::new(&config.bia.search.traits)
}

/// Looks at all identities again and again, a few at a time, until `stop`. What cannot be done now is tried later.
pub async fn keep_up(app: Arc<App>, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut whole_round = false;
    loop {
        let begun = Instant::now();
        let rest = match refresh(&app.store).await {
            Ok(looked) => {
                if looked.indexed > 0 {
                    tracing::debug!(identities = looked.indexed, "search terms made");
                }
                whole_round |= looked.round_ended;
                rest_after(&looked, whole_round, begun.elapsed())
            }
            Err(error) => {
                tracing::warn!(%error, "the search terms of identities could not be looked at");
                REST
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// As long as the step took, so that at most half a core makes terms, beside requests; longer where terms were only looked
/// at, which is no hurry.
fn rest_after(looked: &Looked, whole_round: bool, took: Duration) -> Duration {
    if looked.indexed > 0 {
        took.max(BREATH)
    } else if whole_round {
        REST
    } else {
        (took * 9).max(BREATH)
    }
}
