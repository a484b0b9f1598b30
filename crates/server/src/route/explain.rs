//! `GET /bia/explain/{name}`: what the member `bia.docs` of an answer names. The words are the same for everybody.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use super::table::Routes;
use crate::explain::explain;

/// The longest name that is looked for.
const LONGEST: usize = 200;

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Routes<S> {
    Routes::new().route("/bia/explain/{name}", get(page))
}

async fn page(Path(name): Path<String>) -> Response {
    let found = (name.len() <= LONGEST)
        .then(|| explain(&name, None).ok())
        .flatten();
    let (status, text) = match found {
        Some(explanation) => (StatusCode::OK, explanation.to_string()),
        None => (
            StatusCode::NOT_FOUND,
            "There is no error, message or configuration key of this name.\n".to_owned(),
        ),
    };
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}
