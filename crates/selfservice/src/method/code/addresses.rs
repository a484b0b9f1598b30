//! Which addresses login codes go to (spec: methods.md §3.2).

use bia_model::{Channel, Identity, MethodName, normalise, text};
use bia_store::identity::Expand;
use serde_json::Value;

use super::credential::{CodeAddress, CodeConfig};
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
}

/// The addresses at which an identity (given with credentials) can get a code: those of its code
/// credential. Where it has none and the fallback is on, the addresses that it can verify.
pub(super) fn candidates(cx: &Cx, identity: &Identity) -> Vec<CodeAddress> {
    let own = identity
        .credential(MethodName::Code)
        .map(|c| CodeConfig::of(c).addresses);
    let mut own = own.unwrap_or_default();
    own.retain(|a| !a.address.is_empty());
    if !own.is_empty() || !has_fallback(cx) {
        return own;
    }
    let verifiable = identity
        .verifiable_addresses
        .iter()
        .filter(|a| !a.value.is_empty());
    verifiable
        .map(|a| CodeAddress {
            channel: a.via,
            address: a.value.clone(),
        })
        .collect()
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
pub(super) async fn of_identifier(cx: &Cx, typed: &str) -> Result<Reachable, Refusal> {
    let wanted = normalise::identifier(typed);
    if let Some(identity) = find(cx, &[MethodName::Code], typed).await? {
        let own = identity
            .credential(MethodName::Code)
            .map(|c| CodeConfig::of(c).addresses);
        let own = own.unwrap_or_default();
        let exact = own.iter().any(|a| a.address == wanted);
        let chosen = own
            .into_iter()
            .filter(|a| !exact || a.address == wanted)
            .collect();
        return reachable(cx, identity, chosen);
    }
    // A message can only be sent to what looks like an address.
    if has_fallback(cx)
        && wanted.contains('@')
        && let Some(identity) = find(cx, &MethodName::CREDENTIAL_TYPES, typed).await?
    {
        return reachable(
            cx,
            identity,
            vec![CodeAddress {
                channel: Channel::Email,
                address: wanted,
            }],
        );
    }
    cx.because_nobody_is(typed);
    Err(Refusal::form(text::no_code_user()))
}

async fn find(cx: &Cx, types: &[MethodName], typed: &str) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    let normalised = normalise::identifier(typed);
    Ok(bia_store::identity::find_by_identifier(&mut conn, types, &normalised, typed).await?)
}

/// One of the addresses of an identity that is known already; no other is written to.
pub(super) fn of_identity(cx: &Cx, identity: Identity, typed: &str) -> Result<Reachable, Refusal> {
    let wanted = normalise::identifier(typed);
    let chosen: Vec<CodeAddress> = candidates(cx, &identity)
        .into_iter()
        .filter(|a| a.address == wanted)
        .collect();
    if chosen.is_empty() && has_fallback(cx) {
        cx.meant(identity.id);
        cx.because(Why::AddressUnknown);
        return Err(Refusal::form(text::login_address_unknown()));
    }
    reachable(cx, identity, chosen)
}

fn reachable(
    cx: &Cx,
    identity: Identity,
    addresses: Vec<CodeAddress>,
) -> Result<Reachable, Refusal> {
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
        return Err(Refusal::form(text::no_code_user()));
    }
    Ok(Reachable {
        identity,
        recipients,
    })
}

/// An identity with its credentials, as it is stored now.
pub(super) async fn whole(cx: &Cx, id: uuid::Uuid) -> Result<Identity, Problem> {
    let mut conn = cx.read().await?;
    let found = bia_store::identity::find(&mut conn, id, Expand::Credentials).await?;
    found.ok_or_else(|| Problem::NotFound("The account does not exist any more.".into()))
}
