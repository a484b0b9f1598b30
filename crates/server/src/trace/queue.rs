//! The queue of spans that wait for the collector. It has a bound; what it has no room for is dropped, and the log says
//! so once when that begins and once when it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

/// The most spans that wait, where `OTEL_BSP_MAX_QUEUE_SIZE` does not say otherwise (OpenTelemetry: "Batch Span
/// Processor").
const LONGEST: usize = 2048;

/// How many spans wait, and how many were dropped since there was room.
#[derive(Debug)]
pub(super) struct Queue {
    longest: usize,
    waiting: AtomicUsize,
    dropped: AtomicUsize,
    /// Of those that were dropped, how many had been when the log said so.
    told: AtomicUsize,
}

/// What the log says of a queue.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// Spans are dropped.
    Full,
    /// So many were, and none is any more.
    Over(usize),
}

impl Queue {
    /// An empty queue, as long as the environment says.
    pub(super) fn new() -> Queue {
        let said = std::env::var("OTEL_BSP_MAX_QUEUE_SIZE").ok();
        let said = said.and_then(|text| text.trim().parse().ok());
        Queue::of(said.filter(|longest| *longest > 0).unwrap_or(LONGEST))
    }

    fn of(longest: usize) -> Queue {
        Queue {
            longest,
            waiting: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            told: AtomicUsize::new(0),
        }
    }

    /// How many spans may wait.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Takes a place; without one the span is dropped.
    fn admit(&self) -> bool {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.longest {
            return true;
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// Gives places back, and tells of what was dropped. Called by the thread that sends spans: what ends a span is
    /// no place to write to the log from.
    pub(super) fn sent(&self, count: usize) {
        match self.news(count) {
            Some(News::Full) => tracing::warn!(
                "More spans come than the collector takes (tracing.providers), so that some are dropped. Trace fewer requests, or give the collector more room."
            ),
            Some(News::Over(dropped)) => tracing::info!(
                spans.dropped = dropped,
                "The collector keeps up with the spans again."
            ),
            None => {}
        }
    }

    fn news(&self, sent: usize) -> Option<News> {
        let waiting = self.waiting.fetch_sub(sent, Ordering::Relaxed);
        let waiting = waiting.saturating_sub(sent);
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped == 0 {
            return None;
        }
        if self.told.swap(dropped, Ordering::Relaxed) == 0 {
            return Some(News::Full);
        }
        // Only once there is room to speak of: a queue that is full again and again is told of once.
        (waiting.saturating_mul(2) < self.longest).then(|| {
            self.dropped.fetch_sub(dropped, Ordering::Relaxed);
            self.told.store(0, Ordering::Relaxed);
            News::Over(dropped)
        })
    }
}

/// Lets no more spans through than wait at once.
#[derive(Debug)]
pub(super) struct Bounded<P> {
    next: P,
    queue: Arc<Queue>,
}

impl<P> Bounded<P> {
    /// Before a processor whose exporter gives the places back.
    pub(super) fn new(next: P, queue: Arc<Queue>) -> Bounded<P> {
        Bounded { next, queue }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.queue.admit() {
            self.next.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_of_once_when_it_begins_and_once_when_it_is_over() {
        let queue = Queue::of(LONGEST);
        let come = |count: usize| (0..count).filter(|_| queue.admit()).count();
        assert_eq!(come(LONGEST), LONGEST);
        assert_eq!(queue.news(0), None, "a full queue drops nothing yet");
        assert_eq!(come(30), 0);
        assert_eq!(queue.news(512), Some(News::Full));
        assert_eq!(come(612), 512);
        assert_eq!(queue.news(512), None);
        assert_eq!(queue.news(512), None);
        assert_eq!(queue.news(512), Some(News::Over(130)));
        assert_eq!(queue.news(512), None);
        assert_eq!(come(LONGEST + 1), LONGEST);
        assert_eq!(queue.news(1), Some(News::Full));
    }
}
