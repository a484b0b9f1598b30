//! A handler that panics ends its own request, not the server.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::StatusCode;

use crate::envelope::Envelope;

/// Waits for a handler's answer, for at most `time`. What went wrong is in the log, not in the answer.
pub(super) async fn guarded(
    handler: impl Future<Output = Response>,
    time: Duration,
    request: Option<&str>,
) -> Response {
    // Nothing of the handler is used after it panicked.
    match tokio::time::timeout(time, AssertUnwindSafe(handler).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Envelope::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server failed while it handled the request.",
        )
        .because("Try again later. The operator finds the cause in the server's log.")
        .about(request)
        .into_response(),
        Err(_) => {
            tracing::error!(
                limit_seconds = time.as_secs(),
                "A request was given up because it took too long."
            );
            Envelope::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The server could not answer in time.",
            )
            .because("Try again later. The operator finds in the server's log what is slow.")
            .about(request)
            .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::panic, reason = "the panic is what is tested")]
    async fn a_panic_becomes_an_answer() {
        let handler = async { panic!("as planned") };
        let response = guarded(handler, Duration::from_secs(1), Some("r-1")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (
                body["error"]["code"].as_u64(),
                body["error"]["request"].as_str()
            ),
            (Some(500), Some("r-1"))
        );
        assert!(!body.to_string().contains("as planned"));
    }

    #[tokio::test]
    async fn a_handler_that_never_ends_is_given_up() {
        let response = guarded(std::future::pending(), Duration::from_millis(20), None).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
