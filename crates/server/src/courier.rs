//! The courier's worker, with the configuration in force at each of its steps.

use std::sync::Arc;

use bia_config::{Config, ConfigHandle};
use bia_courier::{Settings, Worker};
use bia_selfservice::cx::App;
use bia_store::Store;
use time::OffsetDateTime;
use tokio::sync::Notify;

/// The worker beside a server. What a flow queues wakes it.
pub fn beside(app: &Arc<App>) -> Worker {
    let (settings, clock) = (Arc::clone(app), app.clock.clone());
    worker(
        app.store.clone(),
        move || Arc::clone(&settings.runtime.load().config),
        Arc::new(move || clock.now()),
        Arc::clone(&app.courier),
    )
}

/// The worker of a process of its own.
pub fn alone(store: Store, handle: Arc<ConfigHandle>) -> Worker {
    let now = Arc::new(OffsetDateTime::now_utc);
    worker(store, move || handle.load(), now, Arc::default())
}

/// In development mode messages wait in the queue, where they can be read, until there is a server to send them by.
fn worker(
    store: Store,
    config: impl Fn() -> Arc<Config> + Send + Sync + 'static,
    now: bia_courier::TimeSource,
    wake: Arc<Notify>,
) -> Worker {
    let hold = config().dev;
    let settings = Arc::new(move || Arc::new(Settings::from_config(&config())));
    Worker::new(store, settings, now, wake).hold_without_server(hold)
}
