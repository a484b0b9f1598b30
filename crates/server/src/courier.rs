//! The courier's worker, with the configuration in force at each of its steps.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bia_config::Config;
use bia_courier::{Courier, CourierSource, Worker};
use bia_jsonnet::Jsonnet;
use bia_outbound::Outbound;
use bia_selfservice::cx::App;
use bia_store::Store;
use time::OffsetDateTime;

use crate::{start, trace};

/// The worker beside a server. What a flow queues wakes it.
pub fn beside(app: &Arc<App>) -> Worker {
    let hold = app.runtime.load().config.dev;
    let (source, clock) = (Arc::clone(app), app.clock.clone());
    let courier: CourierSource = Arc::new(move || Arc::clone(&source.runtime.load().courier));
    let (store, wake) = (app.store.clone(), Arc::clone(&app.courier));
    held(
        Worker::new(store, courier, Arc::new(move || clock.now()), wake),
        hold,
    )
}

/// A courier in a process of its own. A reload swaps what it works by.
pub struct Alone {
    jsonnet: Arc<Jsonnet>,
    courier: ArcSwap<Courier>,
    dev: bool,
}

impl Alone {
    /// By a configuration; `jsonnet` starts the processes that evaluate snippets.
    pub async fn new(config: &Config, jsonnet: bia_jsonnet::Command) -> Arc<Alone> {
        let jsonnet = Arc::new(Jsonnet::new(jsonnet));
        Arc::new(Alone {
            courier: ArcSwap::new(Arc::new(by(config, &jsonnet).await)),
            jsonnet,
            dev: config.dev,
        })
    }

    /// Works by another configuration from now on.
    pub async fn take(&self, config: &Config) {
        self.courier
            .store(Arc::new(by(config, &self.jsonnet).await));
    }

    /// The worker on a database.
    pub fn worker(self: &Arc<Alone>, store: Store) -> Worker {
        let source = Arc::clone(self);
        let courier: CourierSource = Arc::new(move || source.courier.load_full());
        let now = Arc::new(OffsetDateTime::now_utc);
        held(Worker::new(store, courier, now, Arc::default()), self.dev)
    }
}

async fn by(config: &Config, jsonnet: &Arc<Jsonnet>) -> Courier {
    let outbound = Arc::new(Outbound::new(&config.clients.http).marked_by(trace::mark()));
    let courier = Courier::new(config, outbound, Arc::clone(jsonnet));
    start::warn_about(&courier.findings().await);
    courier
}

/// In development mode mails wait in the queue, where they can be read, until there is a server to send them by.
fn held(worker: Worker, dev: bool) -> Worker {
    worker.hold_without_server(dev)
}
