//! Where identity providers send browsers back to (spec: oidc.md §3).

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use bia_selfservice::cx::App;
use bia_selfservice::method::oidc;
use http::StatusCode;

use super::table::Routes;
use crate::extract;
use crate::respond;

/// The longest form that a provider posts. It becomes a query.
const MAX_FORM_BYTES: usize = 32 * 1024;

pub(super) fn router() -> Routes<Arc<App>> {
    Routes::new()
        .route("/self-service/methods/oidc/callback", get(unnamed))
        .route(
            "/self-service/methods/oidc/callback/{provider}",
            get(named).post(posted),
        )
        .route("/self-service/login/test", delete(delete_trial))
}

/// Removes a flow in which a provider was tried out (admin.md §12).
async fn delete_trial(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let cx = &incoming.cx;
    let response = match oidc::delete_trial(cx, cx.request.query("id")).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, false, response)
}

async fn unnamed(State(app): State<Arc<App>>, request: Request) -> Response {
    callback(&app, request, None).await
}

async fn named(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    callback(&app, request, Some(&provider)).await
}

async fn callback(app: &Arc<App>, request: Request, provider: Option<&str>) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(app, &parts);
    let (kind, result) = oidc::callback(&incoming.cx, provider).await;
    let response = respond::submitted(&incoming, kind, result).await;
    // On the addresses with a provider in them the reference gives no anti-CSRF cookie away.
    respond::with_cookies(&incoming, provider.is_none(), response)
}

/// A provider that posts its answer does so from its own site, so that the browser leaves its cookies out: it is sent
/// here once more, by GET.
async fn posted(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let pairs = url::form_urlencoded::parse(&bytes);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let address = app.runtime.load().config.public_address(parts.uri.path());
    respond::redirect(StatusCode::FOUND, &format!("{address}?{query}"))
}
