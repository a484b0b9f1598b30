//! The outbox of web hooks.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use bia_selfservice::admin::outbox;
use bia_selfservice::cx::App;
use http::StatusCode;
use serde_json::Value;

use super::Call;
use super::messages::NewestFirst;
use crate::respond::json_answer;
use crate::route::Routes;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/admin/bia/hooks/outbox", get(list))
        .route("/admin/bia/hooks/outbox/{id}/replay", post(replay))
}

async fn list(call: Call) -> Response {
    let result = async {
        let cx = call.cx();
        let paging = NewestFirst::of(&call)?;
        let page = outbox::list(cx, paging.after(), paging.size()).await?;
        let shown = page.items.iter().map(|item| outbox::json(cx, item));
        let mut response = json_answer(StatusCode::OK, &Value::Array(shown.collect()));
        let last = page.items.last().filter(|_| page.more);
        let last = last.map(|item| (item.created_at, item.id));
        paging.add_headers(&call, last, &mut response);
        Ok(response)
    };
    call.answer(result.await)
}

async fn replay(Path(id): Path<String>, call: Call) -> Response {
    let result = outbox::replay(call.cx(), &id).await;
    call.answer(result.map(|shown| json_answer(StatusCode::OK, &shown)))
}
