//! The courier's messages (admin.md §11).

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use bia_selfservice::admin::messages;
use bia_selfservice::cx::App;
use bia_selfservice::problem::Problem;
use http::StatusCode;
use serde_json::Value;

use super::Call;
use crate::respond::json_answer;
use crate::route::Routes;
use crate::wire::link_header::{CourierPaging, PagePosition};

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/admin/courier/messages", get(list))
        .route("/admin/courier/messages/{id}", get(one))
        .route("/admin/bia/courier/messages/{id}/resend", post(resend))
}

async fn list(call: Call) -> Response {
    let result = async {
        let cx = call.cx();
        let keys = call.page_keys();
        let paging = CourierPaging::from_query(call.query(), &keys, cx.now);
        let paging = paging.map_err(|e| Problem::malformed(e.to_string()))?;
        let start = paging.after();
        let after = (start != PagePosition::START).then_some((start.created_at, start.id));
        let page = messages::list(cx, after, paging.limit()).await?;
        let shown: Vec<Value> = page
            .items
            .iter()
            .map(|m| messages::json(cx, m, &[]))
            .collect();
        let mut response = json_answer(StatusCode::OK, &Value::Array(shown));
        let last = page.items.last().filter(|_| page.more);
        let last = last.map(|m| PagePosition {
            created_at: m.created_at,
            id: m.id,
        });
        paging.add_headers(&call.path, last, &keys, cx.now, response.headers_mut());
        Ok(response)
    };
    call.answer(result.await)
}

async fn resend(Path(id): Path<String>, call: Call) -> Response {
    let result = messages::resend(call.cx(), &id).await;
    call.answer(result.map(|message| json_answer(StatusCode::OK, &message)))
}

async fn one(Path(id): Path<String>, call: Call) -> Response {
    let result = messages::get(call.cx(), &id).await;
    call.answer(result.map(|message| json_answer(StatusCode::OK, &message)))
}
