//! New identities (admin.md §5.1).

use bia_model::Identity;
use bia_store::{StoreError, Tx, transact};

use super::address;
use super::body::{CreateBody, or_empty};
use super::check::{TAKEN, external_id, region, state, validate};
use super::import::Imports;
use super::show::Written;
use crate::cx::Cx;
use crate::identity::schema_url;
use crate::problem::Problem;

/// Creates an identity.
pub async fn create(cx: &Cx, body: CreateBody) -> Result<Written, Problem> {
    let imports = prepare(cx, &body).await?;
    let written = build(cx, body, &imports)?;
    store(cx, &written.identity).await?;
    Ok(written)
}

/// What is wrong with a body whatever its traits are, and the slow part of it.
pub(super) async fn prepare(cx: &Cx, body: &CreateBody) -> Result<Imports, Problem> {
    state(body.state.as_deref())?;
    region(body.region.as_deref())?;
    external_id(body.external_id.as_deref())?;
    Imports::prepare(cx, body.credentials.clone()).await
}

/// The identity that a body makes, valid by its schema. Nothing is stored yet.
pub(super) fn build(cx: &Cx, body: CreateBody, imports: &Imports) -> Result<Written, Problem> {
    let schema_id = body.schema_id.filter(|id| !id.is_empty());
    let schema_id = schema_id.unwrap_or_else(|| cx.config().identity.default_schema_id.clone());
    let mut new = Identity::new(schema_id, or_empty(body.traits), cx.now);
    new.state = state(body.state.as_deref())?.unwrap_or_default();
    new.external_id = external_id(body.external_id.as_deref())?;
    new.organization_id = body.organization_id.filter(|id| !id.is_nil());
    let metadata_admin_given = body.metadata_admin.is_some();
    new.metadata_public = body.metadata_public.filter(|v| !v.is_null());
    new.metadata_admin = body.metadata_admin.filter(|v| !v.is_null());
    new.mfa = body.bia.and_then(|bia| bia.0.mfa).flatten();
    imports.put_into(&mut new, cx.now)?;
    validate(cx, &mut new)?;
    let verifiable = body.verifiable_addresses.unwrap_or_default();
    let recovery = body.recovery_addresses.unwrap_or_default();
    address::take_over(&mut new, &verifiable, &recovery, cx.now);
    let schema_url = schema_url(cx, &new);
    Ok(Written {
        identity: new,
        region: region(body.region.as_deref())?,
        metadata_admin_given,
        schema_url,
    })
}

/// Stores a new identity. What it needs for itself alone is decided by the database: of two calls with
/// the same identifier one fails.
pub(super) async fn store(cx: &Cx, new: &Identity) -> Result<(), Problem> {
    transact!(cx.app.store, tx => insert_all(tx, &[new]).await).map_err(|e: StoreError| match e {
        StoreError::Conflict { .. } => Problem::Conflict(TAKEN.into()),
        other => other.into(),
    })
}

/// The part of a unit of work that stores new identities, all or none.
pub(super) async fn insert_all(tx: &mut Tx, new: &[&Identity]) -> Result<(), StoreError> {
    bia_store::identity::insert_all(tx, new).await?;
    for identity in new.iter().filter(|identity| identity.mfa.is_some()) {
        bia_store::mfa::set_policy(tx, identity.id, identity.mfa).await?;
    }
    Ok(())
}
