//! Messages to one recipient leave one after the other, in the order of the queue: whoever asks for a second
//! code is to find it above the first one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

/// For how long a message waits for the one before it. Order is a kindness: no lease may run out for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Who was the last to queue up for each recipient.
#[derive(Default)]
pub(super) struct Lanes {
    last: Mutex<HashMap<String, Last>>,
}

struct Last {
    place: Uuid,
    /// Ends when that place is given up.
    gone: oneshot::Receiver<()>,
}

/// A message's place among those to its recipient; given up when it is dropped.
pub(super) struct Place {
    id: Uuid,
    recipient: String,
    before: Option<oneshot::Receiver<()>>,
    lanes: Arc<Lanes>,
    /// Its end is what the next one waits for.
    _gone: oneshot::Sender<()>,
}

impl Lanes {
    /// A place behind all that were taken before. To be called in the order of the queue.
    pub(super) fn queue_up(self: &Arc<Self>, recipient: &str) -> Place {
        let id = Uuid::new_v4();
        let (held, gone) = oneshot::channel();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.insert(recipient.to_owned(), Last { place: id, gone });
        Place {
            id,
            recipient: recipient.to_owned(),
            before: before.map(|last| last.gone),
            lanes: Arc::clone(self),
            _gone: held,
        }
    }
}

impl Place {
    /// Waits until the message before is dealt with, or long enough.
    pub(super) async fn wait(&mut self) {
        if let Some(before) = self.before.take() {
            // Its sender never sends: the channel ends when the place before is dropped.
            let _ = tokio::time::timeout(PATIENCE, before).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut last = self
            .lanes
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last
            .get(&self.recipient)
            .is_some_and(|l| l.place == self.id)
        {
            last.remove(&self.recipient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_later_waits_for_the_earlier_to_the_same_recipient_and_for_nobody_else() {
        let lanes = Arc::new(Lanes::default());
        let first = lanes.queue_up("user-1@example.org");
        let mut second = lanes.queue_up("user-1@example.org");
        let mut other = lanes.queue_up("user-2@example.org");
        other.wait().await;
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, second.wait()).await.is_err());

        let mut third = lanes.queue_up("user-1@example.org");
        drop(first);
        drop(second);
        third.wait().await;
        drop((third, other));
        assert!(lanes.last.lock().unwrap().is_empty());
    }
}
