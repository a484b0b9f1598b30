//! What else happens before a flow starts and when it succeeds (spec: hooks.md). Lists come from the
//! configuration; flows know positions, not hooks.

mod notify_previous_addresses;
mod require_verified_address;
mod verification;
pub(crate) mod verify_new_address;
pub(crate) mod web_hook;

pub use web_hook::outbox::OutboxWorker;

use bia_config::Hook;
use bia_config::section::flow::{After, Flows};
use bia_config::section::hook::WebHook;
use bia_model::{ContinueWith, Flow, FlowKind, Identity, MethodName, Session, VerificationFlowRef};
use bia_store::hook_outbox::HookCall;
use uuid::Uuid;

use self::web_hook::context::{Subject, Told};
use self::web_hook::outbox;
use crate::cx::Cx;
use crate::identity;
use crate::method::Refusal;
use crate::outcome::{IssuedSession, Outcome};
use crate::problem::Problem;
use crate::return_to;
use crate::session::LiveSession;

/// The member of a flow's context that holds the verification that a hook started.
const STARTED: &str = "started_verification";
/// The member of a flow's context that says that the client is to be led to that verification.
const SHOWN: &str = "show_started_verification";

/// What the hooks want done together with storing the session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AfterHooks {
    /// All other sessions of the identity end.
    pub revoke_others: bool,
    /// Other servers are told.
    pub calls: Vec<HookCall>,
}

/// Runs the hooks of a flow that is being created, before it is stored. `shown` is the identity that
/// settings are about. A hook that refuses ends it: there is no form yet that could show why.
pub async fn before(cx: &Cx, flow: &Flow, shown: Option<&Identity>) -> Result<(), Problem> {
    let config = cx.runtime.config.clone();
    let hooks = listed_before(&config.selfservice.flows, flow.kind);
    if hooks.is_empty() {
        return Ok(());
    }
    let live = match shown {
        Some(_) => cx.session().await?,
        None => None,
    };
    let told = Told {
        shown,
        identity: None,
        session: live.map(|live| (&live.session, &live.identity)),
    };
    for hook in web_hooks(hooks) {
        match web_hook::run(cx, hook, flow, told).await {
            // There is no identity yet that an answer could change.
            Ok(_) => {}
            Err(Refusal::Problem(problem)) => return Err(problem),
            Err(Refusal::Form(messages)) => {
                let texts: Vec<_> = messages.into_iter().map(|(_, m)| m.text).collect();
                return Err(Problem::BadRequest(texts.join(" ")));
            }
        }
    }
    Ok(())
}

/// Stores what other servers are to be told, with what it tells of.
pub async fn store_calls(
    conn: &mut bia_store::Conn,
    calls: &[HookCall],
) -> Result<(), bia_store::StoreError> {
    outbox::store(conn, calls).await
}

/// Has calls that were stored made at once.
pub fn wake_outbox(cx: &Cx, calls: &[HookCall]) {
    outbox::wake(cx, calls);
}

fn listed_before(flows: &Flows, kind: FlowKind) -> &[Hook] {
    match kind {
        FlowKind::Login => &flows.login.before.hooks,
        FlowKind::Registration => &flows.registration.before.hooks,
        FlowKind::Settings => &flows.settings.before.hooks,
        FlowKind::Recovery => &flows.recovery.before.hooks,
        FlowKind::Verification => &flows.verification.before.hooks,
    }
}

