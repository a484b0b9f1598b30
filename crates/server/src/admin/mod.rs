//! The admin API: HTTP to calls and back. What the calls do is decided in `bia_selfservice::admin`.

mod identities;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use bia_selfservice::admin::body;
use bia_selfservice::cx::{App, Cx};
use bia_selfservice::problem::Problem;
use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::extract::{self, Incoming};
use crate::{middleware, respond};

/// The routes, all below `/admin`.
pub fn router() -> Router<Arc<App>> {
    Router::new().merge(identities::routes())
}

/// One call.
struct Call {
    incoming: Incoming,
    headers: HeaderMap,
    /// The whole body, or why it could not be read.
    body: Result<Bytes, String>,
    path: String,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Call, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let incoming = extract::incoming(app, &parts);
        let body = axum::body::to_bytes(body, middleware::body::MAX_BODY_BYTES).await;
        let body = body.map_err(|e| format!("The request body could not be read: {e}."));
        Ok(Call { incoming, headers: parts.headers, body, path: parts.uri.path().to_owned() })
    }
}

impl Call {
    fn cx(&self) -> &Cx {
        &self.incoming.cx
    }

    /// The body as JSON. The error is a sentence.
    fn decode<T: DeserializeOwned>(&self) -> Result<T, String> {
        body::decode(self.body.as_ref().map_err(String::clone)?)
    }

    /// The answer.
    fn answer(&self, result: Result<Response, Problem>) -> Response {
        result.unwrap_or_else(|problem| respond::problem_json(&self.incoming, &problem))
    }
}
