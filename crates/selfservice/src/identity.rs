//! What an identity's schema makes of its traits: identifiers, addresses, the level it can reach
//! (spec: identity.md §4–§6).

use std::sync::Arc;

use bia_model::schema::{Derived, IdentitySchema};
use bia_model::{Credential, Identity, MethodName, RecoveryAddress, VerifiableAddress, normalise};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cx::Cx;
use crate::method::{self, Refusal};
use crate::problem::Problem;

mod taken;
mod violation;

pub use taken::{Name, find_other, message as taken, ways_in};
pub use violation::messages as violation_messages;

/// The schema of an id; the configured default for none.
pub fn schema<'c>(cx: &'c Cx, id: Option<&str>) -> Result<&'c Arc<IdentitySchema>, Problem> {
    let id = id
        .filter(|i| !i.is_empty())
        .unwrap_or(&cx.config().identity.default_schema_id);
    let found = cx.runtime.schemas.find(id).map(|(_, schema)| schema);
    found.ok_or_else(|| {
        Problem::Misconfigured(format!("There is no identity schema with the id {id:?}."))
    })
}

/// Where an identity's schema can be read.
pub fn schema_url(cx: &Cx, identity: &Identity) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let id = cx
        .runtime
        .schemas
        .find(&identity.schema_id)
        .map_or(identity.schema_id.as_str(), |(id, _)| id);
    cx.config()
        .public_address(&format!("/schemas/{}", URL_SAFE_NO_PAD.encode(id)))
}

/// The identity as a member of sessions and flows.
pub fn public_json(cx: &Cx, identity: &Identity) -> Value {
    identity.public_json(&schema_url(cx, identity))
}

/// Validates the traits and derives credentials' identifiers, addresses and the available level from
/// them. Addresses that stay keep their state. Errs with a message per field that is wrong.
pub fn apply_schema(cx: &Cx, identity: &mut Identity) -> Result<(), Refusal> {
    let schema = schema(cx, Some(&identity.schema_id))?.clone();
    let derived = schema
        .validate(&identity.traits)
        .map_err(|v| Refusal::Form(violation_messages(&v)))?;
    apply_derived(cx, identity, derived)
}

/// As [`apply_schema`], with what a validation already found.
pub fn apply_derived(cx: &Cx, identity: &mut Identity, derived: Derived) -> Result<(), Refusal> {
    if [&derived.password, &derived.webauthn, &derived.code]
        .into_iter()
        .flatten()
        .any(String::is_empty)
    {
        return Err(
            Problem::Misconfigured("An identifier among the traits is empty.".into()).into(),
        );
    }
    check_lengths(&derived)?;
    let now = cx.now;
    identity.traits = derived.traits.clone();
    for (kind, identifiers) in [
        (MethodName::Password, &derived.password),
        (MethodName::Webauthn, &derived.webauthn),
    ] {
        // Where the schema has none, an operator or an older schema gave them.
        if schema(cx, Some(&identity.schema_id))?.has_identifiers_of(kind) {
            set_identifiers(identity, kind, identifiers, now);
        }
    }
    set_code_addresses(identity, &derived, now);
    merge_verifiable(identity, &derived, now);
    merge_recovery(identity, &derived, now);
    identity.available_aal = Some(method::available_aal(cx.config(), identity));
    Ok(())
}

/// The most characters of an identifier, and of an address: what every database can keep.
pub(crate) const IDENTIFIER_CHARS: usize = 255;
const ADDRESS_CHARS: usize = 400;

fn check_lengths(derived: &Derived) -> Result<(), Problem> {
    let identifiers = [&derived.password, &derived.webauthn, &derived.code];
    let identifiers = identifiers.into_iter().flatten();
    let verifiable = derived.verifiable_addresses.iter().map(|a| &a.value);
    let recovery = derived.recovery_addresses.iter().map(|a| &a.value);
    let long = |text: &String, most: usize| Some(text.chars().count()).filter(|n| *n > most);
    if let Some(n) = identifiers.filter_map(|i| long(i, IDENTIFIER_CHARS)).next() {
        return Err(Problem::BadRequest(format!(
            "An identifier has {n} characters. At most {IDENTIFIER_CHARS} can be kept."
        )));
    }
    let mut addresses = verifiable.chain(recovery);
    match addresses.find_map(|a| long(a, ADDRESS_CHARS)) {
        Some(n) => Err(Problem::BadRequest(format!(
            "An address has {n} characters. At most {ADDRESS_CHARS} can be kept."
        ))),
        None => Ok(()),
    }
}

/// Puts the identifiers of a type as the traits give them; the entry is made when it is missing.
fn set_identifiers(
    identity: &mut Identity,
    kind: MethodName,
    identifiers: &[String],
    now: OffsetDateTime,
) {
    let mut identifiers = identifiers.to_vec();
    identifiers.sort();
    identifiers.dedup();
    match identity.credential_mut(kind) {
        Some(credential) => credential.identifiers = identifiers,
        None if identifiers.is_empty() => {}
        None => identity
            .credentials
            .push(Credential::new(kind, identifiers, json!({}), now)),
    }
}

fn set_code_addresses(identity: &mut Identity, derived: &Derived, now: OffsetDateTime) {
    // A name for codes without an address of its own counts: the code goes to an address that was verified.
    let has_none = derived.code_addresses.is_empty() && derived.code.is_empty();
    if has_none && identity.credential(MethodName::Code).is_none() {
        return;
    }
    let list: Vec<Value> = derived
        .code_addresses
        .iter()
        .map(|a| json!({"channel": a.via, "address": a.value}))
        .collect();
    set_identifiers(identity, MethodName::Code, &derived.code, now);
    if let Some(credential) = identity.credential_mut(MethodName::Code) {
        credential.config = json!({ "addresses": list });
        credential.version = 1;
    }
}

/// Whether a stored address is the normalised one in another spelling: old rows hold some that were stored as typed.
pub(crate) fn is_spelling_of(stored: &str, normalised: &str) -> bool {
    stored == normalised || normalise::identifier(stored) == normalised
}

fn merge_verifiable(identity: &mut Identity, derived: &Derived, now: OffsetDateTime) {
    let old = std::mem::take(&mut identity.verifiable_addresses);
    identity.verifiable_addresses = derived
        .verifiable_addresses
        .iter()
        .map(|new| {
            let known = old
                .iter()
                .find(|a| a.via == new.via && is_spelling_of(&a.value, &new.value));
            match known {
                Some(known) => VerifiableAddress {
                    value: new.value.clone(),
                    ..known.clone()
                },
                None => VerifiableAddress::new(new.via, new.value.clone(), now),
            }
        })
        .collect();
}

fn merge_recovery(identity: &mut Identity, derived: &Derived, now: OffsetDateTime) {
    let old = std::mem::take(&mut identity.recovery_addresses);
    identity.recovery_addresses = derived
        .recovery_addresses
        .iter()
        .map(|new| {
            let known = old
                .iter()
                .find(|a| a.via == new.via && is_spelling_of(&a.value, &new.value));
            match known {
                Some(known) => RecoveryAddress {
                    value: new.value.clone(),
                    ..known.clone()
                },
                None => RecoveryAddress::new(new.via, new.value.clone(), now),
            }
        })
        .collect();
}
