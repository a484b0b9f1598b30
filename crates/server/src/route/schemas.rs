//! The identity schemas, for clients that build forms of their own (admin.md §8). The same below `/admin`, where
//! older clients ask for them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bia_selfservice::cx::App;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde::Serialize;
use serde_json::Value;

use super::table::Routes;
use crate::envelope::Envelope;
use crate::middleware::request_id;
use crate::wire::link_header::Migration;

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route("/schemas", get(all))
        .route("/admin/schemas", get(all))
        .route("/schemas/{id}", get(one))
        .route("/admin/schemas/{id}", get(one))
}

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    schema: &'a Value,
}

/// The schemas in the order of the configuration, by pages.
async fn all(State(app): State<Arc<App>>, uri: Uri) -> Response {
    let config = Arc::clone(&app.runtime.load().config);
    let schemas = &config.identity.schemas;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let paging = Migration::from_query(&query);
    let number = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let page = schemas
        .iter()
        .skip(number(paging.offset()))
        .take(number(paging.limit()));
    let page: Vec<Entry> = page
        .map(|schema| Entry {
            id: &schema.id,
            schema: &schema.json,
        })
        .collect();
    let mut response = ([(header::CONTENT_TYPE, JSON)], crate::json::body(&page)).into_response();
    let total = i64::try_from(schemas.len()).unwrap_or(i64::MAX);
    paging.add_headers(uri.path(), total, response.headers_mut());
    response
}

/// The schema's text as it was loaded. It is found by its id, or by base64url of it, as `schema_url` names it.
async fn one(State(app): State<Arc<App>>, Path(id): Path<String>, request: HeaderMap) -> Response {
    let runtime = app.runtime.load();
    let found = runtime
        .schemas
        .find(&id)
        .and_then(|(id, _)| runtime.config.identity.schema(id));
    match found {
        Some(schema) => {
            ([(header::CONTENT_TYPE, JSON)], schema.text.to_string()).into_response()
        }
        None => Envelope::new(StatusCode::NOT_FOUND, "The identity schema was not found.")
            .because("No schema of the configuration (identity.schemas) has this id. Ask for /schemas to see which there are.")
            .about(request_id::of(&request))
            .into_response(),
    }
}
