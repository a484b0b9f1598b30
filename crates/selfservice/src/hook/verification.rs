//! The hook `verification`: starts the verification of an address that is not verified yet.

use bia_model::{Flow, Identity, VerifiableAddress};
use uuid::Uuid;

use super::note_started;
use crate::cx::Cx;
use crate::flow::verification;
use crate::method::Refusal;
use crate::outcome::IssuedSession;

/// After a sign-up or sign-in: the first address that is not verified.
pub(super) async fn run(
    cx: &Cx,
    flow: &mut Flow,
    issued: &mut IssuedSession,
) -> Result<(), Refusal> {
    let session_id = issued.session.id;
    start(cx, flow, &mut issued.identity, session_id, |a| !a.verified && !a.value.is_empty()).await
}

/// After a change of settings: the first address to which nothing was sent yet.
pub(super) async fn run_for_pending(
    cx: &Cx,
    flow: &mut Flow,
    identity: &mut Identity,
    session_id: Uuid,
) -> Result<(), Refusal> {
    start(cx, flow, identity, session_id, |a| !a.verified && a.status == "pending").await
}

/// Starts the verification of the first address that is meant. The identity at hand knows afterwards
/// that something was sent to it.
async fn start(
    cx: &Cx,
    flow: &mut Flow,
    identity: &mut Identity,
    session_id: Uuid,
    is_meant: impl Fn(&VerifiableAddress) -> bool,
) -> Result<(), Refusal> {
    let Some(at) = identity.verifiable_addresses.iter().position(is_meant) else { return Ok(()) };
    let Some(address) = identity.verifiable_addresses.get(at).cloned() else { return Ok(()) };
    let started = verification::start(cx, flow, identity, Some(session_id), &address).await?;
    note_started(flow, &started, &address.value);
    if let Some(address) = identity.verifiable_addresses.get_mut(at) {
        address.status = "sent".into();
        address.updated_at = cx.now;
    }
    Ok(())
}
