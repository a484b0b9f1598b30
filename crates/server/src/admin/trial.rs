//! Login flows in which a provider is tried out (admin.md §12).

use std::sync::Arc;

use axum::response::Response;
use axum::routing::post;
use bia_selfservice::cx::App;
use bia_selfservice::method::oidc;
use bia_selfservice::problem::Problem;
use http::StatusCode;

use super::Call;
use crate::respond;
use crate::route::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new().route("/admin/test-login-flows", post(create))
}

async fn create(call: Call) -> Response {
    let result =
        async { oidc::create_trial(call.cx(), call.decode().map_err(Problem::BadRequest)?).await };
    let cx = call.cx();
    let answered = result
        .await
        .map(|flow| respond::flow_answer(cx, StatusCode::CREATED, &flow, None));
    call.answer(answered)
}
