//! Notes why a request was refused: for operators who are asked about it, and in development mode for whoever sent it.
//!
//! Kept are names, ids and numbers; nothing that was typed, no query, no value of a cookie or header.

use bia_model::{ClientType, Flow, MethodName};
use bia_selfservice::cx::Cx;
use bia_selfservice::problem::Problem;
use bia_selfservice::refusal::{self, Room};
use bia_store::refusal::Refusal;
use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::ErrorAnswer;
use crate::extract::Incoming;
use crate::help::{self, seen};

/// How much of a path is kept, and of what a server says that is at fault, in characters.
const PATH_CHARS: usize = 200;
const DETAIL_CHARS: usize = 500;

/// What was wrong.
#[derive(Clone, Copy)]
pub(crate) enum Refused<'r> {
    /// Something that a form cannot show, with its answer.
    Problem(&'r Problem, &'r ErrorAnswer),
    /// A form that is shown again.
    Form(&'r Flow, StatusCode),
    /// A flow that cannot go on, so that the browser is led to this address, which names the one in its place.
    Led(&'r str),
}

/// What the answer may say of it.
pub(crate) struct Told {
    request_id: Option<String>,
    why: Option<Value>,
}

impl Told {
    /// Help with the id by which operators find the request, and with the reasons in development mode.
    pub(crate) fn added_to(self, mut help: Value) -> Value {
        if let Some(members) = help.as_object_mut() {
            members.extend(self.request_id.map(|id| ("request".to_owned(), json!(id))));
            members.extend(self.why.map(|why| ("why".to_owned(), why)));
        }
        help
    }
}

/// Notes it, beside the request. A client without an id of its own gets one, if this is kept.
pub(crate) fn note(incoming: &Incoming, refused: Refused<'_>) -> Told {
    let cx = &incoming.cx;
    let config = cx.config();
    let (keeps, shows) = (config.bia.explain.enabled, config.dev);
    let request_id = keeps.then(|| incoming.id().to_owned());
    // Asked first: in a flood of refusals nothing is put together for none to read.
    let room = keeps
        .then(|| refusal::room(&cx.app, is_usual(refused)))
        .flatten();
    if room.is_none() && !shows {
        return Told {
            request_id,
            why: None,
        };
    }
    let document = document(cx, refused);
    let why = shows.then(|| refusal::with_words(document.clone()));
    if let Some(room) = room {
        keep(incoming, refused, document, room);
    }
    Told { request_id, why }
}

fn keep(incoming: &Incoming, refused: Refused<'_>, document: Value, room: Room) {
    let cx = &incoming.cx;
    let because = cx.noted();
    let of_session = || cx.known_session().map(|live| live.identity.id);
    let disabled = match refused {
        Refused::Problem(Problem::IdentityDisabled(id), _) => Some(*id),
        _ => None,
    };
    let refusal = Refusal {
        id: Uuid::new_v4(),
        request_id: incoming.id().to_owned(),
        flow_id: flow_id(cx, refused),
        identity_id: because.identity.or(disabled).or_else(of_session),
        document,
        created_at: cx.now,
        expires_at: cx.now + config_keep(cx),
    };
    refusal::keep(&cx.app, room, refusal, because.sought);
}

fn config_keep(cx: &Cx) -> time::Duration {
    time::Duration::try_from(cx.config().bia.explain.keep).unwrap_or(time::Duration::DAY)
}

/// Whether it is what everybody meets who is not signed in: gateways ask for sessions all the time.
fn is_usual(refused: Refused<'_>) -> bool {
    matches!(
        refused,
        Refused::Problem(
            Problem::SessionInactive { .. }
                | Problem::NoSession { .. }
                | Problem::SignInFirst(_)
                | Problem::Aal1Required,
            _
        )
    )
}

/// The flow that the person sees: the one that took the place of another, else the one that the request named.
fn flow_id(cx: &Cx, refused: Refused<'_>) -> Option<Uuid> {
    match refused {
        Refused::Form(flow, _) => Some(flow.id),
        Refused::Led(url) => flow_in(cx, url),
        Refused::Problem(
            Problem::FlowExpired { use_flow_id, .. } | Problem::FlowReplaced { use_flow_id, .. },
            _,
        ) => Some(*use_flow_id),
        Refused::Problem(..) => named_flow(cx),
    }
}

fn flow_in(cx: &Cx, url: &str) -> Option<Uuid> {
    let url = cx.config().serve.public.base_url.join(url).ok()?;
    let (_, id) = url.query_pairs().find(|(name, _)| name == "flow")?;
    Uuid::try_parse(&id).ok()
}

fn named_flow(cx: &Cx) -> Option<Uuid> {
    let named = cx.request.query("flow").or_else(|| cx.request.query("id"));
    named.and_then(|id| Uuid::try_parse(id).ok())
}

fn document(cx: &Cx, refused: Refused<'_>) -> Value {
    let path: String = seen::path(cx).chars().take(PATH_CHARS).collect();
    let mut all = Map::new();
    all.insert("method".into(), json!(cx.request.method));
    all.insert("path".into(), json!(path));
    match refused {
        Refused::Problem(problem, answer) => about_problem(cx, problem, answer, &mut all),
        Refused::Form(flow, status) => about_form(flow, status, &mut all),
        Refused::Led(_) => about_replaced(cx, &mut all),
    }
    all.insert("client".into(), json!(client(cx)));
    all.insert("form_method".into(), json!(form_method(cx)));
    all.insert("credentials".into(), credentials(cx));
    all.insert("why".into(), refusal::reasons(&cx.noted()));
    Value::Object(all)
}

fn about_problem(cx: &Cx, problem: &Problem, answer: &ErrorAnswer, all: &mut Map<String, Value>) {
    all.insert("status".into(), json!(answer.status.as_u16()));
    let error = json!({
        "id": answer.error.get("id"),
        "topic": help::topic_of(cx, problem),
        "detail": detail(problem),
    });
    all.insert("error".into(), error);
    about_named_flow(cx, all);
    if let Problem::ReturnToForbidden(url) = problem {
        let rule = help::mismatch(cx, url);
        all.insert(
            "return_to".into(),
            json!({"url": without_query(cx, url), "rule": rule}),
        );
    }
}

fn about_replaced(cx: &Cx, all: &mut Map<String, Value>) {
    all.insert("status".into(), json!(StatusCode::SEE_OTHER.as_u16()));
    about_named_flow(cx, all);
}

fn about_named_flow(cx: &Cx, all: &mut Map<String, Value>) {
    if let Some(id) = named_flow(cx) {
        all.insert("flow".into(), json!({"id": id}));
    }
}

/// What the log says of what is not the client's fault. Other problems repeat what the client sent.
fn detail(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Misconfigured(_)
        | Problem::Internal(_)
        | Problem::Store(_)
        | Problem::Upstream(_)
        | Problem::HookFailed(_)
        | Problem::HookTimedOut
        | Problem::Csrf(_) => Some(problem.to_string().chars().take(DETAIL_CHARS).collect()),
        _ => None,
    }
}

