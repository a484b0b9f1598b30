//! Which addresses login codes go to (spec: methods.md §3.2).

use bia_model::{Channel, Identity, MethodName, normalise, text};
use bia_store::identity::Expand;
use serde_json::Value;

use super::by_name;
use super::credential::{CodeAddress, own_addresses, verifiable};
use super::secret::Recipient;
use crate::cx::Cx;
use crate::method::Refusal;
use crate::problem::Problem;
use crate::why::Why;

/// Somebody who can get a code, and where.
pub(super) struct Reachable {
    /// Who, with credentials.
    pub identity: Identity,
    /// At which addresses.
    pub recipients: Vec<Recipient>,
    /// Whether they gave a name that is none of their addresses.
    pub by_name: bool,
}

/// The addresses at which an identity (given with credentials) can get a code: those of its code
/// credential, or those that go with its name. Where it has none and the fallback is on, the addresses that it can verify.
pub(super) fn candidates(cx: &Cx, identity: &Identity) -> Vec<CodeAddress> {
    let own = own_addresses(identity);
    if !own.is_empty() || !has_fallback(cx) {
        return own;
    }
    verifiable(identity, |_| true)
}

fn has_fallback(cx: &Cx) -> bool {
    cx.config()
        .selfservice
        .methods
        .code
        .missing_credential_fallback_enabled
}

/// The addresses that a second-factor flow offers: those of the identity, or only the one in the trait
/// that `via` names by a dotted path. Errs when that trait holds no address for codes.
pub(super) fn offered(
    cx: &Cx,
    identity: &Identity,
    via: Option<&str>,
) -> Result<Vec<CodeAddress>, Problem> {
    let mut addresses = candidates(cx, identity);
    let Some(via) = via.filter(|v| !v.is_empty()) else {
        return Ok(addresses);
    };
    let Some(value) = trait_text(&identity.traits, via) else {
        return Err(Problem::BadRequest(format!(
            "The parameter via names the trait {via:?}, which holds nothing."
        )));
    };
    if addresses.is_empty() {
        return Ok(addresses);
    }
    let wanted = normalise::identifier(value);
    addresses.retain(|a| a.address == wanted);
    if addresses.is_empty() {
        let reason =
            format!("The parameter via names the trait {via:?}, which is no address for codes.");
        return Err(Problem::BadRequest(reason));
    }
    Ok(addresses)
}

fn trait_text<'t>(traits: &'t Value, path: &str) -> Option<&'t str> {
    let found = path.split('.').try_fold(traits, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    });
    found?.as_str().filter(|text| !text.is_empty())
}

/// Who goes by an identifier, and where codes for it go: to that address when it is one of theirs, else to all.
/// `None` when that is nobody, or they have no address.
pub(super) async fn of_identifier(cx: &Cx, typed: &str) -> Result<Option<Reachable>, Problem> {
    let wanted = normalise::identifier(typed);
    if let Some(identity) = find(cx, &[MethodName::Code], typed).await? {
        let own = own_addresses(&identity);
        let exact = own.iter().any(|a| a.address == wanted);
        let chosen = own
            .into_iter()
            .filter(|a| !exact || a.address == wanted)
            .collect();
        return Ok(reachable(cx, identity, &wanted, chosen));
    }
    // A message can only be sent to what looks like an address.
    if has_fallback(cx)
        && wanted.contains('@')
        && let Some(identity) = find(cx, &MethodName::CREDENTIAL_TYPES, typed).await?
    {
        let typed = CodeAddress {
            channel: Channel::Email,
            address: wanted.clone(),
        };
        return Ok(reachable(cx, identity, &wanted, vec![typed]));
    }
    cx.because_nobody_is(typed);
    Ok(None)
}

async fn find(cx: &Cx, types: &[MethodName], typed: &str) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    let normalised = normalise::identifier(typed);
    Ok(bia_store::identity::find_by_identifier(&mut conn, types, &normalised, typed).await?)
}

/// One of the addresses of an identity that is known already, or all for its name; no other is written to. `None` when
/// it is none of them.
pub(super) fn of_identity(
    cx: &Cx,
    identity: Identity,
    typed: &str,
) -> Result<Option<Reachable>, Refusal> {
    let wanted = normalise::identifier(typed);
    let by_name = by_name::is_name_of(cx, &identity, &wanted);
    let chosen: Vec<CodeAddress> = candidates(cx, &identity)
        .into_iter()
        .filter(|a| by_name || a.address == wanted)
        .collect();
    if chosen.is_empty() && has_fallback(cx) {
        cx.meant(identity.id);
        cx.because(Why::AddressUnknown);
        return Err(Refusal::form(text::login_address_unknown()));
    }
    Ok(reachable(cx, identity, &wanted, chosen))
}

fn reachable(
    cx: &Cx,
    identity: Identity,
    wanted: &str,
    addresses: Vec<CodeAddress>,
) -> Option<Reachable> {
    let recipient = |a: CodeAddress| Recipient {
        address: a.address,
        via: Some(a.channel),
        identity_id: Some(identity.id),
        address_id: None,
        taken: None,
    };
    let recipients: Vec<Recipient> = addresses
        .into_iter()
        .filter(|a| !a.address.is_empty())
        .map(recipient)
        .collect();
    if recipients.is_empty() {
        cx.meant(identity.id);
        cx.because(Why::NoSuchCredential);
        return None;
    }
    let by_name = by_name::is_name_of(cx, &identity, wanted);
    Some(Reachable {
        identity,
        recipients,
        by_name,
    })
}

/// An identity with its credentials, as it is stored now.
pub(super) async fn whole(cx: &Cx, id: uuid::Uuid) -> Result<Identity, Problem> {
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find(&mut conn, id, Expand::Credentials).await?;
    found.ok_or_else(|| Problem::NotFound("The account does not exist any more.".into()))
}