/// Runs the hooks of a login, before its session is stored. What they change of the identity shows in
/// this answer only.
pub async fn after_login(
    cx: &Cx,
    flow: &mut Flow,
    issued: &mut IssuedSession,
) -> Result<AfterHooks, Refusal> {
    let config = cx.runtime.config.clone();
    let mut wanted = AfterHooks::default();
    let after = &config.selfservice.flows.login.after;
    for hook in listed(after, flow.active, runs_after_login) {
        match hook {
            Hook::WebHook(hook) => {
                let told = Told {
                    identity: Some(Subject::Known(&issued.identity)),
                    session: Some((&issued.session, &issued.identity)),
                    ..Told::default()
                };
                if outbox::takes(cx, hook) {
                    wanted
                        .calls
                        .extend(outbox::written(cx, hook, flow, told).await);
                } else if let Some(asked) = web_hook::run(cx, hook, flow, told).await? {
                    asked.apply(cx, &mut issued.identity)?;
                }
            }
            Hook::RevokeActiveSessions => wanted.revoke_others = true,
            Hook::RequireVerifiedAddress => require_verified_address::run(cx, flow, issued).await?,
            Hook::Verification if flow.requested_aal == bia_model::Aal::Aal1 => {
                verification::run(cx, flow, issued).await?;
            }
            Hook::ShowVerificationUi => show_verification(cx, flow),
            _ => {}
        }
    }
    Ok(wanted)
}

/// Runs the hooks that decide about a registration: those of the method's own list, never the flow's
/// (hooks.md §1). They may change who is about to be stored.
pub async fn before_registering(
    cx: &Cx,
    flow: &Flow,
    method: MethodName,
    candidate: &mut Identity,
) -> Result<(), Refusal> {
    let config = cx.runtime.config.clone();
    let after = &config.selfservice.flows.registration.after;
    let hooks = web_hooks(after.method_hooks(method.as_str()));
    for hook in hooks.filter(|hook| web_hook::decides(hook)) {
        let told = Told {
            identity: Some(Subject::ToBe(candidate)),
            ..Told::default()
        };
        if let Some(asked) = web_hook::run(cx, hook, flow, told).await? {
            asked.apply(cx, candidate)?;
            identity::apply_schema(cx, candidate)?;
        }
    }
    Ok(())
}

/// What other servers are told of a registration that is about to be stored: it is stored with that.
pub async fn calls_of_registration(
    cx: &Cx,
    flow: &Flow,
    method: MethodName,
    identity: &Identity,
) -> Vec<HookCall> {
    let told = Told {
        identity: Some(Subject::Known(identity)),
        ..Told::default()
    };
    let after = &cx.config().selfservice.flows.registration.after;
    let hooks = listed(after, Some(method), runs_after_storing);
    written(cx, hooks, flow, told).await
}

/// As [`calls_of_registration`], of changed settings.
pub async fn calls_of_settings(
    cx: &Cx,
    flow: &Flow,
    method: MethodName,
    session: &Session,
    (old, identity): (&Identity, &Identity),
) -> Vec<HookCall> {
    let told = Told {
        shown: Some(old),
        identity: Some(Subject::Known(identity)),
        session: Some((session, old)),
    };
    let after = &cx.config().selfservice.flows.settings.after;
    let hooks = listed(after, Some(method), runs_after_storing);
    written(cx, hooks, flow, told).await
}

async fn written(cx: &Cx, hooks: &[Hook], flow: &Flow, told: Told<'_>) -> Vec<HookCall> {
    let mut calls = Vec::new();
    for hook in web_hooks(hooks).filter(|hook| outbox::takes(cx, hook)) {
        calls.extend(outbox::written(cx, hook, flow, told).await);
    }
    calls
}

/// What came of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// An account, with a session.
    Account,
    /// Nothing, which is not to be seen (`bia.registration.hide_existing_accounts`).
    Nothing,
}

/// Runs the hooks of a registration, after identity and session were stored. Returns whether the
/// session is handed out. Where nothing was made, all looks the same, but nobody is told of an account, and there is
/// no session.
pub async fn after_registration(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    issued: &mut IssuedSession,
    made: Made,
) -> Result<bool, Refusal> {
    let config = cx.runtime.config.clone();
    if config.selfservice.flows.verification.enabled {
        verification::run_after_sign_up(cx, flow, method, issued, made).await?;
    }
    let after = &config.selfservice.flows.registration.after;
    let hooks = listed(after, Some(method), runs_after_storing);
    for hook in hooks {
        match hook {
            Hook::WebHook(hook) if made == Made::Account => {
                tell(cx, hook, flow, &issued.identity).await?;
            }
            Hook::ShowVerificationUi => show_verification(cx, flow),
            _ => {}
        }
    }
    Ok(made == Made::Account && hooks.iter().any(|h| matches!(h, Hook::Session)))
}

