//! `GET /self-service/errors`: what went wrong, for the error page (spec: errors.tsv).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use bia_selfservice::cx::{App, Cx};
use bia_selfservice::problem::Problem;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::table::Routes;
use crate::{extract, respond};

pub(super) fn router() -> Routes<Arc<App>> {
    Routes::new().route("/self-service/errors", get(read))
}

async fn read(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let cx = &incoming.cx;
    let id = ["error", "id"]
        .into_iter()
        .find_map(|name| cx.request.query(name).filter(|v| !v.is_empty()));
    let response = match find(cx, id.unwrap_or_default()).await {
        Ok(container) => respond::json_answer(StatusCode::OK, &container),
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, true, response)
}

/// The container with an id.
pub(crate) async fn find(cx: &Cx, id: &str) -> Result<Value, Problem> {
    if id == "stub:500" {
        return Ok(sample());
    }
    let unknown = || Problem::NotFound(String::new());
    let id = Uuid::try_parse(id).map_err(|_| unknown())?;
    let mut conn = cx.write().await?;
    let found = bia_store::error::find(&mut conn, id)
        .await?
        .ok_or_else(unknown)?;
    bia_store::error::mark_seen(&mut conn, id, cx.now).await?;
    Ok(json!({
        "id": found.id,
        "error": found.error,
        "created_at": bia_model::timestamp::json(found.created_at),
        "updated_at": bia_model::timestamp::json(found.created_at),
    }))
}

/// An error to try an error page with.
fn sample() -> Value {
    json!({
        "id": Uuid::new_v4(),
        "error": {
            "code": 500,
            "status": "Internal Server Error",
            "reason": "This is an example of an error, to try an error page with.",
            "message": "An internal server error occurred, please contact the system administrator",
        },
        "created_at": "0001-01-01T00:00:00Z",
        "updated_at": "0001-01-01T00:00:00Z",
    })
}
