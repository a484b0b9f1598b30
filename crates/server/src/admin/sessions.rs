//! Everybody's sessions (admin.md §9).

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch};
use bia_selfservice::admin::sessions::{self, BulkBody};
use bia_selfservice::cx::App;
use bia_selfservice::problem::Problem;
use bia_store::session::AdminPosition;
use http::StatusCode;
use serde_json::{Value, json};

use super::Call;
use crate::respond::{json_answer, session_ended};
use crate::route::Routes;
use crate::wire::link_header::{Migration, PagingError, SessionPaging, SessionPosition};

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/admin/sessions", get(list).post(bulk))
        .route("/admin/sessions/{id}", get(one).delete(revoke))
        .route("/admin/sessions/{id}/extend", patch(extend))
        .route(
            "/admin/identities/{id}/sessions",
            get(of_identity).delete(delete_of_identity),
        )
}

/// `whoami` is no session of the admin API, although asking for it leads to the public one.
pub(super) fn whoami() -> Router<Arc<App>> {
    let name = || Path("whoami".to_owned());
    Router::new().route(
        "/admin/sessions/whoami",
        delete(move |call: Call| revoke(name(), call)),
    )
}

async fn list(call: Call) -> Response {
    let result = async {
        let active = call.active()?;
        let paging = SessionPaging::from_query(call.query()).map_err(|e| match e {
            PagingError::Size => Problem::malformed(e.to_string()),
            _ => Problem::BadRequest(e.to_string()),
        })?;
        let start = paging.after();
        let after = AdminPosition {
            created_at: start.created_at,
            id: start.id,
        };
        let after = (start != SessionPosition::START).then_some(after);
        let listed = sessions::list(call.cx(), active, after, paging.limit()).await?;
        let mut response = json_answer(StatusCode::OK, &Value::Array(listed.items));
        let last = listed.last.map(|last| SessionPosition {
            created_at: last.created_at,
            id: last.id,
        });
        paging.add_headers(&call.path, last, response.headers_mut());
        Ok(response)
    };
    call.answer(result.await)
}

async fn bulk(call: Call) -> Response {
    let result = async {
        let body: BulkBody = call.decode().map_err(|message| {
            let reason = match call.body {
                Ok(_) => "The body names an action, and either identities or sessions.",
                Err(_) => "Nothing was changed. Name fewer identities or sessions at a time.",
            };
            let reason = reason.into();
            Problem::Malformed { message, reason }
        })?;
        let done = sessions::bulk(call.cx(), body).await?;
        Ok(json_answer(
            StatusCode::OK,
            &json!({"processed": done.processed, "more": done.more}),
        ))
    };
    call.answer(result.await)
}

async fn one(Path(id): Path<String>, call: Call) -> Response {
    let result = sessions::get(call.cx(), &id).await;
    call.answer(result.map(|session| json_answer(StatusCode::OK, &session)))
}

async fn revoke(Path(id): Path<String>, call: Call) -> Response {
    let result = sessions::revoke(call.cx(), &id).await;
    call.answer(result.map(|()| session_ended()))
}

async fn extend(Path(id): Path<String>, call: Call) -> Response {
    let result = sessions::extend(call.cx(), &id).await;
    call.answer(result.map(|session| match session {
        Some(session) => json_answer(StatusCode::OK, &session),
        None => StatusCode::NO_CONTENT.into_response(),
    }))
}

async fn of_identity(Path(id): Path<String>, call: Call) -> Response {
    let result = async {
        let active = call.active()?;
        let paging = Migration::from_query(call.query());
        let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let part = (
            number(paging.sql_offset_of_own_sessions()),
            number(paging.limit()),
        );
        let (items, total) = sessions::of_identity(call.cx(), &id, active, part).await?;
        let mut response = json_answer(StatusCode::OK, &Value::Array(items));
        paging.add_headers(&call.path, total, response.headers_mut());
        Ok(response)
    };
    call.answer(result.await)
}

async fn delete_of_identity(Path(id): Path<String>, call: Call) -> Response {
    let result = sessions::delete_of_identity(call.cx(), &id).await;
    call.answer(result.map(|()| StatusCode::NO_CONTENT.into_response()))
}
