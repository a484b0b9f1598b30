//! `tracing`: where traces of requests go.

use serde::Deserialize;
use url::Url;

use super::non_empty;
use crate::Secret;

/// `tracing`. As at start for the life of the process.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Tracing {
    /// By which protocol traces are sent; `None`: there are none.
    pub provider: Option<Provider>,
    /// The server's name in traces; `None` for the built-in one.
    #[serde(deserialize_with = "non_empty")]
    pub service_name: Option<String>,
    /// The environment that traces name.
    #[serde(deserialize_with = "non_empty")]
    pub deployment_environment: Option<String>,
    /// Where to, by protocol.
    pub providers: Providers,
}

/// How traces are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// To an agent of Jaeger's, over UDP.
    Jaeger,
    /// To a collector of OpenTelemetry's, by OTLP over HTTP.
    Otel,
    /// To a server of Zipkin's, as JSON.
    Zipkin,
}

/// `tracing.providers`. Only the chosen one counts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Providers {
    /// For [`Provider::Jaeger`].
    pub jaeger: Jaeger,
    /// For [`Provider::Zipkin`].
    pub zipkin: Zipkin,
    /// For [`Provider::Otel`].
    pub otlp: Otlp,
}

/// `tracing.providers.jaeger`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Jaeger {
    /// Host and port of the agent.
    #[serde(deserialize_with = "non_empty")]
    pub local_agent_address: Option<String>,
    /// Which requests are traced.
    pub sampling: JaegerSampling,
}

/// `tracing.providers.jaeger.sampling`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct JaegerSampling {
    /// A server that would say which requests are traced. It is not asked.
    #[serde(deserialize_with = "non_empty")]
    pub server_url: Option<String>,
    /// Which part of the requests is traced, from 0 to 1.
    pub trace_id_ratio: f64,
}

impl Default for JaegerSampling {
    fn default() -> Self {
        Self {
            server_url: None,
            trace_id_ratio: 1.0,
        }
    }
}

/// `tracing.providers.zipkin`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Zipkin {
    /// The address that takes spans, such as `http://zipkin:9411/api/v2/spans`.
    pub server_url: Option<Url>,
    /// Which requests are traced.
    pub sampling: ZipkinSampling,
}

/// `tracing.providers.zipkin.sampling`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ZipkinSampling {
    /// Which part of the requests is traced, from 0 to 1. None of them by default, as in the reference.
    pub sampling_ratio: f64,
}

/// `tracing.providers.otlp`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Otlp {
    /// Host and port of the collector; `None` for what OpenTelemetry's variables of the environment say.
    #[serde(deserialize_with = "non_empty")]
    pub server_url: Option<String>,
    /// Whether it is reached without TLS.
    pub insecure: bool,
    /// Which requests are traced.
    pub sampling: OtlpSampling,
    /// What it gets in the header `Authorization`.
    pub authorization_header: Option<Secret>,
}

/// `tracing.providers.otlp.sampling`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct OtlpSampling {
    /// Which part of the requests is traced, from 0 to 1.
    pub sampling_ratio: f64,
}

impl Default for OtlpSampling {
    fn default() -> Self {
        Self {
            sampling_ratio: 1.0,
        }
    }
}
