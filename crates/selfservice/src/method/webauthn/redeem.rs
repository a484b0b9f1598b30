//! A verified answer counts once.

use bia_config::section::bia::StuckCounter;
use bia_model::{Flow, Identity, MethodName};
use bia_store::identity::Expand;
use bia_store::{StoreError, Tx, transact};
use bia_webauthn::{Counter, Use};

use super::ceremony;
use super::key::{Key, KeysConfig, Noted};
use crate::cx::Cx;
use crate::problem::Problem;

/// A use of a key that was verified.
pub(crate) struct Verified<'v> {
    /// The method whose question was answered.
    pub(crate) question: MethodName,
    /// The type of the credential that has the key.
    pub(crate) kind: MethodName,
    /// The key.
    pub(crate) key: &'v Key,
    /// What it said.
    pub(crate) used: Use,
}

/// Takes the question out of the flow and notes what the key said, both or neither. Gives the identity as it is
/// then; `None` when somebody else was first with an answer, or the key's counter did not go on and has to.
pub(crate) async fn redeem(
    cx: &Cx,
    flow: &mut Flow,
    identity: Identity,
    verified: &Verified<'_>,
) -> Result<Option<Identity>, Problem> {
    let mut answered = flow.clone();
    answered
        .context
        .remove(&ceremony::context_key(verified.question));
    answered.active = Some(verified.question);
    let result = transact!(cx.app.store, tx => {
        let Some(noted) = note(cx, tx, &identity, verified).await? else {
            return Ok(None);
        };
        bia_store::flow::update(tx, &mut answered.clone()).await?;
        Ok::<_, Problem>(Some(noted))
    });
    match result {
        Ok(Some(noted)) => {
            *flow = answered;
            Ok(Some(noted))
        }
        Err(Problem::Store(StoreError::Stale)) => {
            tracing::info!(flow.id = %flow.id, "the answer of a key came a second time");
            Ok(None)
        }
        other => other,
    }
}

/// Notes what the key said at the identity as it is now. `None` when that is a reason to refuse it.
async fn note(
    cx: &Cx,
    tx: &mut Tx,
    identity: &Identity,
    verified: &Verified<'_>,
) -> Result<Option<Identity>, Problem> {
    // Keys without a counter, which most passkeys are, have nothing to note.
    let (_, told) = verified.key.clone().note(&verified.used);
    if told == Noted::Nothing {
        return Ok(Some(identity.clone()));
    }
    bia_store::identity::lock(tx, identity.id).await?;
    let mut current = bia_store::identity::get(tx, identity.id, Expand::Credentials).await?;
    let mut keys = KeysConfig::stored(&current, verified.kind)?;
    let mut stored = keys.credentials.iter_mut().flatten();
    let Some(key) = stored.find(|key| key.id == verified.key.id) else {
        // Removed a moment ago.
        return Ok(None);
    };
    let (counter, told) = key.note(&verified.used);
    if told == Noted::Something
        && let Some(credential) = current.credential_mut(verified.kind)
    {
        credential.config = keys.to_json();
        bia_store::identity::update(tx, &mut current, cx.now).await?;
    }
    if counter == Counter::Stuck {
        tracing::warn!(identity.id = %identity.id, "the counter of a key did not go on: there may be a copy of it");
        let refused = cx.config().bia.security_keys.stuck_counter == StuckCounter::Refuse;
        return Ok((!refused).then_some(current));
    }
    Ok(Some(current))
}
