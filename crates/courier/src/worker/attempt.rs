//! One message from its lease to its recorded fate.

use std::sync::PoisonError;
use std::time::Instant;

use bia_store::courier::{self as queue, Dispatch, Message, Status};
use bia_store::{StoreError, transact};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::backoff::{Trouble, retry_delay};
use super::{Inner, RECORD_PATIENCE};
use crate::courier::Courier;
use crate::deliver::deliver;
use crate::error::DeliveryError;

/// What becomes of a message after an attempt.
enum Fate {
    /// It is delivered.
    Sent,
    /// It waits for another attempt.
    PutOff { error: Value, until: OffsetDateTime },
    /// Nobody will try again. Without an error it was not even tried this time.
    Abandoned { error: Option<Value> },
}

impl Inner {
    /// Delivers a leased message and writes down what became of it.
    pub(super) async fn handle(&self, courier: &Courier, message: &Message) {
        let fate = self.attempt(courier, message).await;
        if self.record(message, &fate).await {
            self.note_delivered(message, false);
        }
    }

    /// Tries once. `message.send_count` counts this attempt already.
    async fn attempt(&self, courier: &Courier, message: &Message) -> Fate {
        if self.was_delivered(message) {
            return Fate::Sent;
        }
        let retries = courier.settings.message_retries;
        let attempts = u32::try_from(message.send_count).unwrap_or_default();
        if attempts > retries.saturating_add(1) {
            tracing::warn!(
                message.id = %message.id, message.template_type = message.template_type, message.send_count,
                "A message is given up: it has had all its attempts."
            );
            return Fate::Abandoned { error: None };
        }
        match deliver(courier, message).await {
            Ok(()) => {
                self.note_delivered(message, true);
                self.tell_sent(message);
                Fate::Sent
            }
            Err(error) => {
                let last = attempts > retries || error.is_final();
                self.after_failure(message, attempts, last, &error)
            }
        }
    }

    fn after_failure(
        &self,
        message: &Message,
        attempts: u32,
        last: bool,
        error: &DeliveryError,
    ) -> Fate {
        tracing::warn!(
            message.id = %message.id, message.nid = %self.store.nid(), message.channel = message.channel,
            message.template_type = message.template_type, message.send_count, permanent = error.is_permanent(), %error,
            "{}",
            if last { "A message could not be delivered and is given up." } else { "A message could not be delivered; it will be tried again." }
        );
        if last {
            Fate::Abandoned {
                error: Some(error.json()),
            }
        } else {
            Fate::PutOff {
                error: error.json(),
                until: (self.now)() + retry_delay(attempts),
            }
        }
    }

    fn tell_sent(&self, message: &Message) {
        let waited = ((self.now)() - message.created_at).whole_milliseconds();
        tracing::info!(
            message.id = %message.id, message.nid = %self.store.nid(), message.channel = message.channel,
            message.template_type = message.template_type, message.send_count, dispatch_duration_ms = waited,
            "A message was delivered."
        );
    }

    /// Tries for some minutes; the lease outlasts that. False when the database did not take it.
    async fn record(&self, message: &Message, fate: &Fate) -> bool {
        let begun = Instant::now();
        let mut trouble = Trouble::default();
        loop {
            let error = match self.settle(message, fate).await {
                Ok(true) => return true,
                Ok(false) => {
                    tracing::warn!(message.id = %message.id, "Another worker has taken over a message; what became of it here is not recorded.");
                    return true;
                }
                Err(error) => error,
            };
            match trouble
                .pause()
                .filter(|_| begun.elapsed() < RECORD_PATIENCE)
            {
                Some(pause) => tokio::time::sleep(pause).await,
                None => {
                    tracing::error!(message.id = %message.id, %error, "What became of a message could not be recorded.");
                    return false;
                }
            }
        }
    }

    /// One unit of work: status, dispatch, lease. False when the lease is somebody else's.
    async fn settle(&self, message: &Message, fate: &Fate) -> Result<bool, StoreError> {
        let now = (self.now)();
        let (id, holder) = (message.id, self.holder);
        let dispatch = |error: Option<&Value>| Dispatch {
            id: Uuid::new_v4(),
            message_id: id,
            success: error.is_none(),
            error: error.cloned(),
            created_at: now,
            updated_at: now,
        };
        match fate {
            Fate::Sent => {
                let sent = dispatch(None);
                transact!(self.store, tx => queue::finish(tx, holder, id, Status::Sent, Some(&sent)).await)
            }
            Fate::PutOff { error, until } => {
                let failed = dispatch(Some(error));
                transact!(self.store, tx => queue::put_off(tx, holder, id, *until, &failed).await)
            }
            Fate::Abandoned { error } => {
                let failed = error.as_ref().map(|error| dispatch(Some(error)));
                transact!(self.store, tx => queue::finish(tx, holder, id, Status::Abandoned, failed.as_ref()).await)
            }
        }
    }

    fn was_delivered(&self, message: &Message) -> bool {
        self.unrecorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&message.id)
    }

    /// Notes or forgets that a message is delivered although the database does not say so.
    fn note_delivered(&self, message: &Message, delivered: bool) {
        let mut unrecorded = self
            .unrecorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if delivered {
            unrecorded.insert(message.id);
        } else {
            unrecorded.remove(&message.id);
        }
    }
}
