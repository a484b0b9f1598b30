//! Removing identities, and single credentials of theirs (admin.md §6.4).

use bia_model::MethodName;
use bia_store::transact;

use super::check::validate;
use super::import;
use super::read::{get, identity_id, not_found};
use super::replace::{locked, update};
use crate::cx::Cx;
use crate::problem::Problem;

/// Removes an identity and all that belongs to it.
pub async fn delete(cx: &Cx, id: &str) -> Result<(), Problem> {
    let id = identity_id(id)?;
    let gone = transact!(cx.app.store, tx => bia_store::identity::delete(tx, id).await)?;
    if gone { Ok(()) } else { Err(not_found()) }
}

/// Removes an identity's credential of a type, or the part of it that the query's `identifier` names.
pub async fn delete_credential(cx: &Cx, id: &str, kind: &str) -> Result<(), Problem> {
    let identifier = cx.request.query("identifier").filter(|i| !i.is_empty());
    if kind == MethodName::Deviceauthn.as_str() && identifier.is_none() {
        let reason = "Say which key of a device: ?identifier= and its client_key_id.";
        return Err(Problem::BadRequest(reason.into()));
    }
    let whole = get(cx, id).await?;
    let absent = || {
        Problem::NotFound(format!(
            "The identity has no credentials of the type {kind:?}."
        ))
    };
    let kind = MethodName::parse(kind)
        .filter(|k| whole.credential(*k).is_some())
        .ok_or_else(absent)?;
    let method = import::of(kind)?;
    transact!(cx.app.store, tx => {
        let mut identity = locked(tx, whole.id).await?;
        if identity.credential(kind).is_none() {
            return Err(absent());
        }
        method.remove(cx, &mut identity, identifier)?;
        validate(cx, &mut identity)?;
        update(cx, tx, &mut identity).await
    })
}
