//! People who say who they are by a name that is no address: a trait with `code: {identifier: true}` and no `via`.
//! Their codes go to the addresses of the account. An addition: where no schema has such a trait, nothing of this
//! happens.
//!
//! Where account enumeration is mitigated, a stranger is answered alike whether or not somebody has the name. Then there
//! is no choice of an address, which only those have who exist: the code goes to all addresses of the account.

use bia_model::{Channel, Flow, Identity, MethodName, normalise};

use super::credential::{CodeConfig, own_addresses};
use super::masked::MAX_CHOICES;
use super::secret::Recipient;
use crate::cx::Cx;
use crate::problem::Problem;

/// Whether anybody may go by a name for codes.
pub(super) fn is_possible(cx: &Cx) -> bool {
    cx.runtime.schemas.code_by_name()
}

/// Whether names and addresses that nobody has look as those that somebody has.
pub(super) fn hides_people(cx: &Cx) -> bool {
    is_possible(cx) && cx.config().security.account_enumeration.mitigate
}

/// As [`hides_people`], in a login: who is signed in is known already, and hears what is wrong.
pub(super) async fn hides_people_in(cx: &Cx, flow: &Flow) -> Result<bool, Problem> {
    if !hides_people(cx) || flow.requested_aal >= bia_model::Aal::Aal2 {
        return Ok(false);
    }
    Ok(!flow.refresh || cx.session().await?.is_none())
}

/// Whether a normalised identifier is a name of the identity, and none of its addresses for codes.
pub(super) fn is_name_of(cx: &Cx, identity: &Identity, wanted: &str) -> bool {
    let Some(credential) = identity
        .credential(MethodName::Code)
        .filter(|_| is_possible(cx))
    else {
        return false;
    };
    let is_theirs = credential.identifiers.iter().any(|name| name == wanted);
    let addresses = CodeConfig::of(credential).addresses;
    is_theirs && !addresses.iter().any(|a| a.address == wanted)
}

/// Whether the identity has a name for codes and nowhere to send them.
pub(super) fn is_name_only(identity: &Identity) -> bool {
    let named = identity
        .credential(MethodName::Code)
        .is_some_and(|credential| !credential.identifiers.is_empty());
    named && own_addresses(identity).is_empty()
}

/// Who goes by a name for codes, and the recovery addresses that a recovery code can go to: those of `via`, or all.
/// `None` when nobody has the name, or they have no such address.
pub(super) async fn recoverable(
    cx: &Cx,
    typed: &str,
    via: Option<Channel>,
) -> Result<Option<(Identity, Vec<Recipient>)>, Problem> {
    if !is_possible(cx) || typed.contains('\0') {
        return Ok(None);
    }
    let wanted = normalise::identifier(typed);
    let mut conn = cx.read().await?;
    let types = [MethodName::Code];
    let found = bia_store::identity::find_by_identifier(&mut conn, &types, &wanted, typed).await?;
    drop(conn);
    let Some(identity) = found.filter(|identity| is_name_of(cx, identity, &wanted)) else {
        return Ok(None);
    };
    let reached = identity.recovery_addresses.iter();
    let reached = reached.filter(|a| !a.value.is_empty() && via.is_none_or(|via| a.via == via));
    let mut recipients: Vec<Recipient> = reached
        .map(|a| Recipient {
            address: a.value.clone(),
            via: Some(a.via),
            identity_id: Some(identity.id),
            address_id: None,
            taken: None,
        })
        .collect();
    recipients.sort_by(|a, b| a.address.cmp(&b.address));
    recipients.truncate(MAX_CHOICES);
    Ok((!recipients.is_empty()).then_some((identity, recipients)))
}
