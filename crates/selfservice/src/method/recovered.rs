//! What recovery by code and by link share.

use bia_model::Identity;
use bia_store::code::Code;
use bia_store::identity::Expand;
use bia_store::transact;

use crate::cx::Cx;
use crate::problem::Problem;
use crate::return_to;

/// The identity, with credentials, whose account a redeemed code or link opens.
///
/// Whoever reads a message owns its address, so that is verified by it; what an operator hands over was
/// sent to no address and proves nothing of the kind.
pub(crate) async fn recovered(cx: &Cx, row: &Code) -> Result<Identity, Problem> {
    let id = row
        .identity_id
        .ok_or_else(|| Problem::Internal("a recovery code belongs to nobody".into()))?;
    transact!(cx.app.store, tx => {
        let found = bia_store::identity::find(tx, id, Expand::Credentials).await?;
        let mut identity = found.ok_or_else(|| Problem::NotFound("The account does not exist any more.".into()))?;
        let reached = identity.verifiable_addresses.iter_mut().filter(|a| Some(&a.value) == row.address.as_ref());
        for address in reached {
            address.verify(cx.now);
            bia_store::identity::mark_verified(tx, address.id, cx.now).await?;
        }
        Ok::<_, Problem>(identity)
    })
}

/// Errs when somebody is signed in: there is nothing to recover then.
pub(crate) async fn refuse_somebody_signed_in(cx: &Cx) -> Result<(), Problem> {
    if cx.session_of_anybody().await?.is_none() {
        return Ok(());
    }
    Err(Problem::SignedInAlready(
        return_to::for_somebody_signed_in_meanwhile(cx),
    ))
}
