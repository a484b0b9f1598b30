//! The hook `verify_new_address`: a changed address counts once a code or link that was sent to it comes
//! back. Until then the whole change waits, in the verification flow.

use bia_model::{Channel, Flow, FlowKind, Identity, MethodName, Session, VerifiableAddress, text};
use bia_store::hook_outbox::HookCall;
use bia_store::identity::Expand;
use bia_store::{StoreError, transact};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::show_item;
use crate::cx::Cx;
use crate::flow::{settings, verification};
use crate::method::Refusal;
use crate::outcome::{FormStatus, Outcome};
use crate::problem::Problem;
use crate::session::LiveSession;
use crate::{engine, identity, return_to};

/// The member of a verification flow's context that holds the change that waits for it.
const PARKED: &str = "parked_change";

/// A change of traits that waits until its new address is verified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parked {
    identity_id: Uuid,
    session_id: Uuid,
    settings_flow_id: Uuid,
    /// How the new address is reached.
    pub(crate) via: Channel,
    value: String,
    /// The traits from which the change was made; it counts only while they stay the same.
    before: Value,
    proposed: Value,
}

impl Parked {
    /// The change that waits for a verification flow, if one does.
    pub(crate) fn of(flow: &Flow) -> Option<Parked> {
        serde_json::from_value(flow.context.get(PARKED)?.clone()).ok()
    }

    /// The identity whose change it is, and the address to which a code or link goes again. `None` when
    /// the identity is gone; errs when somebody else has the address by now.
    pub(crate) async fn recipient(
        &self,
        cx: &Cx,
    ) -> Result<Option<(Identity, VerifiableAddress)>, Refusal> {
        refuse_taken(cx, self.identity_id, self.via, &self.value).await?;
        let mut conn = cx.read().await?;
        let found =
            bia_store::identity::find(&mut conn, self.identity_id, Expand::Addresses).await?;
        let address = VerifiableAddress::new(self.via, self.value.clone(), cx.now);
        Ok(found.map(|identity| (identity, address)))
    }
}

/// Parks a change that brings a new address. `None`: the change brings none and is saved as it is.
pub(super) async fn run(
    cx: &Cx,
    flow: &mut Flow,
    live: &LiveSession,
    old: &Identity,
    changed: &Identity,
) -> Result<Option<Outcome>, Refusal> {
    let known = |a: &VerifiableAddress| {
        let mut stored = old.verifiable_addresses.iter();
        stored.any(|b| b.via == a.via && identity::is_spelling_of(&b.value, &a.value))
    };
    let mut new = changed.verifiable_addresses.iter().filter(|a| !known(a));
    let Some(address) = new.next() else {
        return Ok(None);
    };
    settings::require_privileged(cx, flow, live).await?;
    if new.next().is_some() {
        return one_at_a_time(cx, flow, old).await.map(Some);
    }
    refuse_taken(cx, old.id, address.via, &address.value).await?;
    let parked = Parked {
        identity_id: old.id,
        session_id: live.session.id,
        settings_flow_id: flow.id,
        via: address.via,
        value: address.value.clone(),
        before: old.traits.clone(),
        proposed: changed.traits.clone(),
    };
    let mut context = Map::new();
    let document = serde_json::to_value(&parked).map_err(|e| Problem::Internal(e.to_string()))?;
    context.insert(PARKED.into(), document);
    let session = Some(live.session.id);
    let started = verification::start_holding(cx, flow, changed, session, address, context).await?;
    let item = show_item(cx, started.id, address.value.clone(), !flow.is_native());
    flow.continue_with.push(item);
    flow.transient_payload = None;
    Ok(Some(Outcome::Saved {
        flow: Box::new(flow.clone()),
        identity: Box::new(old.clone()),
        issued: None,
        return_to: return_to::page(cx, FlowKind::Verification, started.id),
    }))
}

