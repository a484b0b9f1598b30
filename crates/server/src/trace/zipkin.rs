//! Zipkin's JSON, version 2 (its API description: `POST /api/v2/spans`).

use bia_config::section::tracing::Zipkin as Settings;
use http::{HeaderMap, HeaderValue, header};
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};
use url::Url;

use super::clock;
use super::sender::Sender;

/// Where Zipkin is when nothing else is said.
const DEFAULT: &str = "http://localhost:9411/api/v2/spans";

/// Sends spans to a server of Zipkin's.
#[derive(Debug)]
pub(super) struct Zipkin {
    url: Url,
    service: String,
    sender: Sender,
}

impl Zipkin {
    pub(super) fn new(settings: &Settings, service: &str, sender: Sender) -> Zipkin {
        let default = || Url::parse(DEFAULT).expect("it is a URL");
        Zipkin {
            url: settings.server_url.clone().unwrap_or_else(default),
            service: service.to_owned(),
            sender,
        }
    }

    pub(super) async fn export(&self, spans: &[SpanData]) -> OTelSdkResult {
        let spans: Vec<Value> = spans.iter().map(|span| self.shown(span)).collect();
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        let body = Value::from(spans).to_string().into();
        let failed = OTelSdkError::InternalFailure;
        match self.sender.post(self.url.clone(), headers, body).await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) => Err(failed(format!("it answered {}", answer.status.as_u16()))),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn shown(&self, span: &SpanData) -> Value {
        let context = &span.span_context;
        let mut tags: Map<String, Value> = span
            .attributes
            .iter()
            .map(|kv| (kv.key.to_string(), kv.value.as_str().into_owned().into()))
            .collect();
        if let Status::Error { description } = &span.status {
            tags.insert("error".into(), description.to_string().into());
        }
        let mut shown = json!({
            "traceId": context.trace_id().to_string(),
            "id": context.span_id().to_string(),
            "name": span.name,
            "timestamp": clock::began(span),
            // None of them takes no time at all, says the description.
            "duration": clock::took(span).max(1),
            "localEndpoint": {"serviceName": self.service},
            "tags": tags,
        });
        if span.parent_span_id != SpanId::INVALID {
            shown["parentId"] = span.parent_span_id.to_string().into();
        }
        if let Some(kind) = kind(&span.span_kind) {
            shown["kind"] = kind.into();
        }
        shown
    }
}

fn kind(kind: &SpanKind) -> Option<&'static str> {
    match kind {
        SpanKind::Server => Some("SERVER"),
        SpanKind::Client => Some("CLIENT"),
        SpanKind::Producer => Some("PRODUCER"),
        SpanKind::Consumer => Some("CONSUMER"),
        SpanKind::Internal => None,
    }
}
