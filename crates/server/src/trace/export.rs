//! Hands batches of spans on, and says once when that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::jaeger::Jaeger;
use super::queue::Queue;
use super::zipkin::Zipkin;

/// The three ways that spans can be sent.
#[derive(Debug)]
pub(super) enum Wire {
    Otlp(opentelemetry_otlp::SpanExporter),
    Zipkin(Zipkin),
    Jaeger(Jaeger),
}

/// Sends spans one of the ways. A batch that is not taken is dropped.
#[derive(Debug)]
pub(super) struct Exporter {
    wire: Wire,
    /// Whether the last batch was not taken.
    failing: AtomicBool,
    /// Where the spans waited.
    queue: Arc<Queue>,
}

impl Exporter {
    pub(super) fn new(wire: Wire, queue: Arc<Queue>) -> Exporter {
        Exporter {
            wire,
            queue,
            failing: AtomicBool::new(false),
        }
    }

    /// One line when the collector stops taking spans, one when it takes them again.
    fn tell(&self, outcome: &OTelSdkResult) {
        let failed = outcome.is_err();
        if self.failing.swap(failed, Ordering::Relaxed) == failed {
            return;
        }
        match outcome {
            Err(error) => tracing::warn!(
                %error,
                "The collector does not take traces (tracing.providers). They are dropped until it does."
            ),
            Ok(()) => tracing::info!("The collector takes traces again."),
        }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let outcome = match &self.wire {
            Wire::Otlp(otlp) => otlp.export(batch).await,
            Wire::Zipkin(zipkin) => zipkin.export(&batch).await,
            Wire::Jaeger(jaeger) => jaeger.export(&batch),
        };
        self.tell(&outcome);
        self.queue.sent(count);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        match &self.wire {
            Wire::Otlp(otlp) => otlp.shutdown_with_timeout(timeout),
            Wire::Zipkin(_) | Wire::Jaeger(_) => Ok(()),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Wire::Otlp(otlp) = &mut self.wire {
            otlp.set_resource(resource);
        }
    }
}
