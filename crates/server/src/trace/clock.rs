//! Times of spans in microseconds, as two of the wires have them.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry_sdk::trace::SpanData;

/// When a span began, in microseconds since 1970.
pub(super) fn began(span: &SpanData) -> u64 {
    micros(span.start_time.duration_since(UNIX_EPOCH).ok())
}

/// How many microseconds a span took.
pub(super) fn took(span: &SpanData) -> u64 {
    micros(span.end_time.duration_since(span.start_time).ok())
}

/// Nothing for a clock that went back.
fn micros(time: Option<Duration>) -> u64 {
    time.map_or(0, |time| {
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
    })
}
