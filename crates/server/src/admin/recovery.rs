//! Recovery codes and links (admin.md §10).

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bia_selfservice::admin::recovery;
use bia_selfservice::cx::App;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::Call;
use crate::route::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/admin/recovery/code", post(code))
        .route("/admin/recovery/link", post(link))
}

async fn code(call: Call) -> Response {
    let result = async { recovery::create_code(call.cx(), call.decode_json()?).await };
    call.answer(result.await.map(|made| plain(StatusCode::CREATED, &made)))
}

async fn link(call: Call) -> Response {
    let result = async { recovery::create_link(call.cx(), call.decode_json()?).await };
    call.answer(result.await.map(|made| plain(StatusCode::OK, &made)))
}

/// JSON whose links can be copied as they stand: nothing in it is escaped.
pub(super) fn plain(status: StatusCode, body: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], format!("{body}\n")).into_response()
}
