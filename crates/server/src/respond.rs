//! Outcome × caller → answer. The only place that tells browsers, scripts and native apps apart.

use std::collections::HashMap;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bia_config::Page;
use bia_model::{ClientType, ContinueWith, Flow, FlowKind, Identity};
use bia_selfservice::cx::{Caller, Cx, Effects};
use bia_selfservice::mfa::Asked;
use bia_selfservice::outcome::{Created, FormStatus, IssuedSession, Outcome};
use bia_selfservice::problem::Problem;
use bia_selfservice::{identity, return_to};
use bia_store::error::ErrorContainer;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::extract::Incoming;
use crate::refusal::{self, Refused, Told};
use crate::{cookies, error, help};

/// A JSON answer.
pub fn json_answer(status: StatusCode, body: &impl Serialize) -> Response {
    json_body(status, crate::json::body(body))
}

/// As [`json_answer`], of a body that was written before.
pub fn json_body(status: StatusCode, body: impl Into<Body>) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

/// What every built-in page says to browsers: nothing from elsewhere, in no frame, not kept, and its URL, which names
/// a flow, is told to nobody else.
const PAGE_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(bia_ui::CSP),
    ),
    (
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
];

/// A built-in page.
pub fn page(status: StatusCode, html: String) -> Response {
    (status, PAGE_HEADERS, html).into_response()
}

/// A file that built-in pages load. It is the same for everybody and changes only with the server.
pub fn asset(bytes: impl Into<axum::body::Body>, media_type: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=600"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, bytes.into()).into_response()
}

/// 204 for a session that was ended. It names a content type as the reference's does, though there is no content.
pub fn session_ended() -> Response {
    let kind = HeaderValue::from_static("application/json");
    (StatusCode::NO_CONTENT, [(header::CONTENT_TYPE, kind)]).into_response()
}

/// A redirect.
pub fn redirect(status: StatusCode, url: &str) -> Response {
    match HeaderValue::from_str(url) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn see_other(url: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, url)
}

/// The answer that has a flow.
pub fn flow_answer(cx: &Cx, code: StatusCode, flow: &Flow, shown: Option<&Identity>) -> Response {
    helped_flow(cx, code, flow, shown, help::of_flow(cx, flow, shown))
}

fn helped_flow(
    cx: &Cx,
    code: StatusCode,
    flow: &Flow,
    shown: Option<&Identity>,
    help: Option<Value>,
) -> Response {
    let mut shown = flow.shown(shown.map(|i| identity::public_json(cx, i)));
    shown.bia = help;
    json_answer(code, &shown)
}

/// The answer to the creation of a flow.
pub async fn created(
    incoming: &Incoming,
    kind: FlowKind,
    client: ClientType,
    result: Result<Created, Problem>,
) -> Response {
    let cx = &incoming.cx;
    match result {
        Ok(Created::Redirect { url }) => see_other(&url),
        Ok(Created::Flow { flow, identity }) => {
            if client == ClientType::Api || cx.request.wants.json_rather_than_html {
                flow_answer(cx, StatusCode::OK, &flow, identity.as_deref())
            } else {
                see_other(&return_to::page(cx, kind, flow.id))
            }
        }
        // Where a verification was to end is answered to scripts, whoever asks.
        Err(problem @ Problem::ReturnToForbidden(_)) if kind == FlowKind::Verification => {
            problem_json(incoming, &problem)
        }
        Err(problem) => {
            cx.effect(|e| e.client = Some(client));
            problem_answer(incoming, kind, problem).await
        }
    }
}

