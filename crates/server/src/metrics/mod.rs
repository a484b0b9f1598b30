//! What Prometheus can ask for (ops.md §2).
//!
//! The names, labels and buckets are the reference's, so that dashboards and alerts go on working.

mod abuse;
mod gzip;
mod http;
mod process;

use std::sync::Arc;

use bia_selfservice::cx::App;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

pub use gzip::compressed;
pub use http::{Exchange, HttpMetrics};

/// The content type of OpenMetrics, for scrapers that ask for it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is measured in this process.
pub struct Metrics {
    registry: Registry,
    /// What is measured per request.
    pub http: HttpMetrics,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    /// Nothing measured yet.
    pub fn new() -> Metrics {
        let mut registry = Registry::with_labels(constant_labels());
        let http = HttpMetrics::new(&mut registry);
        registry.register_collector(Box::new(process::Process::new()));
        Metrics { registry, http }
    }

    /// As [`Metrics::new`], with what a server counts that answers people.
    pub fn of(app: &App) -> Metrics {
        let mut metrics = Metrics::new();
        let refused = abuse::RefusedAttempts::new(Arc::clone(&app.refused));
        metrics.registry.register_collector(Box::new(refused));
        metrics
    }

    /// Everything as text: content type and body. `accept` is the request's `Accept` header.
    pub fn render(&self, accept: &str) -> (&'static str, String) {
        let mut body = String::new();
        let open_metrics = accept.contains("application/openmetrics-text");
        // Writing to a string does not fail; a collector that gave up leaves the text short.
        let written = match open_metrics {
            true => text::encode(&mut body, &self.registry),
            false => prometheus_text::encode(&mut body, &self.registry),
        };
        if written.is_err() {
            tracing::error!("The metrics could not be written; the answer is not complete.");
        }
        (
            if open_metrics {
                OPEN_METRICS
            } else {
                prometheus_text::CONTENT_TYPE
            },
            body,
        )
    }
}

/// `app` has the reference's value: dashboards choose the service by it.
fn constant_labels() -> impl Iterator<
    Item = (
        std::borrow::Cow<'static, str>,
        std::borrow::Cow<'static, str>,
    ),
> {
    [
        ("app", "kratos"),
        ("version", crate::version::VERSION),
        ("hash", crate::version::COMMIT),
        ("buildTime", crate::version::BUILT_AT),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.into()))
}