/// Tells a hook that does not decide of something that was stored.
async fn tell(cx: &Cx, hook: &WebHook, flow: &Flow, identity: &Identity) -> Result<(), Refusal> {
    // What is in the outbox was written down with the identity.
    if web_hook::decides(hook) || outbox::takes(cx, hook) {
        return Ok(());
    }
    let told = Told {
        identity: Some(Subject::Known(identity)),
        ..Told::default()
    };
    web_hook::run(cx, hook, flow, told).await.map(|_| ())
}

/// Runs the hooks of settings that are about to be saved: those of the method's own list, never the
/// flow's (hooks.md §1). They may change what is stored. `Some` when the change has to wait, and that is
/// the answer.
pub async fn before_saving(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    live: &LiveSession,
    (old, changed): (&Identity, &mut Identity),
) -> Result<Option<Outcome>, Refusal> {
    let config = cx.runtime.config.clone();
    let after = &config.selfservice.flows.settings.after;
    for hook in after.method_hooks(method.as_str()) {
        match hook {
            Hook::VerifyNewAddress => {
                let waits = verify_new_address::run(cx, flow, live, old, changed).await?;
                if waits.is_some() {
                    return Ok(waits);
                }
            }
            Hook::WebHook(hook) if web_hook::decides(hook) => {
                let told = Told {
                    shown: Some(old),
                    identity: Some(Subject::Known(changed)),
                    session: Some((&live.session, old)),
                };
                if let Some(asked) = web_hook::run(cx, hook, flow, told).await? {
                    asked.apply(cx, changed)?;
                    identity::apply_schema(cx, changed)?;
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Runs the hooks of settings that were saved. `identity` is as it is now, `old` as it was.
pub async fn after_settings(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    session: &Session,
    (old, identity): (&Identity, &mut Identity),
) -> Result<AfterHooks, Refusal> {
    let config = cx.runtime.config.clone();
    if config.selfservice.flows.verification.enabled {
        verification::run_for_pending(cx, flow, identity, session.id).await?;
    }
    let mut wanted = AfterHooks::default();
    let after = &config.selfservice.flows.settings.after;
    for hook in listed(after, Some(method), runs_after_storing) {
        match hook {
            Hook::RevokeActiveSessions => wanted.revoke_others = true,
            Hook::ShowVerificationUi => show_verification(cx, flow),
            Hook::NotifyPreviousAddresses(recipients) => {
                notify_previous_addresses::run(cx, *recipients, old, identity).await;
            }
            Hook::WebHook(hook) if !web_hook::decides(hook) && !outbox::takes(cx, hook) => {
                let told = Told {
                    shown: Some(old),
                    identity: Some(Subject::Known(identity)),
                    session: Some((session, old)),
                };
                web_hook::run(cx, hook, flow, told).await?;
            }
            _ => {}
        }
    }
    Ok(wanted)
}

/// Runs the hooks of a recovery, before its session is stored. What they change of the identity shows in
/// this answer only.
pub async fn after_recovery(
    cx: &Cx,
    flow: &Flow,
    identity: &mut Identity,
) -> Result<AfterHooks, Refusal> {
    let config = cx.runtime.config.clone();
    let mut wanted = AfterHooks::default();
    for hook in &config.selfservice.flows.recovery.after.hooks {
        match hook {
            Hook::RevokeActiveSessions => wanted.revoke_others = true,
            Hook::WebHook(hook) => {
                let told = Told {
                    identity: Some(Subject::Known(identity)),
                    ..Told::default()
                };
                if outbox::takes(cx, hook) {
                    wanted
                        .calls
                        .extend(outbox::written(cx, hook, flow, told).await);
                } else if let Some(asked) = web_hook::run(cx, hook, flow, told).await? {
                    asked.apply(cx, identity)?;
                }
            }
            _ => {}
        }
    }
    Ok(wanted)
}

/// Runs the hooks of a verification, after the address was marked as verified.
pub async fn after_verification(cx: &Cx, flow: &Flow, identity: &Identity) -> Result<(), Refusal> {
    let config = cx.runtime.config.clone();
    for hook in web_hooks(&config.selfservice.flows.verification.after.hooks) {
        let told = Told {
            identity: Some(Subject::Known(identity)),
            ..Told::default()
        };
        // Nothing is stored after this, so an answer has nothing to change.
        web_hook::run(cx, hook, flow, told).await?;
    }
    Ok(())
}

/// Whether verifications have hooks, who want to know the identity.
pub fn has_after_verification(cx: &Cx) -> bool {
    let after = &cx.config().selfservice.flows.verification.after;
    web_hooks(&after.hooks).next().is_some()
}

fn web_hooks<'h>(hooks: impl IntoIterator<Item = &'h Hook>) -> impl Iterator<Item = &'h WebHook> {
    hooks.into_iter().filter_map(|hook| match hook {
        Hook::WebHook(hook) => Some(&**hook),
        _ => None,
    })
}

/// The hooks that run: those of the method that was used if one of them can run at this point, else
/// those of the flow.
fn listed(after: &After, method: Option<MethodName>, can_run: fn(&Hook) -> bool) -> &[Hook] {
    let own = after.method_hooks(method.map_or("", MethodName::as_str));
    if own.iter().any(can_run) {
        own
    } else {
        &after.hooks
    }
}

fn runs_after_login(hook: &Hook) -> bool {
    matches!(
        hook,
        Hook::WebHook(_)
            | Hook::RevokeActiveSessions
            | Hook::RequireVerifiedAddress
            | Hook::Verification
            | Hook::ShowVerificationUi
    )
}

/// Web hooks count whether or not they decide: one that does keeps the flow's list from running.
fn runs_after_storing(hook: &Hook) -> bool {
    matches!(
        hook,
        Hook::WebHook(_)
            | Hook::Session
            | Hook::RevokeActiveSessions
            | Hook::ShowVerificationUi
            | Hook::NotifyPreviousAddresses(_)
    )
}

/// Remembers the verification that a hook started.
fn note_started(flow: &mut Flow, started: &Flow, address: &str) {
    flow.context.insert(
        STARTED.into(),
        serde_json::json!({"id": started.id, "address": address}),
    );
}

/// Leads the client to the verification that was started, if one was.
fn show_verification(cx: &Cx, flow: &mut Flow) {
    let Some((id, address)) = started(flow) else {
        tracing::debug!(flow.id = %flow.id, "no verification was started, so there is none to show");
        return;
    };
    flow.continue_with
        .push(show_item(cx, id, address, !flow.is_native()));
    flow.context.insert(SHOWN.into(), true.into());
}

fn started(flow: &Flow) -> Option<(Uuid, String)> {
    let started = flow.context.get(STARTED)?;
    let id = Uuid::try_parse(started.get("id")?.as_str()?).ok()?;
    Some((id, started.get("address")?.as_str()?.to_owned()))
}

/// The item that leads a client to a verification; with its page's URL for browsers.
fn show_item(cx: &Cx, id: Uuid, address: String, with_url: bool) -> ContinueWith {
    let url = with_url.then(|| return_to::page(cx, FlowKind::Verification, id));
    ContinueWith::ShowVerificationUi {
        flow: VerificationFlowRef {
            id,
            verifiable_address: address,
            url,
        },
    }
}

/// The page to which a browser is led instead of the flow's end, if a hook asked for it.
pub fn page_to_show(cx: &Cx, flow: &Flow) -> Option<String> {
    flow.context.get(SHOWN)?;
    started(flow).map(|(id, _)| return_to::page(cx, FlowKind::Verification, id))
}
