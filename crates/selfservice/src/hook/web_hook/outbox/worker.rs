//! The worker: takes calls out of the outbox and makes them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bia_outbound::Retry;
use bia_store::hook_outbox::{self, Attempted, HookCall};
use bia_store::{StoreError, transact};
use rand::Rng as _;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

use super::super::call::{self, Event};
use super::find;
use crate::cx::{App, Runtime};

/// How many calls one worker makes at the same time.
const PARALLEL: usize = 16;

/// For how long a worker has a call to itself: longer than an attempt takes, which is half a minute. When it dies,
/// another one makes the call after this time.
const LEASE: time::Duration = time::Duration::minutes(1);

/// How often an idle worker looks for what other replicas have written, and for what is due again.
const PAUSE: Duration = Duration::from_secs(2);

/// The same while nothing is written down any more: there may be calls from before.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// How long calls may take to end when the server stops. Those that do not are made again by others.
const GRACE: Duration = Duration::from_secs(10);

/// The waits after failed attempts, in seconds: from moments to a day, three days in all.
const WAITS: [i64; 10] = [
    5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/// Makes the calls that are in the outbox. Any number of workers may share a database: each call is leased to one of
/// them at a time. A call that its worker did not live to see the end of is made again, under the same id.
pub struct OutboxWorker {
    app: Arc<App>,
    /// Under which name this worker leases calls.
    holder: Uuid,
}

impl OutboxWorker {
    /// A worker beside a server.
    pub fn new(app: Arc<App>) -> OutboxWorker {
        OutboxWorker {
            app,
            holder: Uuid::new_v4(),
        }
    }

    /// Works until `shutdown` comes true, then waits some seconds for the calls that it has begun.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let (mut shutdown, mut calls) = (pin!(shutdown), JoinSet::new());
        loop {
            let pause = match self.take(&mut calls).await {
                Ok(true) => Duration::ZERO,
                Ok(false) if self.app.runtime.load().config.bia.hooks.outbox => PAUSE,
                Ok(false) => LONG_PAUSE,
                Err(error) => {
                    tracing::warn!(%error, "The outbox of web hooks cannot be read; the worker tries again.");
                    PAUSE
                }
            };
            let full = calls.len() >= PARALLEL;
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                _ = calls.join_next(), if full => {}
                () = tokio::time::sleep(pause), if !full => {}
                () = self.app.hook_calls.notified(), if !full => {}
            }
            while calls.try_join_next().is_some() {}
        }
        let ended = async { while calls.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::info!("Some web hooks were still unanswered; they are called again later.");
        }
    }

    /// Makes the calls that are due, once, and waits for their ends. Gives their number.
    pub async fn work_once(&self) -> Result<usize, StoreError> {
        let mut calls = JoinSet::new();
        self.take(&mut calls).await?;
        let taken = calls.len();
        while calls.join_next().await.is_some() {}
        Ok(taken)
    }

    /// Leases as many calls as there is room for and begins to make them. Whether more may be due.
    async fn take(&self, calls: &mut JoinSet<()>) -> Result<bool, StoreError> {
        let room = PARALLEL.saturating_sub(calls.len());
        let now = self.app.clock.now();
        if room == 0 || !hook_outbox::is_due(&mut self.app.store.read().await?, now).await? {
            return Ok(false);
        }
        let count = u32::try_from(room).unwrap_or(u32::MAX);
        let holder = self.holder;
        let taken: Result<Vec<HookCall>, StoreError> = transact!(self.app.store, tx => {
            hook_outbox::claim(tx, holder, count, LEASE, now).await
        });
        let taken = taken?;
        let more = taken.len() == room;
        for call in taken {
            let app = Arc::clone(&self.app);
            let span = tracing::info_span!(target: "traced::whole", "deliver an event");
            calls.spawn(async move { handle(&app, holder, &call).await }.instrument(span));
        }
        Ok(more)
    }
}

/// Makes a call and writes down how that went. When the database is away meanwhile, the call is made again later.
async fn handle(app: &App, holder: Uuid, call: &HookCall) {
    let failure = attempt(app, &app.runtime.load_full(), call).await.err();
    let now = app.clock.now();
    let (event, hook, attempts) = (call.id, call.name.as_str(), call.attempts);
    let ended = match (&failure, wait_after(attempts)) {
        (None, _) => Attempted::Delivered,
        (Some(reason), Some(wait)) => {
            tracing::warn!(%event, hook, attempts, "A web hook did not take an event, which is sent again later: {reason}.");
            Attempted::PutOff(reason, now + wait)
        }
        (Some(reason), None) => {
            tracing::error!(%event, hook, attempts, "A web hook did not take an event, which is given up: {reason}.");
            Attempted::Failed(reason)
        }
    };
    let noted = async {
        hook_outbox::finish(&mut app.store.write().await?, holder, call.id, ended, now).await
    };
    if let Err(error) = noted.await {
        tracing::warn!(%event, %error, "It could not be written down how a web hook answered; it is called again.");
    }
}

/// One attempt; the sentence of a failure names neither addresses nor contents.
async fn attempt(app: &App, runtime: &Runtime, call: &HookCall) -> Result<(), String> {
    let hook = find(&runtime.config, &call.hook)
        .ok_or("the configuration does not have this hook any more")?;
    let event = Event {
        id: call.id,
        has_trigger: hook.emit_analytics_event,
        is_kept: true,
    };
    let sent = call::send(app, runtime, &hook.request, &call.body, event, Retry::NEVER).await;
    let answer = sent.map_err(|failure| failure.to_string())?;
    match answer.status.as_u16() {
        status @ 400.. => Err(format!("it answered with status {status}")),
        _ => Ok(()),
    }
}

/// How long to wait after so many attempts, with a little chance, so that not all come back at once. `None` after the
/// last one.
fn wait_after(attempts: i32) -> Option<time::Duration> {
    let seconds = *WAITS.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let extra = rand::rng().random_range(0..=seconds / 10);
    Some(time::Duration::seconds(seconds + extra))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<i64> = (1..=10)
            .map(|n| wait_after(n).unwrap().whole_seconds())
            .collect();
        assert!(waits.is_sorted(), "{waits:?}");
        assert!(
            (5..=6).contains(&waits[0]) && waits[9] >= 86_400,
            "{waits:?}"
        );
        assert_eq!((wait_after(11), wait_after(0)), (None, None));
    }
}
