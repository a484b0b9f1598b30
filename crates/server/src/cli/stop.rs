//! How a process that runs until it is told to stop is told.

use std::time::Duration;

use axum_server::Control;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long what is in progress may take when the process stops.
const DRAIN: Duration = Duration::from_secs(120);

/// Tells all parts of the process to stop: what they are doing is finished, nothing new is begun.
#[derive(Clone)]
pub(super) struct Stop {
    /// For listeners.
    pub(super) control: Control,
    told: watch::Sender<bool>,
}

impl Stop {
    /// Listens to SIGINT and SIGTERM. The second one does not wait for anything any more.
    pub(super) fn on_signals() -> anyhow::Result<Stop> {
        let stop = Stop {
            control: Control::new(),
            told: watch::Sender::new(false),
        };
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let told = stop.clone();
        tokio::spawn(async move {
            let mut signalled = async || {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            signalled().await;
            tracing::info!(
                longest_seconds = DRAIN.as_secs(),
                "The process stops when what is in progress is finished."
            );
            told.tell();
            signalled().await;
            tracing::warn!("The process stops at once.");
            told.control.shutdown();
        });
        Ok(stop)
    }

    /// Tells everybody.
    pub(super) fn tell(&self) {
        self.control.graceful_shutdown(Some(DRAIN));
        self.told.send_replace(true);
    }

    /// Ends when the process shall stop.
    pub(super) async fn told(&self) {
        // The sender lives as long as self, so that this waits for the news and nothing else.
        let _ = self.told.subscribe().wait_for(|told| *told).await;
    }
}
