//! Identities (admin.md §4–§7).

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use bia_model::Identity;
use bia_selfservice::admin::{self, Done, IncludeCredentials, Listed, Written, search};
use bia_selfservice::cx::App;
use bia_selfservice::problem::Problem;
use bia_store::identity::Page;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::Call;
use crate::error;
use crate::respond::json_answer;
use crate::route::Routes;
use crate::wire::link_header::{self, IdentityPaging, SearchPaging};

pub(super) fn routes() -> Routes<Arc<App>> {
    Routes::new()
        .route(
            "/admin/identities",
            get(list).post(create).patch(create_batch),
        )
        .route(
            "/admin/identities/{id}",
            get(one).put(replace).patch(patch).delete(remove),
        )
        .route(
            "/admin/identities/by/external/{id}",
            get(one_by_external_id),
        )
        .route(
            "/admin/identities/{id}/credentials/{type}",
            delete(remove_credential),
        )
        .route("/admin/identities/{id}/bia/access", get(access))
        .route(
            "/admin/identities/{id}/bia/locks",
            get(locks).delete(unlock),
        )
}

async fn list(call: Call) -> Response {
    if let Some(question) = search::question(call.cx()) {
        return call.answer(found(&call, question).await);
    }
    let result = async {
        let paging = IdentityPaging::from_query(call.query())
            .map_err(|e| Problem::BadRequest(e.to_string()))?;
        let page = match paging.page() {
            link_header::Page::Keyset { after, limit } => Page::After {
                id: after,
                size: limit,
            },
            link_header::Page::Counted { offset, limit } => Page::Offset {
                skip: u32::try_from(offset).unwrap_or(u32::MAX),
                size: limit,
            },
        };
        let Listed {
            page,
            include,
            total,
        } = admin::list(call.cx(), page).await?;
        let shown: Vec<Value> = page
            .items
            .iter()
            .map(|i| admin::identity_json(call.cx(), i, &include))
            .collect();
        let mut response = json_answer(StatusCode::OK, &Value::Array(shown));
        let last = page.items.last().filter(|_| page.more).map(|i| i.id);
        paging.add_headers(&call.path, last, || total, response.headers_mut());
        Ok(response)
    };
    call.answer(result.await)
}

/// A page of the identities that fit a question.
async fn found(call: &Call, question: &str) -> Result<Response, Problem> {
    let cx = call.cx();
    admin::refuse_filters_beside(cx, search::PARAMETER)?;
    let include = IncludeCredentials::of_request(cx)?;
    let keys = call.page_keys();
    let paging = SearchPaging::from_query(call.query(), question, &keys, cx.now)
        .map_err(|e| Problem::BadRequest(e.to_string()))?;
    let mut found = search::find(cx, question, paging.after(), paging.limit()).await?;
    if !include.asked() {
        // They were read to see whether the identity fits.
        found.items.iter_mut().for_each(|i| i.credentials.clear());
    }
    let shown: Vec<Value> = found
        .items
        .iter()
        .map(|i| admin::identity_json(cx, i, &include))
        .collect();
    let mut response = json_answer(StatusCode::OK, &Value::Array(shown));
    let next = found.next.as_ref();
    paging.add_headers(&call.path, next, &keys, cx.now, response.headers_mut());
    Ok(response)
}

async fn create(call: Call) -> Response {
    let result = async {
        let body = call.decode().map_err(Problem::malformed)?;
        let written = admin::create(call.cx(), body).await?;
        Ok(created(&call, &written))
    };
    call.answer(result.await)
}

/// 201, and where the identity is.
fn created(call: &Call, written: &Written) -> Response {
    let mut response = json_answer(StatusCode::CREATED, &written.json(call.cx()));
    let base = &call.cx().config().serve.admin.base_url_text;
    let place = format!(
        "{}/identities/{}",
        base.trim_end_matches('/'),
        written.identity.id
    );
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

async fn create_batch(call: Call) -> Response {
    let result = async {
        let body = call.decode().map_err(Problem::Unreadable)?;
        let done = admin::create_batch(call.cx(), body).await?;
        let items: Vec<Value> = done
            .into_iter()
            .map(|item| item.map_or(Value::Null, batch_item))
            .collect();
        Ok(json_answer(StatusCode::OK, &json!({ "identities": items })))
    };
    call.answer(result.await)
}

fn batch_item(done: Done) -> Value {
    let mut members = Map::new();
    match done.result {
        Ok(id) => {
            members.insert("action".into(), json!("create"));
            members.insert("identity".into(), json!(id));
        }
        Err(problem) => {
            members.insert("action".into(), json!("error"));
            members.insert("error".into(), Value::Object(error::answer(&problem).error));
        }
    }
    if let Some(patch_id) = done.patch_id {
        members.insert("patch_id".into(), json!(patch_id));
    }
    Value::Object(members)
}

async fn one(Path(id): Path<String>, call: Call) -> Response {
    let found = admin::get(call.cx(), &id).await;
    call.answer(found.and_then(|found| shown(&call, &found)))
}

async fn access(Path(id): Path<String>, call: Call) -> Response {
    let told = admin::access(call.cx(), &id).await;
    call.answer(told.map(|told| json_answer(StatusCode::OK, &told)))
}

async fn locks(Path(id): Path<String>, call: Call) -> Response {
    let told = admin::locks(call.cx(), &id).await;
    call.answer(told.map(|told| json_answer(StatusCode::OK, &told)))
}

async fn unlock(Path(id): Path<String>, call: Call) -> Response {
    let done = admin::unlock(call.cx(), &id).await;
    call.answer(done.map(|()| StatusCode::NO_CONTENT.into_response()))
}

async fn one_by_external_id(Path(id): Path<String>, call: Call) -> Response {
    let found = admin::get_by_external_id(call.cx(), &id).await;
    call.answer(found.and_then(|found| shown(&call, &found)))
}

fn shown(call: &Call, found: &Identity) -> Result<Response, Problem> {
    let include = IncludeCredentials::of_request(call.cx())?;
    Ok(json_answer(
        StatusCode::OK,
        &admin::identity_json(call.cx(), found, &include),
    ))
}

async fn replace(Path(id): Path<String>, call: Call) -> Response {
    let result = async {
        let written = admin::replace(call.cx(), &id, call.decode_json()?).await?;
        Ok(json_answer(StatusCode::OK, &written.json(call.cx())))
    };
    call.answer(result.await)
}

async fn patch(Path(id): Path<String>, call: Call) -> Response {
    let result = async {
        let body = call
            .body
            .as_ref()
            .map_err(|e| Problem::malformed(e.clone()))?;
        let written = admin::patch(call.cx(), &id, body).await?;
        Ok(json_answer(StatusCode::OK, &written.json(call.cx())))
    };
    call.answer(result.await)
}

async fn remove(Path(id): Path<String>, call: Call) -> Response {
    let result = admin::delete(call.cx(), &id).await;
    call.answer(result.map(|()| StatusCode::NO_CONTENT.into_response()))
}

async fn remove_credential(Path((id, kind)): Path<(String, String)>, call: Call) -> Response {
    let result = admin::delete_credential(call.cx(), &id, &kind).await;
    call.answer(result.map(|()| StatusCode::NO_CONTENT.into_response()))
}
