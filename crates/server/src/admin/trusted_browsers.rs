//! The browsers that an identity trusts (`bia.trusted_browser`).

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{delete, get};
use bia_selfservice::cx::App;
use bia_selfservice::trusted_browser::list as browsers;
use http::StatusCode;

use super::Call;
use crate::respond::{json_answer, session_ended};
use crate::route::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    let path = "/admin/identities/{id}/bia/trusted-browsers";
    Routes::new()
        .route(path, get(list).delete(forget_all))
        .route(&format!("{path}/{{browser}}"), delete(forget))
}

async fn list(Path(id): Path<String>, call: Call) -> Response {
    let result = browsers::of_identity(call.cx(), &id).await;
    call.answer(result.map(|all| json_answer(StatusCode::OK, &all)))
}

async fn forget(Path((id, browser)): Path<(String, String)>, call: Call) -> Response {
    let result = browsers::forget_of_identity(call.cx(), &id, &browser).await;
    call.answer(result.map(|()| session_ended()))
}

async fn forget_all(Path(id): Path<String>, call: Call) -> Response {
    let result = browsers::forget_all_of_identity(call.cx(), &id).await;
    call.answer(result.map(|()| session_ended()))
}
