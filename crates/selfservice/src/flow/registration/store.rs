//! What is stored of a registration: the account, or what is not to be told apart from it.

use bia_model::{Flow, Identity, MethodName, State};
use bia_store::hook_outbox::HookCall;
use bia_store::{StoreError, Tx, transact};

use super::hidden;
use crate::cx::Cx;
use crate::hook;
use crate::identity;
use crate::method::Refusal;
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::session::{self, Draft};

/// What is stored at once.
#[derive(Clone, Copy)]
pub(super) struct Unit<'u> {
    pub(super) identity: &'u Identity,
    pub(super) draft: Option<&'u Draft>,
    /// What this uses up in the flow.
    pub(super) spends: Option<&'u str>,
    /// What other servers are told.
    pub(super) calls: &'u [HookCall],
}

/// What became of somebody who signs up.
pub(super) enum Stored {
    /// They have an account.
    Account,
    /// An address of theirs is somebody else's, who is told; to whoever signs up it looks as if there were an account.
    Nothing,
    /// Somebody else has something of theirs, and the method goes on in another way.
    Otherwise(Box<Outcome>),
}

/// Stores identity and session. The flow stays as it was, so that its form can be used again, unless a
/// challenge was passed in it, or this uses something up.
pub(super) async fn store(
    cx: &Cx,
    flow: &Flow,
    name: MethodName,
    unit: Unit<'_>,
) -> Result<Stored, Refusal> {
    let identity = unit.identity;
    let result = match try_store(cx, flow, unit).await {
        Err(Problem::Store(StoreError::Conflict { .. })) => {
            if let Some(taken) = hidden::instead_of_refusing(cx, identity).await? {
                pretend(cx, flow, unit, &taken)
                    .await
                    .map(|()| Stored::Nothing)
            } else {
                return taken(cx, flow, name, identity).await;
            }
        }
        stored => stored.map(|()| Stored::Account),
    };
    result.map_err(|problem| match problem {
        Problem::Store(StoreError::Stale) => Problem::BadRequest(
            "This form was used a moment ago, by another request. Start over with a new one."
                .into(),
        )
        .into(),
        other => other.into(),
    })
}

/// Somebody else has something of theirs, and that is told.
async fn taken(
    cx: &Cx,
    flow: &Flow,
    name: MethodName,
    identity: &Identity,
) -> Result<Stored, Refusal> {
    if let Some(method) = crate::method::find(name).and_then(|m| m.registration())
        && let Some(outcome) = method.taken(cx, flow, identity).await?
    {
        return Ok(Stored::Otherwise(Box::new(outcome)));
    }
    let may_be_told = |name: identity::Name<'_>| hidden::may_be_told(cx, identity, name);
    Err(Refusal::form(
        identity::taken(cx, identity, may_be_told).await?,
    ))
}

async fn try_store(cx: &Cx, flow: &Flow, unit: Unit<'_>) -> Result<(), Problem> {
    transact!(cx.app.store, tx => {
        bia_store::identity::insert(tx, unit.identity).await?;
        if let Some(draft) = unit.draft {
            session::store(cx, tx, draft).await?;
        }
        hook::store_calls(tx, unit.calls).await?;
        use_up(tx, flow, unit.spends).await?;
        Ok::<(), Problem>(())
    })
}

/// What [`try_store`] does to the flow, with messages to the owners of addresses in the place of an account.
async fn pretend(
    cx: &Cx,
    flow: &Flow,
    unit: Unit<'_>,
    taken: &[hidden::TakenAddress],
) -> Result<(), Problem> {
    transact!(cx.app.store, tx => {
        hidden::tell_owners(cx, tx, flow, taken).await?;
        use_up(tx, flow, unit.spends).await?;
        Ok::<(), Problem>(())
    })?;
    cx.app.courier.notify_one();
    Ok(())
}

/// Stores that something of the flow is used up, or that its challenge was passed.
async fn use_up(tx: &mut Tx, flow: &Flow, spends: Option<&str>) -> Result<(), StoreError> {
    if let Some(spent) = spends {
        let mut used = flow.clone();
        used.context.remove(spent);
        bia_store::flow::update(tx, &mut used).await
    } else if flow.state == State::PassedChallenge {
        bia_store::flow::overwrite(tx, flow).await
    } else {
        Ok(())
    }
}
