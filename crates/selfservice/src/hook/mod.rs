//! What else happens when a flow succeeds (spec: hooks.md). Lists come from the configuration.

mod require_verified_address;
mod verification;
pub(crate) mod verify_new_address;

use bia_config::Hook;
use bia_config::section::flow::After;
use bia_model::{ContinueWith, Flow, FlowKind, Identity, MethodName, VerificationFlowRef};
use uuid::Uuid;

use crate::cx::Cx;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AfterHooks {
    /// All other sessions of the identity end.
    pub revoke_others: bool,
}

/// Runs the hooks of a flow that is being created. Of those that the schema allows here only web hooks
/// exist, and they are named as not honoured at start.
pub async fn before(_cx: &Cx, _flow: &mut Flow) -> Result<(), Problem> {
    Ok(())
}

/// Runs the hooks of a login, before its session is stored.
pub async fn after_login(
    cx: &Cx,
    flow: &mut Flow,
    issued: &mut IssuedSession,
) -> Result<AfterHooks, Refusal> {
    let config = cx.runtime.config.clone();
    let mut wanted = AfterHooks::default();
    for hook in listed(&config.selfservice.flows.login.after, flow.active) {
        match hook {
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

/// Runs the hooks of a registration, after identity and session were stored. Returns whether the
/// session is handed out.
pub async fn after_registration(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    issued: &mut IssuedSession,
) -> Result<bool, Refusal> {
    let config = cx.runtime.config.clone();
    if config.selfservice.flows.verification.enabled {
        verification::run_after_sign_up(cx, flow, method, issued).await?;
    }
    let hooks = listed(&config.selfservice.flows.registration.after, Some(method));
    for hook in hooks {
        if matches!(hook, Hook::ShowVerificationUi) {
            show_verification(cx, flow);
        }
    }
    Ok(hooks.iter().any(|h| matches!(h, Hook::Session)))
}

/// Runs the hooks of settings that are about to be saved: those of the method's own list, never the
/// flow's (hooks.md §1). `Some` when the change has to wait, and that is the answer.
pub async fn before_saving(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    live: &LiveSession,
    (old, changed): (&Identity, &Identity),
) -> Result<Option<Outcome>, Refusal> {
    let config = cx.runtime.config.clone();
    let hooks = config
        .selfservice
        .flows
        .settings
        .after
        .method_hooks(method.as_str());
    if hooks.iter().any(|h| matches!(h, Hook::VerifyNewAddress)) {
        return verify_new_address::run(cx, flow, live, old, changed).await;
    }
    Ok(None)
}

/// Runs the hooks of settings that were saved. `identity` is as it is now.
pub async fn after_settings(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    identity: &mut Identity,
    session_id: Uuid,
) -> Result<AfterHooks, Refusal> {
    let config = cx.runtime.config.clone();
    if config.selfservice.flows.verification.enabled {
        verification::run_for_pending(cx, flow, identity, session_id).await?;
    }
    let mut wanted = AfterHooks::default();
    for hook in listed(&config.selfservice.flows.settings.after, Some(method)) {
        match hook {
            Hook::RevokeActiveSessions => wanted.revoke_others = true,
            Hook::ShowVerificationUi => show_verification(cx, flow),
            _ => {}
        }
    }
    Ok(wanted)
}

/// Runs the hooks of a recovery, before its session is stored.
pub async fn after_recovery(cx: &Cx, _flow: &mut Flow) -> Result<AfterHooks, Refusal> {
    let hooks = &cx.config().selfservice.flows.recovery.after.hooks;
    Ok(AfterHooks {
        revoke_others: hooks
            .iter()
            .any(|h| matches!(h, Hook::RevokeActiveSessions)),
    })
}

/// The hooks that run: those of the method that was used, else those of the flow.
fn listed(after: &After, method: Option<MethodName>) -> &[Hook] {
    let own = after.method_hooks(method.map_or("", MethodName::as_str));
    if own.is_empty() { &after.hooks } else { own }
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
