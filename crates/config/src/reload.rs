//! The configuration in force, and how it changes while the server runs.

mod watch;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::{Config, Finding, Findings, SchemaCheck, Sources, load};

pub use watch::{WatchError, Watcher, watch};

/// The configuration in force. Take it once per request and keep it to the end.
#[derive(Debug)]
pub struct ConfigHandle {
    current: ArcSwap<Config>,
    /// One reload at a time, so that the last one started is the last one that counts.
    reloading: tokio::sync::Mutex<()>,
    last_failure: Mutex<Option<Findings>>,
}

/// How a reload ended.
#[derive(Debug)]
pub enum Reloaded {
    /// The new configuration is in force. With it come its warnings, and one for each changed setting that
    /// only a restart brings into force.
    Swapped(Findings),
    /// The new configuration is wrong; the old one stays in force.
    Kept(Findings),
}

impl ConfigHandle {
    /// Starts with `config`.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            current: ArcSwap::from_pointee(config),
            reloading: tokio::sync::Mutex::new(()),
            last_failure: Mutex::new(None),
        }
    }

    /// The configuration in force now.
    #[must_use]
    pub fn load(&self) -> Arc<Config> {
        self.current.load_full()
    }

    /// What was wrong with the newest configuration, when an older one is in force because of it.
    #[must_use]
    pub fn last_failure(&self) -> Option<Findings> {
        self.last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Builds the configuration again from its sources and, when it is right, puts it in force.
    ///
    /// The database, the listeners (but not the addresses that they are reached at) and the log stay as they
    /// were at start: they are bound to the process.
    pub async fn reload(&self, sources: &Sources, check_schema: &SchemaCheck) -> Reloaded {
        let _one_at_a_time = self.reloading.lock().await;
        let outcome = load(sources, check_schema).await;
        let mut last_failure = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(mut config) => {
                let mut findings = config.warnings().clone();
                findings.extend(keep_bound(&self.current.load(), &mut config));
                self.current.store(Arc::new(config));
                *last_failure = None;
                Reloaded::Swapped(findings)
            }
            Err(findings) => {
                *last_failure = Some(findings.clone());
                Reloaded::Kept(findings)
            }
        }
    }
}

/// Gives `new` what is bound to the process, and names what would have been different.
fn keep_bound(old: &Config, new: &mut Config) -> Vec<Finding> {
    let mut changed = Vec::new();
    keep("dsn", &old.dsn, &mut new.dsn, &mut changed);
    keep("log", &old.log, &mut new.log, &mut changed);
    for (section, old, new) in [
        ("serve.public", &old.serve.public, &mut new.serve.public),
        ("serve.admin", &old.serve.admin, &mut new.serve.admin),
    ] {
        keep(
            &format!("{section}.host"),
            &old.bind,
            &mut new.bind,
            &mut changed,
        );
        keep(
            &format!("{section}.tls"),
            &old.tls,
            &mut new.tls,
            &mut changed,
        );
        let key = format!("{section}.request_log");
        keep(
            &key,
            &old.disable_health_log,
            &mut new.disable_health_log,
            &mut changed,
        );
    }
    changed
}

fn keep<T: PartialEq + Clone>(key: &str, old: &T, new: &mut T, changed: &mut Vec<Finding>) {
    if old != new {
        new.clone_from(old);
        let problem = "The setting has changed, but is bound to the running process, which goes on with the old one.";
        changed.push(Finding::warning(
            key,
            problem,
            "Restart the server to bring it into force.",
        ));
    }
}
