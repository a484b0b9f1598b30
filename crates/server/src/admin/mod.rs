//! The admin API: HTTP to calls and back. What the calls do is decided in `bia_selfservice::admin`.

mod explain;
mod identities;
mod messages;
mod outbox;
mod recovery;
mod sessions;
mod trial;
mod trusted_browsers;
mod verification;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use bia_selfservice::admin::body;
use bia_selfservice::cx::{App, Cx};
use bia_selfservice::problem::Problem;
use bytes::Bytes;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::extract::{self, Incoming};
use crate::route::Routes;
use crate::wire::go_bool;
use crate::wire::link_header::PageKeys;
use crate::{middleware, respond};

/// The routes, all below `/admin`.
pub(crate) fn router() -> Routes<Arc<App>> {
    Routes::new()
        .merge(identities::routes())
        .merge(sessions::routes())
        .merge(messages::routes())
        .merge(outbox::routes())
        .merge(explain::routes())
        .merge(recovery::routes())
        .merge(trusted_browsers::routes())
        .merge(verification::routes())
        .merge(trial::routes())
}

/// What is answered beside them, though no client has a reason to ask.
pub(crate) fn beside() -> Router<Arc<App>> {
    sessions::whoami()
}

/// One call.
struct Call {
    incoming: Incoming,
    headers: HeaderMap,
    /// The whole body, or why it could not be read.
    body: Result<Bytes, String>,
    /// As the links of lists show it.
    path: String,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Call, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let incoming = extract::incoming(app, &parts);
        let body = axum::body::to_bytes(body, middleware::body::MAX_BODY_BYTES).await;
        let body = body.map_err(|e| format!("The request body could not be read: {e}."));
        Ok(Call {
            incoming,
            headers: parts.headers,
            body,
            path: parts.uri.path().to_owned(),
        })
    }
}

impl Call {
    fn cx(&self) -> &Cx {
        &self.incoming.cx
    }

    fn query(&self) -> &[(String, String)] {
        &self.cx().request.query
    }

    /// The body as JSON, whatever it is said to be. The error is a sentence.
    fn decode<T: DeserializeOwned>(&self) -> Result<T, String> {
        body::decode(self.body.as_ref().map_err(String::clone)?)
    }

    /// The body as JSON, which it has to be said to be.
    fn decode_json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let kind = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let reason = format!("The Content-Type has to be application/json, it is {kind:?}.");
            return Err(Problem::BadRequest(reason));
        }
        self.decode().map_err(Problem::BadRequest)
    }

    /// The query parameter `active`: a truth value as Go spells it, or absent.
    fn active(&self) -> Result<Option<bool>, Problem> {
        let Some(text) = self.cx().request.query("active").filter(|t| !t.is_empty()) else {
            return Ok(None);
        };
        let wrong =
            || Problem::malformed(format!("active is neither true nor false, it is {text:?}."));
        go_bool::parse(text).map(Some).ok_or_else(wrong)
    }

    /// The keys of sealed page tokens.
    fn page_keys(&self) -> PageKeys {
        let secrets = self.cx().config().secrets.pagination.iter();
        PageKeys::new(&secrets.map(|s| s.as_bytes()).collect::<Vec<_>>())
    }

    /// The answer.
    fn answer(&self, result: Result<Response, Problem>) -> Response {
        result.unwrap_or_else(|problem| respond::admin_problem(&self.incoming, &problem))
    }
}
