//! What waits in a login flow for whoever signs in there: it joins their account (spec: oidc.md §5).

use bia_model::{Flow, Identity};
use bia_store::identity::{self as identities, Expand};
use bia_store::{StoreError, Tx};
use uuid::Uuid;

use super::enabled;
use crate::cx::Cx;
use crate::flow::handover;
use crate::method::{self, Refusal};
use crate::problem::Problem;
use crate::return_to;
use crate::session::{Draft, LiveSession};

/// Checks that what waits can join the account of the one who signed in, and notes in the session what is proven by it.
pub(super) fn check(cx: &Cx, flow: &Flow, draft: &mut Draft) -> Result<(), Refusal> {
    for method in enabled(cx) {
        if let Some(proved) = method.join(cx, flow, &mut draft.issued.identity)? {
            draft.issued.session.add_method(proved, cx.now);
        }
    }
    Ok(())
}

/// Lets it join, as part of a unit of work. The identity as it is then; `None` when nothing waits.
pub(super) async fn store(
    cx: &Cx,
    tx: &mut Tx,
    flow: &Flow,
    identity_id: Uuid,
) -> Result<Option<Identity>, Problem> {
    if enabled(cx).all(|m| m.waits(flow).is_none()) {
        return Ok(None);
    }
    identities::lock(tx, identity_id).await?;
    let mut identity = identities::get(tx, identity_id, Expand::Credentials).await?;
    for method in enabled(cx) {
        // It was checked a moment ago; only somebody who changed the account meanwhile can have spoilt it.
        if method.join(cx, flow, &mut identity).is_err() {
            let reason = "the identity was changed while it was signed in to".into();
            return Err(StoreError::Contention { reason }.into());
        }
    }
    identity.available_aal = Some(method::available_aal(cx.config(), &identity));
    identities::update(tx, &mut identity, cx.now).await?;
    Ok(Some(identity))
}

/// Where a second factor has to be given first: a flow for that carries on what waits. `None` when nothing does.
pub(super) async fn carried_on(
    cx: &Cx,
    flow: &Flow,
    draft: &Draft,
) -> Result<Option<String>, Problem> {
    let waiting: Vec<_> = enabled(cx).filter_map(|m| m.waits(flow)).collect();
    if waiting.is_empty() {
        return Ok(None);
    }
    let live = LiveSession::of(&draft.issued);
    let next = handover::to_second_factor(cx, flow, &live, waiting).await?;
    Ok(Some(return_to::page(cx, next.kind, next.id)))
}
