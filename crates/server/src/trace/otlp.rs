//! OTLP over HTTP. What is not configured is taken from OpenTelemetry's variables of the environment
//! (`OTEL_EXPORTER_OTLP_…`), as the exporter reads them.

use std::collections::HashMap;

use bia_config::section::tracing::Otlp;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};

use super::sender::Sender;

/// The exporter to the configured collector.
pub(super) fn exporter(config: &Otlp, sender: Sender) -> Result<SpanExporter, ExporterBuildError> {
    let mut builder = SpanExporter::builder().with_http().with_http_client(sender);
    if let Some(address) = &config.server_url {
        let scheme = if config.insecure { "http" } else { "https" };
        builder = builder.with_endpoint(format!("{scheme}://{address}/v1/traces"));
    }
    if let Some(value) = &config.authorization_header {
        let value = value.expose().to_owned();
        builder = builder.with_headers(HashMap::from([("Authorization".to_owned(), value)]));
    }
    builder.build()
}
