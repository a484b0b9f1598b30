//! The hook `verification`: starts the verification of an address that is not verified yet.

use bia_model::{Flow, Identity, VerifiableAddress};
use uuid::Uuid;

use super::note_started;
use crate::cx::Cx;
use crate::flow::verification;
use crate::method::Refusal;
use crate::outcome::IssuedSession;

/// After a sign-up or sign-in: the first address that is not verified. The identity at hand knows
/// afterwards that something was sent to it.
pub(super) async fn run(
    cx: &Cx,
    flow: &mut Flow,
    issued: &mut IssuedSession,
) -> Result<(), Refusal> {
    let identity = &mut issued.identity;
    let found = identity
        .verifiable_addresses
        .iter()
        .position(|a| !a.verified && !a.value.is_empty());
    let address = found.and_then(|at| identity.verifiable_addresses.get(at).cloned());
    start(cx, flow, identity, issued.session.id, address).await?;
    if let Some(address) = found.and_then(|at| identity.verifiable_addresses.get_mut(at)) {
        address.status = "sent".into();
        address.updated_at = cx.now;
    }
    Ok(())
}

/// After a change of settings: the first address to which nothing was sent yet.
pub(super) async fn run_for_pending(
    cx: &Cx,
    flow: &mut Flow,
    identity: &Identity,
    session_id: Uuid,
) -> Result<(), Refusal> {
    let address = identity
        .verifiable_addresses
        .iter()
        .find(|a| !a.verified && a.status == "pending")
        .cloned();
    start(cx, flow, identity, session_id, address).await
}

async fn start(
    cx: &Cx,
    flow: &mut Flow,
    identity: &Identity,
    session_id: Uuid,
    address: Option<VerifiableAddress>,
) -> Result<(), Refusal> {
    let Some(address) = address else {
        return Ok(());
    };
    let started = verification::start(cx, flow, identity, Some(session_id), &address).await?;
    note_started(flow, &started, &address.value);
    Ok(())
}
