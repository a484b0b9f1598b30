//! The worker: takes messages out of the queue and delivers them.

mod attempt;
mod backoff;
mod lane;

use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bia_model::Channel;
use bia_store::courier::{self as queue, Message};
use bia_store::{Store, StoreError, transact};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::courier::Courier;
use crate::smtp::DELIVERY_TIMEOUT;

/// How many messages one worker delivers at the same time. Mail services refuse clients with many connections.
const PARALLEL: usize = 8;

/// For how long a worker has a message to itself. When it dies, another one takes the message after this time.
/// Longer than waiting for its turn, a delivery and the writing down of its outcome may take.
const LEASE: Duration = Duration::from_secs(300);

/// For how long a worker tries to write an outcome down before it gives up on it.
const RECORD_PATIENCE: Duration = Duration::from_secs(120);

/// What the last pause and the last statement of that may add.
const RECORD_MARGIN: Duration = Duration::from_secs(110);

const _: () = assert!(
    lane::PATIENCE.as_secs()
        + DELIVERY_TIMEOUT.as_secs()
        + RECORD_PATIENCE.as_secs()
        + RECORD_MARGIN.as_secs()
        < LEASE.as_secs()
);

/// Where a worker asks for the configuration in force, each time it uses it.
pub type CourierSource = Arc<dyn Fn() -> Arc<Courier> + Send + Sync>;

/// Where a worker reads the time.
pub type TimeSource = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// The worker cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The queue could not be read for a quarter of an hour.
    #[error(
        "the courier stops: the queue could not be read for 15 minutes; the last error was: {0}"
    )]
    Queue(#[source] StoreError),
}

/// Takes messages out of the queue and delivers them. Any number of workers may share a database: each
/// message is leased to one of them at a time.
pub struct Worker {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    courier: CourierSource,
    now: TimeSource,
    wake: Arc<Notify>,
    /// Under which name this worker leases messages.
    holder: Uuid,
    hold_without_server: bool,
    /// Delivered, though the database does not know yet: not to be sent a second time.
    unrecorded: Mutex<HashSet<Uuid>>,
    lanes: Arc<lane::Lanes>,
}

impl Worker {
    /// A worker on a database. `wake` makes an idle worker look at once; notify it after a commit that queued
    /// something.
    pub fn new(store: Store, courier: CourierSource, now: TimeSource, wake: Arc<Notify>) -> Worker {
        let inner = Inner {
            store,
            courier,
            now,
            wake,
            holder: Uuid::new_v4(),
            hold_without_server: false,
            unrecorded: Mutex::default(),
            lanes: Arc::default(),
        };
        Worker {
            inner: Arc::new(inner),
        }
    }

    /// Leaves mails in the queue, without counting attempts, as long as no mail server is configured. For
    /// development, where people read their mails in the server's own inbox page.
    #[must_use]
    pub fn hold_without_server(mut self, hold: bool) -> Worker {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.hold_without_server = hold;
        }
        self
    }

    /// Works until `shutdown` comes true, then finishes what it has begun: about a minute at most, unless the
    /// database is away.
    ///
    /// Ends with an error when the queue could not be read for 15 minutes.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<(), WorkerError> {
        let mut shutdown = pin!(shutdown);
        let mut deliveries = JoinSet::new();
        let mut trouble = backoff::Trouble::default();
        let outcome = loop {
            let pause = match self.take(&mut deliveries).await {
                Ok(more) => {
                    trouble.is_over();
                    if more {
                        Duration::ZERO
                    } else {
                        (self.inner.courier)().settings.pull_wait
                    }
                }
                Err(error) => match trouble.pause() {
                    Some(pause) => {
                        tracing::warn!(%error, retry_in_ms = pause.as_millis(), "The courier cannot read the queue; it tries again.");
                        pause
                    }
                    None => break Err(WorkerError::Queue(error)),
                },
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break Ok(()),
                () = self.rest(&mut deliveries, pause, trouble.is_on()) => {}
            }
        };
        while let Some(end) = deliveries.join_next().await {
            tell_end(end);
        }
        outcome
    }

    /// Takes what is due and delivers it, once; waits for the deliveries. Gives their number.
    pub async fn work_once(&self) -> Result<usize, StoreError> {
        let mut deliveries = JoinSet::new();
        self.take(&mut deliveries).await?;
        let taken = deliveries.len();
        while let Some(end) = deliveries.join_next().await {
            tell_end(end);
        }
        Ok(taken)
    }

    /// Leases as many messages as there is room for and begins to deliver them. Tells whether more may be
    /// waiting.
    async fn take(&self, deliveries: &mut JoinSet<()>) -> Result<bool, StoreError> {
        let courier = (self.inner.courier)();
        let room = PARALLEL
            .saturating_sub(deliveries.len())
            .min(courier.settings.pull_count);
        if room == 0 {
            return Ok(false);
        }
        let holds_mail = self.inner.hold_without_server && courier.settings.has_no_mail_server();
        let held = holds_mail.then_some(Channel::Email);
        let messages = self.inner.lease(room, held).await?;
        let more = messages.len() == room;
        for message in messages {
            let (inner, courier) = (Arc::clone(&self.inner), Arc::clone(&courier));
            let mut place = self.inner.lanes.queue_up(&message.recipient);
            deliveries.spawn(async move {
                place.wait().await;
                let span = tracing::info_span!(
                    target: "traced::whole", "deliver a message", message.template_type = message.template_type,
                );
                inner.handle(&courier, &message).instrument(span).await;
                drop(place);
            });
        }
        Ok(more)
    }

    /// Waits until there may be something to do: `pause` is over, somebody queued something, or a delivery
    /// ended and made room.
    async fn rest(&self, deliveries: &mut JoinSet<()>, pause: Duration, in_trouble: bool) {
        let full = deliveries.len() >= PARALLEL;
        tokio::select! {
            Some(end) = deliveries.join_next(), if full => tell_end(end),
            () = tokio::time::sleep(pause), if !full => {}
            () = self.inner.wake.notified(), if !full && !in_trouble => {}
        }
        // Ended deliveries leave their places.
        while let Some(end) = deliveries.try_join_next() {
            tell_end(end);
        }
    }
}

/// A delivery that broke down leaves its message leased; it comes back when the lease is over.
fn tell_end(end: Result<(), JoinError>) {
    if let Err(error) = end {
        tracing::error!(%error, "A delivery broke down; its message will be taken up again in some minutes.");
    }
}

impl Inner {
    /// Takes up to `room` messages that are due, but none of the channel that is `held`. Each counts as tried from here on, so that a message which
    /// kills its worker is not tried for ever.
    async fn lease(&self, room: usize, held: Option<Channel>) -> Result<Vec<Message>, StoreError> {
        let now = (self.now)();
        let count = u32::try_from(room).unwrap_or(u32::MAX);
        if !queue::is_due(&mut self.store.read().await?, held, now).await? {
            return Ok(Vec::new());
        }
        transact!(self.store, tx => {
            let mut taken = queue::claim(tx, self.holder, count, held, time::Duration::seconds(LEASE.as_secs().cast_signed()), now).await?;
            for message in &mut taken {
                queue::count_attempt(tx, self.holder, message.id).await?;
                message.send_count += 1;
            }
            Ok(taken)
        })
    }
}
