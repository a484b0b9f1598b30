//! The browsers that the caller trusts (`bia.trusted_browser`).

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{delete, get};
use bia_selfservice::cx::App;
use bia_selfservice::problem::Problem;
use bia_selfservice::trusted_browser::list as browsers;
use http::StatusCode;
use serde_json::json;

use super::table::Routes;
use crate::extract::{self, Incoming};
use crate::respond;

pub(super) fn router() -> Routes<Arc<App>> {
    Routes::new()
        .route("/bia/trusted-browsers", get(list).delete(forget_all))
        .route("/bia/trusted-browsers/{id}", delete(forget))
}

fn incoming(app: &Arc<App>, request: Request) -> Incoming {
    extract::incoming(app, &request.into_parts().0)
}

fn answer(incoming: &Incoming, result: Result<Response, Problem>) -> Response {
    let response = result.unwrap_or_else(|problem| respond::problem_json(incoming, &problem));
    respond::with_cookies(incoming, false, response)
}

async fn list(State(app): State<Arc<App>>, request: Request) -> Response {
    let incoming = incoming(&app, request);
    let result = browsers::own(&incoming.cx).await;
    answer(
        &incoming,
        result.map(|all| respond::json_answer(StatusCode::OK, &all)),
    )
}

async fn forget(State(app): State<Arc<App>>, Path(id): Path<String>, request: Request) -> Response {
    let incoming = incoming(&app, request);
    let result = browsers::forget_own(&incoming.cx, &id).await;
    answer(&incoming, result.map(|()| respond::session_ended()))
}

async fn forget_all(State(app): State<Arc<App>>, request: Request) -> Response {
    let incoming = incoming(&app, request);
    let result = browsers::forget_all_own(&incoming.cx).await;
    let shown = |count| respond::json_answer(StatusCode::OK, &json!({ "count": count }));
    answer(&incoming, result.map(shown))
}
