//! The span of a request, under the names of OpenTelemetry's conventions for HTTP.

use std::net::SocketAddr;

use http::{HeaderMap, Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::propagate;

/// A request as it came.
pub(crate) struct Arrived<'a> {
    /// The listener's name.
    pub(crate) listener: &'static str,
    pub(crate) method: &'a Method,
    /// The route's pattern; `None` where none fits.
    pub(crate) route: Option<&'a str>,
    pub(crate) remote: Option<SocketAddr>,
    /// The id that the client gave it.
    pub(crate) id: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
}

/// The span of a request, in the caller's trace. `None` for those who only look whether the server is alive.
pub(crate) fn span(request: &Arrived<'_>) -> Option<Span> {
    if request.route.is_some_and(is_watched) {
        return None;
    }
    let method = known(request.method);
    let span = tracing::info_span!(
        target: "traced::whole",
        parent: None,
        "request",
        otel.name = request.route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = request.route,
        http.response.status_code = Empty,
        "http.request.header.x-request-id" = request.id,
        client.address = request.remote.map(|remote| tracing::field::display(remote.ip())),
        listener = request.listener,
    );
    // It fails where the span is not wanted, and then there is nothing to say.
    let _ = span.set_parent(propagate::parent(request.headers));
    Some(span)
}

/// Notes how a request was answered.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// Probes and metrics come all the time, and would hide what people do.
fn is_watched(route: &str) -> bool {
    let route = route.strip_prefix("/admin").unwrap_or(route);
    route.starts_with("/health/") || route.starts_with("/metrics/")
}

/// Methods that nobody knows share a name, so that no client can make up names of spans.
fn known(method: &Method) -> &'static str {
    const NAMES: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    NAMES
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("_OTHER")
}
