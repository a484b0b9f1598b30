//! Addresses that browsers and password managers know without asking (RFC 8615).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bia_config::Page;
use bia_selfservice::cx::App;
use bia_selfservice::method::webauthn;
use http::{HeaderValue, StatusCode, header};

use super::table::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/.well-known/change-password", get(change_password))
        .route("/.well-known/ory/webauthn.js", get(webauthn_script))
}

/// Where passwords are changed, for password managers (W3C, "A Well-Known URL for Changing Passwords").
async fn change_password(State(app): State<Arc<App>>) -> Response {
    let page = app.runtime.load().config.ui_url(Page::Settings).to_string();
    (StatusCode::SEE_OTHER, [(header::LOCATION, page)]).into_response()
}

/// What runs security keys and passkeys in the browser (methods.md §7).
async fn webauthn_script() -> Response {
    let kind = HeaderValue::from_static("text/javascript; charset=UTF-8");
    ([(header::CONTENT_TYPE, kind)], webauthn::SCRIPT).into_response()
}
