//! The closed loop: each worker does its next step when the last one has ended.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::histogram::Histogram;

/// How long a step may still take after the measurement's end before the run gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// One thing that a worker does again and again.
pub(crate) trait Step: Send + 'static {
    /// Does it once. An error is counted and the loop goes on.
    fn once(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What a measurement counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Steps that succeeded.
    pub(crate) done: u64,
    /// Steps that did not.
    pub(crate) errors: u64,
    /// Time from the first start to the last end.
    pub(crate) busy: Duration,
    /// Latencies of the steps that succeeded.
    pub(crate) latencies: Histogram,
    /// What the first error was.
    pub(crate) first_error: Option<String>,
}

impl Tally {
    /// Counts a step that succeeded.
    pub(crate) fn succeeded(&mut self, latency: Duration) {
        self.done += 1;
        self.latencies.record(latency);
    }

    fn failed(&mut self, error: &anyhow::Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| format!("{error:#}"));
    }

    /// Adds the counts of a worker that ran at the same time; `busy` is left alone.
    pub(crate) fn join(&mut self, other: Self) {
        self.done += other.done;
        self.errors += other.errors;
        self.latencies.merge(&other.latencies);
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// Adds a later measurement of the same thing.
    pub(crate) fn append(&mut self, other: Self) {
        self.busy += other.busy;
        self.join(other);
    }

    /// Successful steps per second; 0 when nothing was measured.
    pub(crate) fn rate(&self) -> f64 {
        let seconds = self.busy.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        if seconds > 0.0 {
            self.done as f64 / seconds
        } else {
            0.0
        }
    }
}

/// Lets every worker run for `length` and hands them back with what they counted.
///
/// Steps under way at the end are finished and counted, and the time goes on until the last of them: with few
/// long steps (password hashes) anything else would count too little.
pub(crate) async fn closed_loop<S: Step>(
    workers: Vec<S>,
    length: Duration,
) -> anyhow::Result<(Vec<S>, Tally)> {
    let started = Instant::now();
    let until = started + length;
    let tasks: Vec<_> = workers
        .into_iter()
        .map(|worker| tokio::spawn(work(worker, until)))
        .collect();
    let mut tally = Tally::default();
    let mut back = Vec::with_capacity(tasks.len());
    for task in tasks {
        let left = (until + PATIENCE).saturating_duration_since(Instant::now());
        let (worker, part) = tokio::time::timeout(left, task).await.map_err(|_| {
            anyhow::anyhow!("an answer did not come within {} s", PATIENCE.as_secs())
        })??;
        tally.join(part);
        back.push(worker);
    }
    tally.busy = started.elapsed();
    Ok((back, tally))
}

async fn work<S: Step>(mut worker: S, until: Instant) -> (S, Tally) {
    let mut tally = Tally::default();
    let mut now = Instant::now();
    while now < until {
        let outcome = worker.once().await;
        let after = Instant::now();
        match outcome {
            Ok(()) => tally.succeeded(after.duration_since(now)),
            Err(error) => tally.failed(&error),
        }
        now = after;
    }
    (worker, tally)
}

#[cfg(test)]
mod tests {
    use super::{Step, Tally, closed_loop};
    use std::time::Duration;

    /// Fails every other time.
    struct Moody(u64);

    impl Step for Moody {
        async fn once(&mut self) -> anyhow::Result<()> {
            self.0 += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
            if self.0.is_multiple_of(2) {
                Err(anyhow::anyhow!("not today"))
            } else {
                Ok(())
            }
        }
    }

    #[tokio::test]
    async fn steps_and_errors_are_counted_apart() -> anyhow::Result<()> {
        let (workers, tally) =
            closed_loop(vec![Moody(0), Moody(0)], Duration::from_millis(30)).await?;
        assert_eq!(workers.len(), 2);
        assert_eq!(
            tally.done + tally.errors,
            workers.iter().map(|w| w.0).sum::<u64>()
        );
        assert!(tally.done.abs_diff(tally.errors) <= 2);
        assert_eq!(tally.first_error.as_deref(), Some("not today"));
        Ok(())
    }

    #[test]
    fn rounds_add_up() {
        let mut all = Tally::default();
        assert!(all.rate().abs() < f64::EPSILON);
        for _ in 0..2 {
            let mut one = Tally {
                busy: Duration::from_millis(500),
                ..Tally::default()
            };
            one.succeeded(Duration::from_millis(1));
            all.append(one);
        }
        assert!((all.rate() - 2.0).abs() < 1e-9);
    }
}
