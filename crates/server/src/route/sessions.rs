//! The caller's own sessions (spec: sessions.md §4, §10).

use std::sync::{Arc, Weak};

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, delete, get, on};
use bia_selfservice::cx::{App, Cx, Runtime};
use bia_selfservice::exchange::{self, Exchanged};
use bia_selfservice::identity;
use bia_selfservice::mfa::{self, Asked};
use bia_selfservice::outcome::IssuedSession;
use bia_selfservice::problem::Problem;
use bia_selfservice::session::{self, LiveSession, tokenize};
use bia_store::session as sessions;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::table::Routes;
use crate::extract::{self, Incoming};
use crate::respond;
use crate::wire::link_header::Migration;

pub(super) fn router() -> Routes<Arc<App>> {
    let any = [
        MethodFilter::POST,
        MethodFilter::PUT,
        MethodFilter::PATCH,
        MethodFilter::DELETE,
        MethodFilter::CONNECT,
        MethodFilter::OPTIONS,
        MethodFilter::TRACE,
    ];
    let any = any
        .into_iter()
        .fold(MethodFilter::GET, |all, method| all.or(method));
    Routes::new()
        .route("/sessions/whoami", on(any, whoami))
        .route("/sessions", get(list).delete(revoke_others))
        .route("/sessions/{id}", delete(revoke))
        .route("/sessions/token-exchange", get(exchange_token))
}

async fn whoami(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let response = match who(&incoming.cx).await {
        Ok((live, tokenized, mfa)) => whoami_answer(&incoming.cx, &live, tokenized, mfa.as_ref()),
        Err(problem) => {
            let credentials_sent = incoming.cx.request.credentials.token.is_some();
            let mut response = respond::problem_json(&incoming, &problem);
            if incoming.cx.config().feature_flags.cacheable_sessions && !credentials_sent {
                response
                    .headers_mut()
                    .insert(CACHE_FOR, HeaderValue::from_static("60"));
            }
            response
        }
    };
    respond::with_cookies(&incoming, false, response)
}

const CACHE_FOR: HeaderName = HeaderName::from_static("ory-session-cache-for");
const IDENTITY_ID: HeaderName = HeaderName::from_static("x-kratos-authenticated-identity-id");

/// Whose session it is, with the token that was asked for, and what an MFA policy asks.
async fn who(cx: &Cx) -> Result<(LiveSession, Option<String>, Option<Asked>), Problem> {
    if session::is_token_for_others(cx) {
        return Err(Problem::TokenForOthers);
    }
    let live = session::require(cx).await?;
    let required = cx.config().session.whoami.required_aal;
    let mfa = session::check_aal(cx, live, required, None).await?;
    let template = cx.request.query("tokenize_as").filter(|t| !t.is_empty());
    let tokenized = match template {
        Some(name) => Some(tokenize::tokenize(cx, live, name).await?),
        None => None,
    };
    refresh_cookie(cx, live);
    Ok((live.clone(), tokenized, mfa))
}

/// A browser whose cookie ends before its session gets a new cookie (sessions.md §4).
fn refresh_cookie(cx: &Cx, live: &LiveSession) {
    let credentials = &cx.request.credentials;
    let outdated = credentials
        .cookie_expires_at
        .is_none_or(|at| at < live.session.expires_at);
    if credentials.from_cookie && outdated {
        cx.effect(|e| e.session = Some(live.handed_out_again()));
    }
}

fn whoami_answer(
    cx: &Cx,
    live: &LiveSession,
    tokenized: Option<String>,
    mfa: Option<&Asked>,
) -> Response {
    let is_tokenized = tokenized.is_some();
    let body = if is_tokenized || mfa.is_some() {
        whoami_body(cx, live, tokenized, mfa)
    } else {
        usual_body(cx, live)
    };
    let mut response = respond::json_body(StatusCode::OK, body);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&live.session.identity_id.to_string()) {
        headers.insert(IDENTITY_ID, id);
    }
    let flags = &cx.config().feature_flags;
    if flags.cacheable_sessions && !is_tokenized {
        // Once the grace is over, the answer is another.
        let ends = mfa.and_then(Asked::grace_ends);
        let ends = ends.map_or(live.session.expires_at, |by| {
            by.min(live.session.expires_at)
        });
        let left = (ends - cx.now).as_seconds_f64().round() as i64;
        let cap = flags
            .cacheable_sessions_max_age
            .map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        let seconds = if cap > 0 { left.min(cap) } else { left };
        headers.insert(CACHE_FOR, HeaderValue::from(seconds));
    }
    response
}

/// What whoami answers about a remembered session, as it was written before.
struct Written {
    by: Weak<Runtime>,
    body: Bytes,
}

/// The answer to whoever asks for nothing in particular. It is the same again and again, as long as nothing is
/// changed in the session, its owner or the configuration.
fn usual_body(cx: &Cx, live: &LiveSession) -> Bytes {
    let written = live.beside.get::<Written>();
    if let Some(written) = written.filter(|w| w.by.as_ptr() == Arc::as_ptr(&cx.runtime)) {
        return written.body.clone();
    }
    let body = whoami_body(cx, live, None, None);
    live.beside.keep(Written {
        by: Arc::downgrade(&cx.runtime),
        body: body.clone(),
    });
    body
}

