//! Signing out (spec: sessions.md §8).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use bia_selfservice::cx::App;
use bia_selfservice::flow::logout;
use bia_selfservice::problem::Problem;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::public::json_body;
use super::table::Routes;
use crate::extract::{self, Incoming};
use crate::respond;

pub(super) fn router() -> Routes<Arc<App>> {
    Routes::new()
        .route("/self-service/logout/browser", get(create))
        .route("/self-service/logout", get(submit))
        .route("/self-service/logout/api", delete(submit_native))
}

async fn create(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let response = match logout::create(&incoming.cx).await {
        Ok(url) => respond::json_answer(
            StatusCode::OK,
            &json!({"logout_url": url.url, "logout_token": url.token}),
        ),
        Err(problem) => refused(&incoming, problem).await,
    };
    respond::with_cookies(&incoming, true, response)
}

async fn submit(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let cx = &incoming.cx;
    let mut response = match logout::submit(cx).await {
        Ok(_) if cx.request.wants.json => StatusCode::NO_CONTENT.into_response(),
        Ok(url) => respond::redirect(StatusCode::SEE_OTHER, &url),
        Err(problem) => refused(&incoming, problem).await,
    };
    let clears = cx.config().selfservice.flows.logout.clear_browser_data;
    if clears && cx.request.url.starts_with("https://") && !response.status().is_client_error() {
        let name = HeaderName::from_static("clear-site-data");
        response.headers_mut().insert(
            name,
            HeaderValue::from_static("\"cookies\", \"storage\", \"cache\""),
        );
    }
    respond::with_cookies(&incoming, true, response)
}

/// Scripts read what is wrong, browsers are led to the error page.
async fn refused(incoming: &Incoming, problem: Problem) -> Response {
    if incoming.cx.request.wants.json {
        return respond::problem_json(incoming, &problem);
    }
    respond::error_page(incoming, &problem).await
}

async fn submit_native(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let result = async {
        let body = json_body(body).await?;
        let token = body
            .get("session_token")
            .and_then(|t| t.as_str())
            .unwrap_or_default();
        logout::submit_native(&incoming.cx, token).await
    };
    let response = match result.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, false, response)
}
