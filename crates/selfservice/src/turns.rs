//! One change of an account after the other, within this process.
//!
//! What a change is made from must be what is stored when it is saved, or it is made anew. The database sees
//! to that for all replicas; taking turns only spares everybody in one process from being first again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

/// Whose turn it is, for each account that is being changed.
#[derive(Default)]
pub struct Turns {
    lines: Mutex<HashMap<Uuid, Line>>,
}

/// Everybody who waits for one account holds the same lock.
struct Line {
    lock: Arc<tokio::sync::Mutex<()>>,
    waiting: usize,
}

/// A turn; over when it is dropped.
pub struct Turn<'t> {
    turns: &'t Turns,
    id: Uuid,
    _held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else in this process changes the account.
    pub async fn take(&self, id: Uuid) -> Turn<'_> {
        let lock = self.line_up(id);
        // Made before the wait: whoever gives up waiting leaves the line as well.
        let mut turn = Turn {
            turns: self,
            id,
            _held: None,
        };
        turn._held = Some(lock.lock_owned().await);
        turn
    }

    fn line_up(&self, id: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(id).or_insert_with(|| Line {
            lock: Arc::default(),
            waiting: 0,
        });
        line.waiting += 1;
        Arc::clone(&line.lock)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let lines = &self.turns.lines;
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(&self.id) {
            line.waiting -= 1;
            if line.waiting == 0 {
                lines.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn turns_are_taken_one_after_the_other_for_each_account_and_leave_nothing() {
        let (turns, one, other) = (Turns::default(), Uuid::new_v4(), Uuid::new_v4());
        let first = turns.take(one).await;
        let elsewhere = turns.take(other).await;
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, turns.take(one)).await.is_err());
        drop(first);
        drop(turns.take(one).await);
        drop(elsewhere);
        assert!(turns.lines.lock().unwrap().is_empty());
    }
}