/// The answer to a submission.
pub async fn submitted(
    incoming: &Incoming,
    kind: FlowKind,
    result: Result<Outcome, Problem>,
) -> Response {
    let cx = &incoming.cx;
    match result {
        Err(problem) => problem_answer(incoming, kind, problem).await,
        Ok(Outcome::Form {
            flow,
            status,
            identity,
        }) => form(incoming, &flow, status, identity.as_deref()),
        Ok(Outcome::LoggedIn {
            issued,
            continue_with,
            return_to,
            second_factor,
            mfa,
        }) => logged_in(
            cx,
            (&issued, mfa.as_deref()),
            &continue_with,
            &return_to,
            second_factor.as_deref(),
        ),
        Ok(Outcome::Registered {
            identity,
            issued,
            continue_with,
            return_to,
            mfa,
        }) => registered(
            cx,
            &identity,
            (issued.as_deref(), mfa.as_deref()),
            &continue_with,
            &return_to,
        ),
        Ok(Outcome::Saved {
            flow,
            identity,
            return_to,
            ..
        }) => match cx.caller(&flow) {
            Caller::Browser => see_other(&return_to),
            Caller::Spa | Caller::Api => flow_answer(cx, StatusCode::OK, &flow, Some(&identity)),
        },
        Ok(Outcome::Recovered {
            flow,
            next,
            in_flow,
            ..
        }) => match cx.caller(&flow) {
            Caller::Browser => see_other(&next),
            _ if in_flow => flow_answer(cx, StatusCode::OK, &flow, None),
            _ => elsewhere(cx, &next),
        },
        Ok(Outcome::Elsewhere { url }) => {
            if is_json(cx) {
                elsewhere(cx, &url)
            } else {
                see_other(&url)
            }
        }
        Ok(Outcome::Redirect { url }) => {
            // Browsers read there what was wrong.
            if !cx.noted().reasons.is_empty() {
                refusal::note(incoming, Refused::Led(&url));
            }
            see_other(&url)
        }
        Ok(Outcome::Replaced { kind, use_flow_id }) => replaced(cx, kind, use_flow_id),
    }
}

/// Sends a script's browser to another address.
fn elsewhere(cx: &Cx, url: &str) -> Response {
    let help = help::is_on(cx).then(|| help::of_location(cx, url));
    error::location_change(url).helped(help).into_response()
}

/// A problem in the words of the wire, with what helps this client. Operators can be asked about it.
fn described(incoming: &Incoming, problem: &Problem) -> error::ErrorAnswer {
    let answer = error::answer(problem).about(incoming.request_id.as_deref());
    let told = refusal::note(incoming, Refused::Problem(problem, &answer));
    let help = help::of_problem(&incoming.cx, problem);
    answer.helped(help.map(|help| told.added_to(help)))
}

/// The caller of a submission whose flow is not at hand any more.
fn caller(cx: &Cx, kind: FlowKind) -> Caller {
    cx.caller_of(kind, known_client(cx).unwrap_or(ClientType::Browser))
}

fn known_client(cx: &Cx) -> Option<ClientType> {
    let mut client = None;
    cx.effect(|e| client = e.client);
    client
}

fn is_json(cx: &Cx) -> bool {
    cx.request.wants.json || known_client(cx) == Some(ClientType::Api)
}