async fn one_at_a_time(cx: &Cx, flow: &mut Flow, old: &Identity) -> Result<Outcome, Refusal> {
    flow.transient_payload = None;
    flow.ui.clear_messages();
    engine::remask_csrf(cx, flow);
    flow.ui.messages = vec![text::settings_too_many_address_changes()];
    engine::save(cx, flow).await?;
    Ok(Outcome::Form {
        flow: Box::new(flow.clone()),
        status: FormStatus::Fine,
        identity: Some(Box::new(old.clone())),
    })
}

async fn refuse_taken(cx: &Cx, by: Uuid, via: Channel, value: &str) -> Result<(), Refusal> {
    let mut conn = cx.read().await?;
    let owner =
        bia_store::identity::find_by_verifiable_address(&mut conn, via, value, value).await?;
    match owner {
        Some(owner) if owner.id != by => Err(Refusal::form(text::duplicate_credentials())),
        _ => Ok(()),
    }
}

/// Makes a parked change, whose address was verified, and runs the hooks of the settings that it comes
/// from. `false` when it does not count any more: the session ended, or the identity is another by now.
pub(crate) async fn apply(cx: &Cx, parked: &Parked) -> Result<bool, Refusal> {
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find(&mut conn, parked.identity_id, Expand::Credentials);
    let Some(old) = found.await? else {
        return Ok(false);
    };
    let origin =
        bia_store::flow::find(&mut conn, FlowKind::Settings, parked.settings_flow_id).await?;
    let session = bia_store::session::find(&mut conn, parked.session_id).await?;
    drop(conn);
    if !old.is_active() || old.traits != parked.before {
        return Ok(false);
    }
    let mut changed = old.clone();
    changed.traits = parked.proposed.clone();
    identity::apply_schema(cx, &mut changed)?;
    let addresses = changed.verifiable_addresses.iter_mut();
    for address in addresses.filter(|a| a.via == parked.via && a.value == parked.value) {
        address.verify(cx.now);
    }
    let calls = match (&origin, &session) {
        (Some(origin), Some(session)) => {
            let told = (&old, &changed);
            super::calls_of_settings(cx, origin, MethodName::Profile, session, told).await
        }
        _ => Vec::new(),
    };
    match store(cx, parked, &old, &mut changed, &calls).await {
        Ok(()) => super::wake_outbox(cx, &calls),
        Err(StoreError::Stale) => return Ok(false),
        Err(StoreError::Conflict { .. }) => {
            return Err(Refusal::form(text::duplicate_credentials()));
        }
        Err(other) => return Err(other.into()),
    }
    if let (Some(mut origin), Some(session)) = (origin, session) {
        run_hooks(cx, &mut origin, &session, (&old, &mut changed)).await?;
    }
    Ok(true)
}

/// [`StoreError::Stale`] when session or identity are not what they were.
async fn store(
    cx: &Cx,
    parked: &Parked,
    old: &Identity,
    changed: &mut Identity,
    calls: &[HookCall],
) -> Result<(), StoreError> {
    transact!(cx.app.store, tx => {
        bia_store::identity::lock(tx, old.id).await?;
        let session = bia_store::session::find(tx, parked.session_id).await?;
        let counts = session.is_some_and(|s| s.is_live(cx.now) && s.identity_id == old.id);
        let stored = bia_store::identity::find(tx, old.id, Expand::Credentials).await?;
        if counts && stored.as_ref() == Some(old) {
            super::store_calls(tx, calls).await?;
            bia_store::identity::update(tx, changed, cx.now).await
        } else {
            Err(StoreError::Stale)
        }
    })
}

async fn run_hooks(
    cx: &Cx,
    origin: &mut Flow,
    session: &Session,
    (old, changed): (&Identity, &mut Identity),
) -> Result<(), Refusal> {
    let id = changed.id;
    let hooks =
        super::after_settings(cx, origin, MethodName::Profile, session, (old, changed)).await?;
    if hooks.revoke_others {
        let mut conn = cx.write().await?;
        bia_store::session::revoke_others(&mut conn, id, session.id, cx.now).await?;
    }
    Ok(())
}