fn without_query(cx: &Cx, url: &str) -> Option<String> {
    let mut url = cx.config().serve.public.base_url.join(url).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_password(None)
        .and_then(|()| url.set_username(""))
        .ok();
    Some(url.as_str().chars().take(PATH_CHARS).collect())
}

fn about_form(flow: &Flow, status: StatusCode, all: &mut Map<String, Value>) {
    all.insert("status".into(), json!(status.as_u16()));
    let of_nodes = flow.ui.nodes.iter().flat_map(|node| &node.messages);
    let messages = flow.ui.messages.iter().chain(of_nodes);
    let numbers: Vec<u32> = messages.filter(|m| m.is_error()).map(|m| m.id).collect();
    all.insert("messages".into(), json!(numbers));
    let told = json!({
        "id": flow.id,
        "kind": flow.kind,
        "state": flow.state,
        "requested_aal": flow.requested_aal,
        "refresh": flow.refresh,
    });
    all.insert("flow".into(), told);
}

fn client(cx: &Cx) -> Option<&'static str> {
    let mut known = None;
    cx.effect(|effects| known = effects.client);
    known.map(|client| match client {
        ClientType::Api => "api",
        ClientType::Browser => "browser",
    })
}

/// The method that the form named, if it is one.
fn form_method(cx: &Cx) -> Option<MethodName> {
    let mut sent = None;
    cx.effect(|effects| sent.clone_from(&effects.sent_method));
    sent.as_deref().and_then(MethodName::parse)
}

/// Which credentials came, which did not, and what became of them. Names only.
fn credentials(cx: &Cx) -> Value {
    json!({
        "cookies": seen::cookie_names(cx),
        "session_cookie": session_cookie(cx),
        "session_token": session_token(cx),
        "csrf_cookie": csrf_cookie(cx),
    })
}

fn session_cookie(cx: &Cx) -> &'static str {
    let name = cx.config().session.cookie.name.as_str();
    let credentials = &cx.request.credentials;
    if credentials.cookie_token.is_none() {
        let came = cx.request.cookies.by_name().contains_key(name);
        return if came { "unreadable" } else { "missing" };
    }
    match (credentials.from_cookie, cx.known_session()) {
        (true, Some(_)) => "of a session",
        (true, None) => "of no session",
        (false, _) => "not looked at",
    }
}

fn session_token(cx: &Cx) -> &'static str {
    let credentials = &cx.request.credentials;
    let sent = credentials.token.is_some() && !credentials.from_cookie;
    match (sent, cx.known_session()) {
        (false, _) => "missing",
        (true, Some(_)) => "of a session",
        (true, None) => "of no session",
    }
}

fn csrf_cookie(cx: &Cx) -> &'static str {
    let name = seen::csrf_cookie_name(cx);
    match &cx.request.csrf_cookie {
        Some(_) => "came",
        None if cx.request.cookies.by_name().contains_key(name.as_str()) => "unreadable",
        None => "missing",
    }
}
