//! The configuration files are watched while the process runs. A right one is taken as a whole, a wrong one leaves
//! everything as it is.

use std::sync::Arc;

use anyhow::Context as _;
use bia_config::{Config, ConfigHandle, Findings, Reloaded, Sources, Watcher, watch};

use crate::start;

/// Watches the files of `sources` until the result is dropped. `take` gets each new configuration that is right.
///
/// # Errors
/// When the system refuses to watch their folders.
pub fn follow(
    sources: Sources,
    handle: Arc<ConfigHandle>,
    take: impl Fn(Arc<Config>) -> anyhow::Result<()> + Send + Sync + 'static,
) -> anyhow::Result<Watcher> {
    let current = Arc::clone(&handle);
    let report = move |reloaded| match reloaded {
        Reloaded::Swapped(findings) => taken(take(current.load()), &findings),
        Reloaded::Kept(findings) => kept(&findings),
    };
    let check = Arc::new(start::check_schema);
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
