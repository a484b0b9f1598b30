//! Passwords that are hashed as logins would ask for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bia_config::section::hasher::Argon2;

use crate::start;

/// The most threads that hash at a time, whatever is asked for.
const MOST_THREADS: u64 = 64;

const PASSWORD: &str = "correct horse battery staple";

/// Logins that come at even distances.
pub(super) struct Load {
    pub(super) per_minute: u32,
    pub(super) sample_time: Duration,
    /// At most so many are served at a time; `None`: as many as the dedicated memory has room for.
    pub(super) most_at_once: Option<u32>,
}

/// How they were served. The times are from when a login came, so that waiting counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) total: Duration,
    pub(super) median: Duration,
    pub(super) deviation: Duration,
    pub(super) min: Duration,
    pub(super) max: Duration,
    /// The most that was used at a time, in bytes.
    pub(super) memory: u64,
}

/// How long one password takes: the median of some runs.
pub(super) fn probe(costs: &Argon2, runs: u32) -> anyhow::Result<Duration> {
    let hasher = start::argon2(costs);
    let mut times = Vec::new();
    for _ in 0..runs.max(1) {
        let begun = Instant::now();
        hasher.hash_blocking(PASSWORD)?;
        times.push(begun.elapsed());
    }
    Ok(Measured::of(times, Duration::ZERO, 0)?.median)
}

impl Load {
    /// Serves them.
    ///
    /// # Errors
    /// When the costs are not possible, or when it takes more than twice the time in which the logins came.
    pub(super) fn run(&self, costs: &Argon2) -> anyhow::Result<Measured> {
        let hasher = start::argon2(costs);
        let share = self.sample_time.as_secs_f64() / 60.0;
        let count = ((f64::from(self.per_minute) * share).round() as usize).max(1);
        let (next, busy, most) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let times = Mutex::new(Vec::with_capacity(count));
        let begun = Instant::now();
        let serve = || -> anyhow::Result<()> {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return Ok(());
                }
                let comes = self.sample_time.mul_f64(index as f64 / count as f64);
                std::thread::sleep(comes.saturating_sub(begun.elapsed()));
                anyhow::ensure!(
                    begun.elapsed() < self.sample_time * 2,
                    "The machine cannot serve so many logins: after twice the time {index} of {count} were served. \
                     Try less memory or fewer iterations."
                );
                most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let hashed = hasher.hash_blocking(PASSWORD);
                busy.fetch_sub(1, Ordering::SeqCst);
                hashed?;
                let took = begun.elapsed().saturating_sub(comes);
                // A poisoned lock means that another thread panicked between two plain calls.
                let mut times = times
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                times.push(took);
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads(costs))
                .map(|_| scope.spawn(serve))
                .collect();
            threads.into_iter().try_for_each(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("A password could not be hashed.")))
            })
        })?;
        let times = times
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        Measured::of(times, begun.elapsed(), most.into_inner() * costs.memory)
    }

    fn threads(&self, costs: &Argon2) -> u64 {
        let room = costs.dedicated_memory / costs.memory.max(1);
        let most = self.most_at_once.map_or(room, u64::from);
        most.clamp(1, MOST_THREADS)
    }
}

impl Measured {
    fn of(mut times: Vec<Duration>, total: Duration, memory: u64) -> anyhow::Result<Measured> {
        times.sort();
        let (first, last) = times
            .first()
            .zip(times.last())
            .context("Nothing was hashed.")?;
        let middle = times.get(times.len() / 2).unwrap_or(last);
        let seconds = |time: &Duration| time.as_secs_f64();
        let mean = times.iter().map(seconds).sum::<f64>() / times.len() as f64;
        let squares = times.iter().map(|time| (seconds(time) - mean).powi(2));
        let variance = squares.sum::<f64>() / times.len() as f64;
        Ok(Measured {
            total,
            median: *middle,
            deviation: Duration::from_secs_f64(variance.sqrt()),
            min: *first,
            max: *last,
            memory,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_summed_up() {
        let times = [30, 10, 20].map(Duration::from_millis).to_vec();
        let measured = Measured::of(times, Duration::from_secs(1), 7).unwrap();
        let millis = |time: Duration| time.as_millis();
        assert_eq!(
            (
                millis(measured.min),
                millis(measured.median),
                millis(measured.max)
            ),
            (10, 20, 30)
        );
        assert_eq!(millis(measured.deviation), 8);
        assert!(Measured::of(Vec::new(), Duration::ZERO, 0).is_err());
    }

    #[test]
    fn a_load_serves_what_comes_and_no_more_at_a_time_than_memory_has_room_for() {
        let costs = Argon2 {
            memory: 1 << 20,
            parallelism: 1,
            dedicated_memory: 2 << 20,
            ..Argon2::default()
        };
        let load = Load {
            per_minute: 6000,
            sample_time: Duration::from_millis(200),
            most_at_once: None,
        };
        let measured = load.run(&costs).unwrap();
        assert!(measured.memory <= 2 << 20, "{measured:?}");
        assert!(measured.total >= Duration::from_millis(180), "{measured:?}");
        assert!(measured.min <= measured.median && measured.median <= measured.max);
    }
}
