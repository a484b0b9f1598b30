//! What a login leaves in the database, in one unit of work.

use bia_model::{Aal, Flow, Identity, text};

use super::joining;
use crate::cx::Cx;
use crate::hook::{self, AfterHooks};
use crate::method::Refusal;
use crate::problem::Problem;
use crate::session::{self, Draft};
use crate::trusted_browser::{self, Trust};

/// What is stored together with a session.
pub(super) struct Beside<'b> {
    pub(super) available_aal: Option<Aal>,
    pub(super) hooks: &'b AfterHooks,
    pub(super) joins: bool,
    pub(super) trust: Option<&'b Trust>,
}

/// Stores the session and all that goes with it; whoever joined an account has it in the draft.
pub(super) async fn store(
    cx: &Cx,
    flow: &Flow,
    draft: &mut Draft,
    Beside {
        available_aal,
        hooks,
        joins,
        trust,
    }: Beside<'_>,
) -> Result<(), Refusal> {
    let stored = draft.issued.session.clone();
    let result: Result<Option<Identity>, Problem> = bia_store::transact!(cx.app.store, tx => {
        let joined = if joins { joining::store(cx, tx, flow, stored.identity_id).await? } else { None };
        session::store(cx, tx, draft).await?;
        if let Some(trust) = trust {
            trusted_browser::keep(tx, trust).await?;
        }
        if let Some(aal) = available_aal {
            bia_store::identity::set_available_aal(tx, stored.identity_id, aal).await?;
        }
        if hooks.revoke_others {
            bia_store::session::revoke_others(tx, stored.identity_id, stored.id, cx.now).await?;
        }
        hook::store_calls(tx, &hooks.calls).await?;
        bia_store::flow::overwrite(tx, flow).await?;
        Ok::<_, Problem>(joined)
    });
    match result {
        Ok(Some(joined)) => draft.issued.identity = joined,
        Ok(None) => {}
        Err(Problem::Store(bia_store::StoreError::Conflict { .. })) => {
            return Err(Refusal::form(text::duplicate_credentials()));
        }
        Err(other) => return Err(other.into()),
    }
    Ok(())
}