fn form(
    incoming: &Incoming,
    flow: &Flow,
    status: FormStatus,
    shown: Option<&Identity>,
) -> Response {
    let cx = &incoming.cx;
    let caller = match status {
        FormStatus::Fine | FormStatus::Next => cx.caller(flow),
        FormStatus::Invalid => cx.caller_when_refused(flow),
    };
    if caller == Caller::Browser {
        // The reference answers 302 where a registration form was wrong, 303 everywhere else.
        let found = flow.kind == FlowKind::Registration && status == FormStatus::Invalid;
        let code = if found {
            StatusCode::FOUND
        } else {
            StatusCode::SEE_OTHER
        };
        note_form(incoming, flow, status, code);
        return redirect(code, &return_to::page(cx, flow.kind, flow.id));
    }
    let code = if status == FormStatus::Fine {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let told = note_form(incoming, flow, status, code);
    // Only what says in any case that something was wrong says by which name to ask for it.
    let help = match (help::of_flow(cx, flow, shown), told) {
        (Some(help), Some(told)) => Some(told.added_to(help)),
        (help, _) => help,
    };
    helped_flow(cx, code, flow, shown, help)
}

/// Notes a form that is shown again because something was wrong, also when the client is not told so.
fn note_form(
    incoming: &Incoming,
    flow: &Flow,
    status: FormStatus,
    code: StatusCode,
) -> Option<Told> {
    let refused = status == FormStatus::Invalid || !incoming.cx.noted().reasons.is_empty();
    refused.then(|| refusal::note(incoming, Refused::Form(flow, code)))
}

fn logged_in(
    cx: &Cx,
    (issued, mfa): (&IssuedSession, Option<&Asked>),
    continue_with: &[ContinueWith],
    return_to: &str,
    second_factor: Option<&str>,
) -> Response {
    match (caller(cx, FlowKind::Login), second_factor) {
        (Caller::Browser, second) => see_other(second.unwrap_or(return_to)),
        (Caller::Spa, Some(second)) => elsewhere(cx, second),
        (Caller::Spa, None) => {
            let session = told(session_json(cx, issued, true), mfa);
            json_answer(
                StatusCode::OK,
                &json!({"session": session, "continue_with": items(continue_with)}),
            )
        }
        (Caller::Api, second) => {
            // Until the second factor is given, the answer does not say who it is.
            let session = told(session_json(cx, issued, second.is_none()), mfa);
            let token = &issued.token;
            let mut body = json!({"session_token": token, "session": session, "continue_with": items(continue_with)});
            let owing = mfa.filter(|_| second.is_some());
            if let Some(next) = owing.and_then(|asked| help::of_demand(cx, &asked.demand)) {
                body["bia"] = next;
            }
            json_answer(StatusCode::OK, &body)
        }
    }
}

fn registered(
    cx: &Cx,
    who: &Identity,
    (issued, mfa): (Option<&IssuedSession>, Option<&Asked>),
    continue_with: &[ContinueWith],
    return_to: &str,
) -> Response {
    let caller = caller(cx, FlowKind::Registration);
    if caller == Caller::Browser {
        return see_other(return_to);
    }
    let mut body = Map::new();
    if let Some(issued) = issued {
        if caller == Caller::Api {
            body.insert("session_token".into(), json!(issued.token));
        }
        let session = told(session_json(cx, issued, true), mfa);
        body.insert("session".into(), session);
    }
    body.insert("identity".into(), identity::public_json(cx, who));
    body.insert("continue_with".into(), items(continue_with));
    let owing = mfa.filter(|asked| asked.check(cx, None).is_err());
    if let Some(next) = owing.and_then(|asked| help::of_demand(cx, &asked.demand)) {
        body.insert("bia".into(), next);
    }
    json_answer(StatusCode::OK, &Value::Object(body))
}

/// A session's JSON with what an MFA policy asks of it.
pub fn told(mut session: Value, mfa: Option<&Asked>) -> Value {
    if let (Some(members), Some(mfa)) = (session.as_object_mut(), mfa) {
        let bia = members.entry("bia").or_insert_with(|| json!({}));
        bia["mfa"] = mfa.json();
    }
    session
}

/// The session of somebody who just signed in.
fn session_json(cx: &Cx, issued: &IssuedSession, with_identity: bool) -> Value {
    let who = if with_identity {
        identity::public_json(cx, &issued.identity)
    } else {
        Value::Null
    };
    issued.session.json(issued.session.is_live(cx.now), who)
}

/// What to do next; null when there is nothing.
fn items(continue_with: &[ContinueWith]) -> Value {
    if continue_with.is_empty() {
        Value::Null
    } else {
        json!(continue_with)
    }
}

fn replaced(cx: &Cx, kind: FlowKind, id: uuid::Uuid) -> Response {
    if cx.caller_of(kind, known_client(cx).unwrap_or(ClientType::Browser)) == Caller::Browser {
        return see_other(&return_to::page(cx, kind, id));
    }
    let path = format!("/self-service/{kind}/flows");
    see_other(&return_to::own(cx, &path, &[("id", &id.to_string())]))
}

/// The answer for a problem of a flow: JSON for scripts and apps; browsers are led on, or to the error page.
pub async fn problem_answer(incoming: &Incoming, kind: FlowKind, problem: Problem) -> Response {
    let cx = &incoming.cx;
    log(incoming, &problem);
    if is_json(cx) {
        return match &problem {
            Problem::GoElsewhere(url) => elsewhere(cx, url),
            problem => described(incoming, problem).into_response(),
        };
    }
    match &problem {
        Problem::SignInFirst(url) | Problem::SignedInAlready(url) => {
            redirect(StatusCode::FOUND, url)
        }
        Problem::GoElsewhere(url) => see_other(url),
        Problem::Aal2Required { redirect_to }
        | Problem::EnrolmentRequired { redirect_to, .. }
        | Problem::RefreshRequired { redirect_to } => see_other(redirect_to),
        Problem::FlowExpired { use_flow_id, .. } | Problem::FlowReplaced { use_flow_id, .. } => {
            described(incoming, &problem);
            see_other(&return_to::page(cx, kind, *use_flow_id))
        }
        _ => error_page(incoming, &problem).await,
    }
}

/// The JSON answer for a problem, whoever asks.
pub fn problem_json(incoming: &Incoming, problem: &Problem) -> Response {
    log(incoming, problem);
    described(incoming, problem).into_response()
}

/// The same on the admin API.
pub fn admin_problem(incoming: &Incoming, problem: &Problem) -> Response {
    log(incoming, problem);
    error::answer_to_operator(problem)
        .about(incoming.request_id.as_deref())
        .helped_beside(help::of_problem(&incoming.cx, problem))
        .into_response()
}

/// Leads a browser to the error page, where the error can be read by its id.
pub async fn error_page(incoming: &Incoming, problem: &Problem) -> Response {
    let cx = &incoming.cx;
    let described = described(incoming, problem);
    match store_error(cx, &described).await {
        Ok(id) => see_other(
            &cx.config()
                .ui_url(Page::Error)
                .with_query(&[("id", &id.to_string())]),
        ),
        Err(_) => described.into_response(),
    }
}

/// How long an error can be read.
const ERROR_LIFESPAN: time::Duration = time::Duration::hours(1);

async fn store_error(cx: &Cx, described: &error::ErrorAnswer) -> Result<uuid::Uuid, Problem> {
    let container = ErrorContainer {
        id: uuid::Uuid::new_v4(),
        error: Value::Object(described.error.clone()),
        csrf_token: cx.csrf_token(),
        created_at: cx.now,
        seen_at: None,
        expires_at: cx.now + ERROR_LIFESPAN,
    };
    let mut conn = cx.write().await?;
    bia_store::error::insert(&mut conn, &container).await?;
    Ok(container.id)
}

/// Writes a problem into the log: loudly when the server is to blame.
pub(crate) fn log(incoming: &Incoming, problem: &Problem) {
    match problem {
        Problem::Internal(_) | Problem::Misconfigured(_) | Problem::Store(_) => {
            tracing::error!(http_request.id = incoming.id(), error = %problem, "a request failed");
        }
        _ => tracing::debug!(error = %problem, "a request was refused"),
    }
}

/// Puts the cookies on an answer that the flows ask for. `sets_csrf` says whether the path is one on
/// which a client without an anti-CSRF cookie gets one.
pub fn with_cookies(incoming: &Incoming, sets_csrf: bool, mut response: Response) -> Response {
    let cx = &incoming.cx;
    let config = cx.config();
    let Effects {
        csrf_token,
        session,
        drop_session,
        continuity,
        trusted_browser,
        ..
    } = cx.take_effects();
    let mut set = |value: HeaderValue| {
        response.headers_mut().append(header::SET_COOKIE, value);
    };
    match csrf_token {
        Some(token) => set(cookies::csrf(config, &token)),
        None if sets_csrf && incoming.csrf_cookie_due => {
            set(cookies::csrf(config, &cx.request.csrf_token))
        }
        None => {}
    }
    if let Some(issued) = session {
        match cookies::session(config, &issued, cx.now) {
            Ok(value) => set(value),
            Err(error) => tracing::error!(%error, "the session cookie could not be made"),
        }
    } else if drop_session {
        set(cookies::no_session(config));
    }
    if let Some(cookie) = trusted_browser {
        set(cookies::trusted_browser(config, cookie, cx.now));
    }
    if !continuity.is_empty() {
        // What the browser keeps in several cookies is brought together; of one purpose the first counts.
        let mut values: HashMap<String, String> = HashMap::new();
        for (purpose, id) in cx.request.continuity.iter().flatten() {
            values.entry(purpose.clone()).or_insert_with(|| id.clone());
        }
        for (purpose, id) in continuity {
            match id {
                Some(id) => values.insert(purpose, id),
                None => values.remove(&purpose),
            };
        }
        let values: Vec<(String, String)> = values.into_iter().collect();
        match cookies::continuity(config, &values, cx.now) {
            Ok(value) => set(value),
            Err(error) => tracing::error!(%error, "the continuity cookie could not be made"),
        }
    }
    response
}