fn whoami_body(
    cx: &Cx,
    live: &LiveSession,
    tokenized: Option<String>,
    mfa: Option<&Asked>,
) -> Bytes {
    let who = identity::public_json(cx, &live.identity);
    let mut body = respond::told(live.session.json(true, who), mfa);
    if let (Some(body), Some(token)) = (body.as_object_mut(), tokenized) {
        body.insert("tokenized".into(), token.into());
    }
    crate::json::body(&body).into()
}

async fn list(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let response = match list_own(&incoming).await {
        Ok(response) => response,
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, false, response)
}

async fn list_own(incoming: &Incoming) -> Result<Response, Problem> {
    let cx = &incoming.cx;
    let live = session::require(cx).await?;
    session::check_aal(cx, live, cx.config().session.whoami.required_aal, None).await?;
    let paging = Migration::from_query(&cx.request.query);
    let mut conn = cx.read().await?;
    let (who, except) = (live.session.identity_id, Some(live.session.id));
    let total = sessions::count_of_identity(&mut conn, who, Some(true), except, cx.now).await?;
    let limit = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let part = (
        limit(paging.sql_offset_of_own_sessions()),
        limit(paging.limit()),
    );
    let own = sessions::list_of_identity(&mut conn, who, Some(true), except, part, cx.now).await?;
    let shown = reduced(&live.identity);
    let items: Vec<Value> = own
        .iter()
        .map(|s| s.json(s.is_live(cx.now), shown.clone()))
        .collect();
    let mut response = respond::json_answer(StatusCode::OK, &Value::Array(items));
    paging.add_headers("/sessions", total, response.headers_mut());
    Ok(response)
}

/// The identity as the list shows it: without addresses and without the URL of its schema.
fn reduced(who: &bia_model::Identity) -> Value {
    let mut who = who.clone();
    who.verifiable_addresses.clear();
    who.recovery_addresses.clear();
    who.public_json("")
}

async fn revoke_others(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let cx = &incoming.cx;
    let result = async {
        let live = session::require(cx).await?;
        mfa::check(cx, live).await?;
        let session = &live.session;
        let mut conn = cx.write().await?;
        Ok::<_, Problem>(
            sessions::revoke_others(&mut conn, session.identity_id, session.id, cx.now).await?,
        )
    };
    let response = match result.await {
        Ok(count) => respond::json_answer(StatusCode::OK, &json!({ "count": count })),
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, false, response)
}

async fn revoke(State(app): State<Arc<App>>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let response = match revoke_one(&incoming.cx, &id).await {
        Ok(()) => respond::session_ended(),
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, false, response)
}

async fn revoke_one(cx: &Cx, id: &str) -> Result<(), Problem> {
    let live = session::require(cx).await?;
    mfa::check(cx, live).await?;
    let id =
        Uuid::try_parse(id).map_err(|_| Problem::malformed("The session id is not a UUID."))?;
    if id == live.session.id {
        return Err(Problem::malformed(
            "The current session cannot be revoked here. Sign out instead.",
        ));
    }
    let mut conn = cx.write().await?;
    sessions::revoke_of_identity(&mut conn, live.session.identity_id, id, cx.now).await?;
    Ok(())
}

/// `GET /sessions/token-exchange` (flows.md §16).
async fn exchange_token(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let incoming = extract::incoming(&app, &parts);
    let response = match exchange_codes(&incoming).await {
        Ok(response) => response,
        Err(problem) => respond::problem_json(&incoming, &problem),
    };
    respond::with_cookies(&incoming, false, response)
}

async fn exchange_codes(incoming: &Incoming) -> Result<Response, Problem> {
    let cx = &incoming.cx;
    let code = |name: &str| {
        let sent = cx.request.query(name).filter(|v| !v.is_empty());
        sent.ok_or_else(|| Problem::BadRequest(format!("The query parameter {name} is missing.")))
    };
    let (init_code, return_to_code) = (code("init_code")?, code("return_to_code")?);
    match exchange::redeem(cx, init_code, return_to_code).await? {
        Exchanged::Unknown => Err(Problem::NotFound(
            "There is no exchange with these codes.".into(),
        )),
        Exchanged::Pending(flow) => pending_flow(incoming, flow).await,
        Exchanged::Session(issued) => Ok(exchanged(cx, &issued)),
    }
}

fn exchanged(cx: &Cx, issued: &IssuedSession) -> Response {
    let who = identity::public_json(cx, &issued.identity);
    let mut session = issued.session.json(true, who);
    // The devices are those of the browser; the reference shows none here, and an empty list in their place.
    if let Some(devices) = session.get_mut("devices") {
        *devices = json!([]);
    }
    respond::json_answer(
        StatusCode::OK,
        &json!({"session_token": issued.token, "session": session}),
    )
}

async fn pending_flow(incoming: &Incoming, id: Uuid) -> Result<Response, Problem> {
    use bia_model::FlowKind;
    let cx = &incoming.cx;
    let flow = match bia_selfservice::engine::load(cx, FlowKind::Login, id).await {
        Ok(flow) => flow,
        Err(_) => bia_selfservice::engine::load(cx, FlowKind::Registration, id).await?,
    };
    let code = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(respond::flow_answer(cx, code, &flow, None))
}
