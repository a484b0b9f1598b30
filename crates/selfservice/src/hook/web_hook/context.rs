//! What a web hook's Jsonnet gets as `ctx` (hooks.md §4.2).

use bia_model::{Flow, Identity, Session};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cx::Cx;
use crate::identity;

/// What a hook is told besides flow and request.
#[derive(Clone, Copy, Default)]
pub(crate) struct Told<'t> {
    /// Settings: the identity as the flow shows it, before the change.
    pub(crate) shown: Option<&'t Identity>,
    /// Whom the flow is about, once that is known.
    pub(crate) identity: Option<Subject<'t>>,
    /// The session, with the identity that it shows.
    pub(crate) session: Option<(&'t Session, &'t Identity)>,
}

/// Whom a flow is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'t> {
    /// An identity that is stored, or a change to one that is.
    Known(&'t Identity),
    /// One that is about to be stored; hooks see no id and no times of it yet.
    ToBe(&'t Identity),
}

/// The context of a hook. Holds what people sent, so it is never logged.
pub(crate) fn context(cx: &Cx, flow: &Flow, told: Told<'_>) -> Map<String, Value> {
    let allowed = &cx.config().clients.web_hook.header_allowlist;
    let request = &cx.request;
    let mut ctx = Map::new();
    let shown = told.shown.map(|i| identity::public_json(cx, i));
    ctx.insert("flow".into(), json!(flow.shown(shown)));
    ctx.insert(
        "request_headers".into(),
        json!(request.headers.allowed(allowed)),
    );
    ctx.insert("request_method".into(), json!(request.method));
    ctx.insert("request_url".into(), json!(request.url));
    ctx.insert("request_cookies".into(), json!(request.cookies.by_name()));
    match told.identity {
        Some(Subject::Known(i)) => {
            ctx.insert("identity".into(), identity::public_json(cx, i));
        }
        Some(Subject::ToBe(i)) => {
            ctx.insert("identity".into(), not_yet_stored(i).public_json(""));
        }
        None => {}
    }
    if let Some((session, whose)) = told.session {
        let whose = identity::public_json(cx, whose);
        let session = session.json(session.is_live(cx.now), whose);
        ctx.insert("session".into(), session);
    }
    ctx
}

/// Ids and times as the reference shows them of what is not stored: it has not made them yet.
fn not_yet_stored(identity: &Identity) -> Identity {
    let never = OffsetDateTime::UNIX_EPOCH
        .replace_year(1)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut shown = identity.clone();
    shown.id = Uuid::nil();
    (shown.created_at, shown.updated_at) = (never, never);
    for address in &mut shown.verifiable_addresses {
        address.id = Uuid::nil();
        (address.created_at, address.updated_at) = (never, never);
    }
    for address in &mut shown.recovery_addresses {
        address.id = Uuid::nil();
        (address.created_at, address.updated_at) = (never, never);
    }
    shown
}
