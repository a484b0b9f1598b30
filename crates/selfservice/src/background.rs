//! Work that no request waits for: calls whose answer does not matter.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tracing::Instrument as _;

/// How many pieces of such work there are at a time, at most.
const PLACES: u32 = 256;

/// Starts work beside requests, as much as there is room for, and lets it end before the process does.
pub struct Background {
    places: Arc<Semaphore>,
}

impl Default for Background {
    fn default() -> Background {
        Background {
            places: Arc::new(Semaphore::new(PLACES as usize)),
        }
    }
}

impl Background {
    /// Starts a piece of work. `false` when there is no room for it, and then it is not done.
    pub fn start(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return false;
        };
        let work = async move {
            work.await;
            drop(place);
        };
        // It belongs to the trace of the request that started it.
        tokio::spawn(work.in_current_span());
        true
    }

    /// Waits until everything that was started has ended, but not longer than `patience`. Whether it has.
    /// Nothing can be started any more.
    pub async fn finish(&self, patience: Duration) -> bool {
        let ended = tokio::time::timeout(patience, self.places.acquire_many(PLACES)).await;
        let ended = ended.is_ok();
        self.places.close();
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_ends_before_the_process_and_is_bounded() {
        let background = Background::default();
        let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..PLACES {
            let told = told.clone();
            assert!(background.start(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                told.send(()).unwrap();
            }));
        }
        assert!(!background.start(async { panic!("there was no room for this") }));
        assert!(background.finish(Duration::from_secs(5)).await);
        drop(told);
        let mut ended = 0;
        while hears.recv().await.is_some() {
            ended += 1;
        }
        assert_eq!(ended, PLACES);
        assert!(!background.start(async {}), "it is over");
    }

    #[tokio::test]
    async fn what_never_ends_holds_nothing_up() {
        let background = Background::default();
        background.start(std::future::pending());
        assert!(!background.finish(Duration::from_millis(20)).await);
    }
}
