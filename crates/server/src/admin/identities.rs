//! Identities (admin.md §4–§6).

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use bia_selfservice::admin::body::CreateBody;
use bia_selfservice::admin::{self, IncludeCredentials, Written};
use bia_selfservice::cx::{App, Cx};
use bia_selfservice::problem::Problem;
use http::{HeaderValue, StatusCode, header};

use super::Call;
use crate::respond::json_answer;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/identities", post(create))
        .route("/admin/identities/{id}", get(one))
        .route("/admin/identities/by/external/{id}", get(one_by_external_id))
}

async fn create(call: Call) -> Response {
    let result = async {
        let body: CreateBody = call.decode().map_err(Problem::Malformed)?;
        let written = admin::create(call.cx(), body).await?;
        Ok(created(call.cx(), &written))
    };
    call.answer(result.await)
}

/// 201, and where the identity is.
fn created(cx: &Cx, written: &Written) -> Response {
    let mut response = json_answer(StatusCode::CREATED, &written.json(cx));
    let place = format!("{}/identities/{}", cx.config().serve.admin.base_url_text.trim_end_matches('/'), written.identity.id);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

async fn one(Path(id): Path<String>, call: Call) -> Response {
    let result = async {
        let include = IncludeCredentials::of_request(call.cx())?;
        let found = admin::get(call.cx(), &id).await?;
        Ok(json_answer(StatusCode::OK, &admin::identity_json(call.cx(), &found, &include)))
    };
    call.answer(result.await)
}

async fn one_by_external_id(Path(id): Path<String>, call: Call) -> Response {
    let result = async {
        let include = IncludeCredentials::of_request(call.cx())?;
        let found = admin::get_by_external_id(call.cx(), &id).await?;
        Ok(json_answer(StatusCode::OK, &admin::identity_json(call.cx(), &found, &include)))
    };
    call.answer(result.await)
}
