//! Codes for verifying an address: an addition of ours.

use std::sync::Arc;

use axum::response::Response;
use axum::routing::post;
use bia_selfservice::admin::verification;
use bia_selfservice::cx::App;
use http::StatusCode;

use super::Call;
use super::recovery::plain;
use crate::route::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new().route("/admin/bia/verification/code", post(code))
}

async fn code(call: Call) -> Response {
    let result = async { verification::create_code(call.cx(), call.decode_json()?).await };
    call.answer(result.await.map(|made| plain(StatusCode::CREATED, &made)))
}
