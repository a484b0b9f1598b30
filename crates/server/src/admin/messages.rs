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
use time::OffsetDateTime;
use uuid::Uuid;

use super::Call;
use crate::respond::json_answer;
use crate::route::Routes;
use crate::wire::link_header::{CourierPaging, PageKeys, PagePosition, PagingError};

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/admin/courier/messages", get(list))
        .route("/admin/courier/messages/{id}", get(one))
        .route("/admin/bia/courier/messages/{id}/resend", post(resend))
}

async fn list(call: Call) -> Response {
    let result = async {
        let cx = call.cx();
        let paging = NewestFirst::of(&call)?;
        let page = messages::list(cx, paging.after(), paging.size()).await?;
        let shown: Vec<Value> = page
            .items
            .iter()
            .map(|m| messages::json(cx, m, &[]))
            .collect();
        let mut response = json_answer(StatusCode::OK, &Value::Array(shown));
        let last = page.items.last().filter(|_| page.more);
        let last = last.map(|m| (m.created_at, m.id));
        paging.add_headers(&call, last, &mut response);
        Ok(response)
    };
    call.answer(result.await)
}

/// The part that a call asks for of a list whose newest items come first.
pub(super) struct NewestFirst {
    keys: PageKeys,
    paging: CourierPaging,
}

impl NewestFirst {
    /// Reads `page_size` and `page_token`.
    pub(super) fn of(call: &Call) -> Result<NewestFirst, Problem> {
        let keys = call.page_keys();
        let paging = CourierPaging::from_query(call.query(), &keys, call.cx().now);
        let paging = paging.map_err(|e| match e {
            PagingError::Size => Problem::Unreadable(e.to_string()),
            _ => Problem::malformed(e.to_string()),
        })?;
        Ok(NewestFirst { keys, paging })
    }

    /// The last item of the page before: when it was made, and its id. `None` for the first page.
    pub(super) fn after(&self) -> Option<(OffsetDateTime, Uuid)> {
        let start = self.paging.after();
        (start != PagePosition::START).then_some((start.created_at, start.id))
    }

    /// How many items are wanted.
    pub(super) fn size(&self) -> u32 {
        self.paging.limit()
    }

    /// Links to the first page and, after `last`, to the next one.
    pub(super) fn add_headers(
        &self,
        call: &Call,
        last: Option<(OffsetDateTime, Uuid)>,
        response: &mut Response,
    ) {
        let last = last.map(|(created_at, id)| PagePosition { created_at, id });
        let now = call.cx().now;
        self.paging
            .add_headers(&call.path, last, &self.keys, now, response.headers_mut());
    }
}

async fn resend(Path(id): Path<String>, call: Call) -> Response {
    let result = messages::resend(call.cx(), &id).await;
    call.answer(result.map(|message| json_answer(StatusCode::OK, &message)))
}

async fn one(Path(id): Path<String>, call: Call) -> Response {
    let result = messages::get(call.cx(), &id).await;
    call.answer(result.map(|message| json_answer(StatusCode::OK, &message)))
}
