//! One line per request. It names the path, never the query, a header's value or anything of a body.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode};

/// Longer paths are cut.
const MAX_PATH_CHARS: usize = 200;

/// What a line says.
pub(super) struct Line<'a> {
    pub(super) listener: &'static str,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) remote: Option<SocketAddr>,
    pub(super) request_id: Option<&'a str>,
    pub(super) status: StatusCode,
    pub(super) response_bytes: u64,
    pub(super) took: Duration,
}

/// Whether lines are written at all. Asked before one is put together.
pub(super) fn enabled() -> bool {
    tracing::enabled!(target: "bia::request", tracing::Level::INFO)
}

/// Writes the line.
pub(super) fn write(line: &Line<'_>) {
    let path: String = line.path.chars().take(MAX_PATH_CHARS).collect();
    tracing::info!(
        target: "bia::request",
        listener = line.listener,
        http_request.method = line.method.as_str(),
        http_request.path = path,
        http_request.remote = line.remote.map(tracing::field::display),
        http_request.id = line.request_id,
        http_response.status = line.status.as_u16(),
        http_response.size_bytes = line.response_bytes,
        http_response.took_ms = u64::try_from(line.took.as_millis()).unwrap_or(u64::MAX),
        "completed handling request"
    );
}
