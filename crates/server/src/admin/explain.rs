//! Why a request was refused.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use bia_selfservice::admin;
use bia_selfservice::cx::App;
use http::StatusCode;

use super::Call;
use crate::respond::json_answer;
use crate::route::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new().route("/admin/bia/explain/{id}", get(explain))
}

async fn explain(Path(id): Path<String>, call: Call) -> Response {
    let result = admin::explain(call.cx(), &id).await;
    call.answer(result.map(|shown| json_answer(StatusCode::OK, &shown)))
}
