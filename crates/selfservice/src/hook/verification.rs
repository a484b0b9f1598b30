//! The hook `verification`: starts the verification of an address that is not verified yet.

use bia_model::{Flow, Identity, VerifiableAddress};
use uuid::Uuid;

use super::note_started;
use crate::cx::Cx;
use crate::flow::verification;
use crate::method::Refusal;
use crate::outcome::IssuedSession;

/// After a sign-up or sign-in: the first address that is not verified.
pub(super) async fn run(cx: &Cx, flow: &mut Flow, issued: &IssuedSession) -> Result<(), Refusal> {
    let address = issued.identity.verifiable_addresses.iter().find(|a| !a.verified).cloned();
    start(cx, flow, &issued.identity, issued.session.id, address).await
}

/// After a change of settings: the first address to which nothing was sent yet.
pub(super) async fn run_for_pending(
    cx: &Cx,
    flow: &mut Flow,
    identity: &Identity,
    session_id: Uuid,
) -> Result<(), Refusal> {
    let address = identity.verifiable_addresses.iter().find(|a| !a.verified && a.status == "pending").cloned();
    start(cx, flow, identity, session_id, address).await
}

async fn start(
    cx: &Cx,
    flow: &mut Flow,
    identity: &Identity,
    session_id: Uuid,
    address: Option<VerifiableAddress>,
) -> Result<(), Refusal> {
    let Some(address) = address else { return Ok(()) };
    let started = verification::start(cx, flow, identity, Some(session_id), &address).await?;
    note_started(flow, &started, &address.value);
    Ok(())
}
