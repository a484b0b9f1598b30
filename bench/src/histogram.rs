//! Latencies counted in buckets: constant memory, a few instructions for each value.

use std::time::Duration;

/// Buckets for each power of two: a value is off by at most 1/64.
const STEPS: u64 = 64;
const STEP_BITS: u32 = 6;
/// Enough for 2^36 µs, which is 19 hours.
const BUCKETS: usize = 32 * 64;

/// Counts of latencies in microseconds, precise to about 1.6 %.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
        }
    }
}

impl Histogram {
    /// Adds one latency.
    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Adds everything that another histogram counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// The latency, in milliseconds, that `percent` of the values do not exceed; `None` without values.
    pub(crate) fn percentile_ms(&self, percent: u64) -> Option<f64> {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        #[expect(clippy::cast_precision_loss, reason = "latencies below 2^52 µs")]
        Some(lowest(at as u64) as f64 / 1000.0)
    }
}

/// The bucket of a value: one each up to 127 µs, then 64 for every power of two.
fn bucket(micros: u64) -> usize {
    let exponent = micros.max(1).ilog2();
    let index = if exponent <= STEP_BITS {
        micros
    } else {
        let shift = exponent - STEP_BITS;
        u64::from(shift) * STEPS + (micros >> shift)
    };
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The lowest value of a bucket.
fn lowest(index: u64) -> u64 {
    if index < 2 * STEPS {
        return index;
    }
    let shift = index / STEPS - 1;
    (index - shift * STEPS) << shift
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Histogram, bucket, lowest};
    use std::time::Duration;

    #[test]
    fn a_bucket_holds_what_it_says_and_little_more() {
        for micros in [
            0, 1, 63, 64, 127, 128, 129, 1_000, 65_535, 65_536, 1_234_567, 60_000_000,
        ] {
            let low = lowest(bucket(micros) as u64);
            let next = lowest(bucket(micros) as u64 + 1);
            assert!(
                low <= micros && micros < next,
                "{micros} is not in {low}..{next}"
            );
            assert!(
                (next - low) * 64 <= micros.max(64),
                "{low}..{next} is too wide for {micros}"
            );
        }
    }

    #[test]
    fn percentiles_of_one_to_a_thousand_milliseconds() {
        let mut all = Histogram::default();
        assert_eq!(all.percentile_ms(50), None);
        for ms in 1..=1000 {
            let mut one = Histogram::default();
            one.record(Duration::from_millis(ms));
            all.merge(&one);
        }
        let p50 = all.percentile_ms(50).unwrap_or_default();
        let p99 = all.percentile_ms(99).unwrap_or_default();
        assert!((490.0..=500.0).contains(&p50), "{p50}");
        assert!((974.0..=990.0).contains(&p99), "{p99}");
    }

    #[test]
    fn a_value_beyond_the_last_bucket_is_kept_in_it() {
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}
