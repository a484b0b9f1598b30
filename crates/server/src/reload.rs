//! The configuration files are watched while the process runs. A right one is taken as a whole, a wrong one leaves
//! everything as it is.

use std::sync::Arc;

use anyhow::Context as _;
use bia_config::{Config, ConfigHandle, Findings, Reloaded, Sources, Watcher, watch};
use tokio::sync::Mutex;

use crate::{identity_schemas, start};

/// Watches the files of `sources` until the result is dropped. `take` gets each new configuration that is right.
///
/// # Errors
/// When the system refuses to watch their folders.
pub fn follow<F>(
    sources: Sources,
    handle: Arc<ConfigHandle>,
    take: impl Fn(Arc<Config>) -> F + Send + Sync + 'static,
) -> anyhow::Result<Watcher>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let (current, take) = (Arc::clone(&handle), Arc::new(take));
    let one_at_a_time = Arc::new(Mutex::new(()));
    let report = move |reloaded| match reloaded {
        Reloaded::Swapped(findings) => {
            let (current, take, turn) = (
                Arc::clone(&current),
                Arc::clone(&take),
                Arc::clone(&one_at_a_time),
            );
            tokio::spawn(async move {
                let _turn = turn.lock().await;
                // Asked only now, so that the newest configuration is the last one that is taken.
                taken(take(current.load()).await, &findings);
            });
        }
        Reloaded::Kept(findings) => kept(&findings),
    };
    let check = Arc::new(identity_schemas::check);
    watch(sources, handle, check, report)
        .context("The configuration files cannot be watched for changes.")
}

fn taken(outcome: anyhow::Result<()>, findings: &Findings) {
    match outcome {
        Ok(()) => tracing::info!(
            "The configuration files have changed; the new configuration is in force."
        ),
        Err(error) => tracing::error!(
            "The configuration files have changed, but cannot be used; the old configuration stays in force. {error:#}"
        ),
    }
    start::warn_about(findings);
}

fn kept(findings: &Findings) {
    tracing::error!(
        "The configuration files have changed, but are wrong; the old configuration stays in force."
    );
    start::report(findings);
}
