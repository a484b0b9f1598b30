//! The hook `verification`: starts the verification of an address that is not verified yet.

use bia_model::{Flow, FlowKind, Identity, MethodName, VerifiableAddress};
use uuid::Uuid;

use super::{Made, note_started, show_item};
use crate::cx::Cx;
use crate::flow::verification;
use crate::method::{METHODS, Refusal};
use crate::outcome::IssuedSession;

/// After a sign-up: the first address that is not verified, of those that its method does not leave for later.
pub(super) async fn run_after_sign_up(
    cx: &Cx,
    flow: &mut Flow,
    method: MethodName,
    issued: &mut IssuedSession,
    made: Made,
) -> Result<(), Refusal> {
    let (session_id, identity) = (issued.session.id, issued.identity.clone());
    let part = METHODS.iter().find(|m| m.name() == method);
    let part = part.and_then(|m| m.registration());
    let is_due = |a: &VerifiableAddress| {
        !a.verified && part.is_none_or(|part| part.verifies_after(&identity, a))
    };
    start_where(cx, flow, (&mut issued.identity, made), session_id, is_due).await
}

/// After a sign-in: the first address that is not verified.
pub(super) async fn run(
    cx: &Cx,
    flow: &mut Flow,
    issued: &mut IssuedSession,
) -> Result<(), Refusal> {
    let session_id = issued.session.id;
    let is_due = |a: &VerifiableAddress| !a.verified;
    let account = (&mut issued.identity, Made::Account);
    start_where(cx, flow, account, session_id, is_due).await
}

/// After a change of settings: the first address to which nothing was sent yet.
pub(super) async fn run_for_pending(
    cx: &Cx,
    flow: &mut Flow,
    identity: &mut Identity,
    session_id: Uuid,
) -> Result<(), Refusal> {
    let is_due = |a: &VerifiableAddress| !a.verified && a.status == "pending";
    start_where(cx, flow, (identity, Made::Account), session_id, is_due).await
}

/// Starts the verification of the first address that is due. The identity at hand knows afterwards that
/// something was sent to it. With `legacy_continue_with_verification_ui` all that are due get one, and
/// the client is told of each.
async fn start_where(
    cx: &Cx,
    flow: &mut Flow,
    (identity, made): (&mut Identity, Made),
    session_id: Uuid,
    is_due: impl Fn(&VerifiableAddress) -> bool,
) -> Result<(), Refusal> {
    let all = cx
        .config()
        .feature_flags
        .legacy_continue_with_verification_ui;
    for at in 0..identity.verifiable_addresses.len() {
        let address = identity.verifiable_addresses.get(at).cloned();
        let Some(address) = address.filter(|a| is_due(a) && !a.value.is_empty()) else {
            continue;
        };
        if !flow.is_native() && flow.kind != FlowKind::Settings {
            cx.renew_csrf();
        }
        let session_id = Some(session_id);
        let started = match made {
            Made::Account => verification::start(cx, flow, identity, session_id, &address).await?,
            Made::Nothing => {
                verification::pretend(cx, flow, identity, session_id, &address).await?
            }
        };
        note_started(flow, &started, &address.value);
        if let Some(address) = identity.verifiable_addresses.get_mut(at) {
            address.status = "sent".into();
            address.updated_at = cx.now;
        }
        if !all {
            break;
        }
        let item = show_item(cx, started.id, address.value, !flow.is_native());
        flow.continue_with.push(item);
    }
    Ok(())
}
