//! Traces: how long each part of a request took, told to a collector (`tracing`, config.md §13).
//!
//! Spans are those of the crate `tracing`, so that other crates make them without knowing where they go. One with the
//! target `traced::whole` begins a trace or goes on with the caller's; one with the target `traced` is a part of what
//! it happens in, and is left out where there is nothing that it could be a part of. Without a provider there is no
//! layer that wants them, and none is made.
//!
//! No span names a path, a query, a header other than the request's id, a cookie or anything of a body.

mod clock;
mod export;
mod jaeger;
mod otlp;
mod propagate;
mod queue;
mod request;
mod sender;
mod thrift;
mod zipkin;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bia_config::section::tracing::{Provider, Tracing};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{DynFilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use export::{Exporter, Wire};
use queue::{Bounded, Queue};
use sender::Sender;

pub(crate) use request::{Arrived, answered, span};

/// The target of spans that begin a trace.
const WHOLE: &str = "traced::whole";

/// The target of spans that are part of another one.
pub(crate) const PART: &str = "traced";

/// How long the end of the process waits for the last spans to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether this process traces requests.
static ON: AtomicBool = AtomicBool::new(false);

/// Whether this process traces requests. Asked before anything is put together for a trace.
pub(crate) fn enabled() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Adds to a call's headers which trace it belongs to. `None` where nothing is traced.
pub(crate) fn mark() -> Option<bia_outbound::Mark> {
    enabled().then_some(propagate::mark)
}

/// The way of spans to the collector: a queue of bounded length, and a thread that sends what is in it.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// The way to the configured collector; `None` when there is none. Has to be called within the runtime, in which
    /// the calls to the collector are made.
    ///
    /// # Errors
    /// When the collector's address cannot be used.
    pub fn new(config: &Tracing) -> anyhow::Result<Option<Traces>> {
        let Some(provider) = config.provider else {
            return Ok(None);
        };
        let (wire, ratio) = wire(config, provider)?;
        let queue = Arc::new(Queue::new());
        let bounds = BatchConfigBuilder::default().with_max_queue_size(queue.longest());
        let batches = BatchSpanProcessor::builder(Exporter::new(wire, Arc::clone(&queue)))
            .with_batch_config(bounds.build())
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(config))
            .with_sampler(sampler)
            .with_span_processor(Bounded::new(batches, queue))
            .build();
        Ok(Some(Traces { provider }))
    }

    /// The layer that takes spans, and nothing else.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let wanted = DynFilterFn::new(|span, at| match span.target() {
            WHOLE => true,
            PART => at.lookup_current().is_some(),
            _ => false,
        })
        .with_max_level_hint(LevelFilter::INFO);
        ON.store(true, Ordering::Relaxed);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("bia"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false)
            .with_filter(wanted)
    }

    /// Sends what is left, for a few seconds at most.
    pub async fn end(self) {
        let sent = tokio::task::spawn_blocking(move || {
            // What could not be sent was told of by the exporter.
            let _ = self.provider.shutdown_with_timeout(PATIENCE);
        });
        let _ = tokio::time::timeout(PATIENCE, sent).await;
    }
}

/// How spans are sent, and which part of the requests is traced.
fn wire(config: &Tracing, provider: Provider) -> anyhow::Result<(Wire, f64)> {
    let providers = &config.providers;
    Ok(match provider {
        Provider::Otel => {
            let wire = otlp::exporter(&providers.otlp, Sender::new())
                .context("tracing.providers.otlp cannot be used.")?;
            (Wire::Otlp(wire), providers.otlp.sampling.sampling_ratio)
        }
        Provider::Zipkin => {
            let wire = zipkin::Zipkin::new(&providers.zipkin, service(config), Sender::new());
            (Wire::Zipkin(wire), providers.zipkin.sampling.sampling_ratio)
        }
        Provider::Jaeger => {
            let settings = &providers.jaeger;
            let about = jaeger::Process {
                service: service(config).to_owned(),
                environment: config.deployment_environment.clone(),
            };
            let wire = jaeger::Jaeger::new(settings, about)
                .context("tracing.providers.jaeger cannot be used.")?;
            (Wire::Jaeger(wire), settings.sampling.trace_id_ratio)
        }
    })
}

fn service(config: &Tracing) -> &str {
    config.service_name.as_deref().unwrap_or("Bia")
}

/// What all spans of this process have in common.
fn resource(config: &Tracing) -> Resource {
    let environment = config.deployment_environment.clone();
    Resource::builder()
        .with_service_name(service(config).to_owned())
        .with_attribute(KeyValue::new("service.version", crate::version::VERSION))
        .with_attributes(environment.map(|name| KeyValue::new("deployment.environment.name", name)))
        .build()
}
