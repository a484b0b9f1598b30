//! Replacing an identity (admin.md §5.3).

use bia_model::Identity;
use bia_store::identity::{self as identities, Expand};
use bia_store::{StoreError, Tx, transact};
use uuid::Uuid;

use super::address;
use super::body::{ReplaceBody, or_empty};
use super::check::{external_id, region, state, validate};
use super::import::Imports;
use super::read::{get, identity_id, not_found};
use super::show::Written;
use crate::cx::Cx;
use crate::identity::schema_url;
use crate::problem::Problem;
use crate::trusted_browser;

/// Replaces everything that a body can say of an identity. Credentials are kept unless it names them.
pub async fn replace(cx: &Cx, id: &str, body: ReplaceBody) -> Result<Written, Problem> {
    let id = identity_id(id)?;
    state(body.state.as_deref())?;
    external_id(body.external_id.as_deref())?;
    let region = region(body.region.as_deref())?;
    // Nothing is hashed for nobody.
    get(cx, &id.to_string()).await?;
    let imports = Imports::prepare(cx, body.credentials.clone()).await?;
    let (identity, schema_url) = transact!(cx.app.store, tx => {
        let mut identity = locked(tx, id).await?;
        let schema_url = schema_url(cx, &identity);
        put(cx, &mut identity, &body, &imports)?;
        update(cx, tx, &mut identity).await?;
        Ok::<_, Problem>((identity, schema_url))
    })?;
    Ok(Written {
        identity,
        region,
        metadata_admin_given: body.metadata_admin.is_some(),
        schema_url,
    })
}

fn put(
    cx: &Cx,
    identity: &mut Identity,
    body: &ReplaceBody,
    imports: &Imports,
) -> Result<(), Problem> {
    if let Some(schema_id) = body.schema_id.as_ref().filter(|id| !id.is_empty()) {
        identity.schema_id.clone_from(schema_id);
    }
    set_state(cx, identity, body.state.as_deref())?;
    identity.traits = or_empty(body.traits.clone());
    identity.metadata_public = body.metadata_public.clone().filter(|v| !v.is_null());
    identity.metadata_admin = body.metadata_admin.clone().filter(|v| !v.is_null());
    identity.external_id = external_id(body.external_id.as_deref())?;
    let said = body.bia.as_ref().and_then(|bia| bia.0.mfa);
    identity.mfa = said.unwrap_or(identity.mfa);
    imports.put_into(identity, cx.now).map_err(untold)?;
    validate(cx, identity)?;
    let verifiable = body.verifiable_addresses.as_deref().unwrap_or_default();
    let recovery = body.recovery_addresses.as_deref().unwrap_or_default();
    address::take_over(identity, verifiable, recovery, cx.now);
    Ok(())
}

/// The answers to changes do not say what is taken.
fn untold(problem: Problem) -> Problem {
    match problem {
        Problem::Conflict(_) => Problem::Conflict(String::new()),
        other => other,
    }
}

/// Sets the state, and when it changes also the time of the change.
pub(super) fn set_state(
    cx: &Cx,
    identity: &mut Identity,
    text: Option<&str>,
) -> Result<(), Problem> {
    if let Some(new) = state(text)?.filter(|new| *new != identity.state) {
        identity.state = new;
        identity.state_changed_at = Some(cx.now);
    }
    Ok(())
}

/// The identity as it is now, and stays until the unit of work ends.
pub(super) async fn locked(tx: &mut Tx, id: Uuid) -> Result<Identity, Problem> {
    if !identities::lock(tx, id).await? {
        return Err(not_found());
    }
    let found = identities::find(tx, id, Expand::Credentials).await?;
    let mut found = found.ok_or_else(not_found)?;
    bia_store::mfa::load(tx, std::slice::from_mut(&mut found)).await?;
    Ok(found)
}

/// Stores a changed identity, with what an operator said about it.
pub(super) async fn update(cx: &Cx, tx: &mut Tx, identity: &mut Identity) -> Result<(), Problem> {
    let before = identities::get(tx, identity.id, Expand::Credentials).await?;
    identities::update(tx, identity, cx.now)
        .await
        .map_err(|e| match e {
            StoreError::Conflict { .. } => Problem::Conflict(String::new()),
            StoreError::NotFound { .. } => not_found(),
            other => other.into(),
        })?;
    trusted_browser::after_change(cx, tx, &before, identity).await?;
    Ok(bia_store::mfa::set_policy(tx, identity.id, identity.mfa).await?)
}
