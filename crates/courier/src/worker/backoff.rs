//! How long to wait before trying again.

use std::time::{Duration, Instant};

use uuid::Uuid;

/// The longest pause between two attempts at one message.
const LONGEST_RETRY: Duration = Duration::from_secs(300);

/// The pause after a message failed for the n-th time (from 1): 2 s, 8 s, 32 s, 2 min, then 5 min each, a fifth
/// more or less. The first retries catch a hiccup of the mail server while the person still waits for the code;
/// the later ones outlast greylisting. Six attempts, the default, take about 8 minutes.
pub(super) fn retry_delay(failures: u32) -> Duration {
    let exponent = failures.saturating_sub(1).min(8);
    let full = Duration::from_secs(2_u64 << (2 * exponent)).min(LONGEST_RETRY);
    jittered(full, 0.2)
}

/// The queue cannot be read: pauses from half a second, growing by half up to a minute, for 15 minutes
/// (spec courier.md §3).
#[derive(Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    failures: i32,
}

impl Trouble {
    const GIVE_UP_AFTER: Duration = Duration::from_secs(15 * 60);

    /// The next pause; `None` when it has been going on for too long.
    pub(super) fn pause(&mut self) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= Trouble::GIVE_UP_AFTER {
            return None;
        }
        let full = Duration::from_millis(500)
            .mul_f64(1.5_f64.powi(self.failures.min(20)))
            .min(Duration::from_secs(60));
        self.failures += 1;
        Some(jittered(full, 0.5))
    }

    /// Whether the last attempt failed.
    pub(super) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// The queue can be read again.
    pub(super) fn is_over(&mut self) {
        *self = Trouble::default();
    }
}

/// Up to `share` more or less, so that several workers do not act in step.
fn jittered(full: Duration, share: f64) -> Duration {
    let random = f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
    full.mul_f64(1.0 + share * (2.0 * random - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_come_soon_at_first_and_never_later_than_minutes() {
        for (failures, seconds) in [
            (0, 2),
            (1, 2),
            (2, 8),
            (3, 32),
            (4, 128),
            (5, 300),
            (6, 300),
            (u32::MAX, 300),
        ] {
            let (low, high) = (f64::from(seconds) * 0.8, f64::from(seconds) * 1.2);
            let delay = retry_delay(failures).as_secs_f64();
            assert!((low..=high).contains(&delay), "{failures}: {delay}");
        }
    }

    #[test]
    fn trouble_with_the_queue_is_borne_with_growing_pauses() {
        let mut trouble = Trouble::default();
        assert!(!trouble.is_on());
        let first = trouble.pause().unwrap();
        assert!(first <= Duration::from_millis(750) && trouble.is_on());
        let later = (0..30).filter_map(|_| trouble.pause()).last().unwrap();
        assert!(later >= Duration::from_secs(30) && later <= Duration::from_secs(90));
        trouble.is_over();
        assert!(!trouble.is_on());
    }
}
