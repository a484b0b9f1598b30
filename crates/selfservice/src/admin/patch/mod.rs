//! Changing an identity in parts (admin.md §6.3): its JSON, credentials included, is patched and read back.

mod document;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use bia_model::{Channel, Credential, Identity, MethodName, VerifiableAddress, timestamp};
use bia_store::transact;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use self::document::{Act, Operation};
use super::address;
use super::body::{BiaBody, Object};
use super::check::{self, validate};
use super::read::identity_id;
use super::replace::{locked, set_state, update};
use super::show::{self, Written};
use crate::cx::Cx;
use crate::identity::schema_url;
use crate::problem::Problem;

/// What must not be patched, in lower case, without what lies below.
const DENIED: [&str; 3] = ["/id", "/statechangedat", "/credentials"];

/// What must not be patched, with what lies below: it holds secrets of other systems.
const DENIED_BELOW: [&str; 2] = ["/credentials/oidc", "/credentials/saml"];

const REGION: &str = "/region";

/// Applies a JSON patch to an identity. All of it, or nothing.
pub async fn patch(cx: &Cx, id: &str, body: &[u8]) -> Result<Written, Problem> {
    let parsed: Value = serde_json::from_slice(body)
        .map_err(|e| unpatchable(format!("The patch is not JSON: {e}.")))?;
    let operations = document::read(&parsed).map_err(unpatchable)?;
    let (operations, region) = checked(operations)?;
    let id = identity_id(id)?;
    let mut written = transact!(cx.app.store, tx => {
        let mut identity = locked(tx, id).await?;
        let patched = apply(cx, &identity, &operations)?;
        let (metadata_admin_given, schema_url) = (patched.metadata_admin.is_some(), patched.schema_url.clone());
        let schema_url = schema_url.unwrap_or_else(|| self::schema_url(cx, &identity));
        take_over(cx, &mut identity, patched)?;
        update(cx, tx, &mut identity).await?;
        Ok::<_, Problem>(Written { identity, region: None, metadata_admin_given, schema_url })
    })?;
    written.region = region;
    Ok(written)
}

fn unpatchable(message: String) -> Problem {
    Problem::Malformed {
        message,
        reason: "The patch cannot be applied. Nothing was changed.".into(),
    }
}

/// The operations on the identity's document, and the region that others name.
fn checked(operations: Vec<Operation>) -> Result<(Vec<Operation>, Option<String>), Problem> {
    let mut region = None;
    let mut others = Vec::with_capacity(operations.len());
    for operation in operations {
        let path = operation.path.to_lowercase();
        let below = |denied: &&str| {
            path.strip_prefix(*denied)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if DENIED.contains(&path.as_str()) || DENIED_BELOW.iter().any(below) {
            return Err(unpatchable(format!(
                "The path {:?} cannot be patched.",
                operation.path
            )));
        }
        if path != REGION {
            others.push(operation);
            continue;
        }
        let (Act::Add(Value::String(text)) | Act::Replace(Value::String(text))) = &operation.act
        else {
            return Err(unpatchable(
                "A region can only be set, and is a text.".into(),
            ));
        };
        region = check::region(Some(text))?;
    }
    Ok((others, region))
}

/// The identity after the patch. Members that it does not have are dropped.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Patched {
    external_id: Option<String>,
    credentials: Option<BTreeMap<String, PatchedCredential>>,
    schema_id: Option<String>,
    schema_url: Option<String>,
    state: Option<String>,
    #[serde(with = "timestamp::option")]
    state_changed_at: Option<OffsetDateTime>,
    #[serde(deserialize_with = "given")]
    traits: Option<Value>,
    verifiable_addresses: Option<Vec<Option<PatchedAddress>>>,
    recovery_addresses: OnlyRead<Option<Vec<Option<PatchedRecovery>>>>,
    #[serde(deserialize_with = "given")]
    metadata_public: Option<Value>,
    #[serde(deserialize_with = "given")]
    metadata_admin: Option<Value>,
    #[serde(with = "timestamp::option")]
    created_at: Option<OffsetDateTime>,
    updated_at: OnlyRead<Time>,
    organization_id: Option<Uuid>,
    bia: Option<Object<BiaBody>>,
}

fn given<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(d).map(Some)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PatchedCredential {
    r#type: Option<String>,
    identifiers: Option<Vec<String>>,
    config: Option<Map<String, Value>>,
    version: Option<i32>,
    created_at: OnlyRead<Time>,
    updated_at: OnlyRead<Time>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PatchedAddress {
    id: Option<Uuid>,
    value: Option<String>,
    verified: Option<bool>,
    via: Option<String>,
    status: Option<String>,
    #[serde(with = "timestamp::option")]
    verified_at: Option<OffsetDateTime>,
    created_at: OnlyRead<Time>,
    updated_at: OnlyRead<Time>,
}

/// A recovery address of the patched document: what is none is refused, but they follow from the traits alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PatchedRecovery {
    id: Option<Uuid>,
    value: Option<String>,
    via: Option<String>,
    break_glass_for_organization: Option<Uuid>,
    created_at: OnlyRead<Time>,
    updated_at: OnlyRead<Time>,
}

#[derive(Default, Deserialize)]
struct Time(
    #[serde(with = "timestamp::option")]
    #[expect(dead_code, reason = "read for its form")]
    Option<OffsetDateTime>,
);

/// A member that has to be of its type, although its value is not taken.
struct OnlyRead<T>(PhantomData<T>);

impl<T> Default for OnlyRead<T> {
    fn default() -> OnlyRead<T> {
        OnlyRead(PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OnlyRead<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<OnlyRead<T>, D::Error> {
        T::deserialize(d).map(|_| OnlyRead::default())
    }
}

fn apply(cx: &Cx, identity: &Identity, operations: &[Operation]) -> Result<Patched, Problem> {
    let mut document = show::whole_json(cx, identity);
    for operation in operations {
        document::apply(&mut document, operation).map_err(unpatchable)?;
    }
    if !document::is_shallow(&document) {
        return Err(unpatchable("The result is nested too deeply.".into()));
    }
    serde_json::from_value(document)
        .map_err(|e| unpatchable(format!("The result is no identity: {e}.")))
}

/// Makes the identity what the patched document says.
fn take_over(cx: &Cx, identity: &mut Identity, patched: Patched) -> Result<(), Problem> {
    let state = patched.state.unwrap_or_default();
    if state.is_empty() {
        return Err(Problem::BadRequest(
            "An identity needs a state: active or inactive.".into(),
        ));
    }
    identity.state_changed_at = patched.state_changed_at;
    set_state(cx, identity, Some(&state))?;
    identity.external_id = check::external_id(patched.external_id.as_deref())?;
    identity.mfa = patched.bia.and_then(|bia| bia.0.mfa).flatten();
    identity.schema_id = patched.schema_id.unwrap_or_default();
    identity.traits = patched.traits.unwrap_or_else(|| json!({}));
    identity.metadata_public = patched.metadata_public.filter(|v| !v.is_null());
    identity.metadata_admin = patched.metadata_admin.filter(|v| !v.is_null());
    identity.created_at = patched.created_at.unwrap_or(identity.created_at);
    identity.organization_id = patched.organization_id.filter(|id| !id.is_nil());
    identity.credentials = credentials(cx, identity, patched.credentials.unwrap_or_default())?;
    let addresses = patched.verifiable_addresses.unwrap_or_default();
    identity.verifiable_addresses = addresses
        .into_iter()
        .flatten()
        .filter_map(|a| verifiable_address(cx, identity, a))
        .collect();
    validate(cx, identity)
}

/// The credentials of the patched document. Their identifiers and those parts that follow from the traits
/// are derived anew afterwards.
fn credentials(
    cx: &Cx,
    identity: &Identity,
    patched: BTreeMap<String, PatchedCredential>,
) -> Result<Vec<Credential>, Problem> {
    let read = |(key, new): (String, PatchedCredential)| {
        let kind = MethodName::parse(&key).filter(|k| MethodName::CREDENTIAL_TYPES.contains(k));
        let kind = kind.ok_or_else(|| {
            Problem::BadRequest(format!("There is no type of credentials named {key:?}."))
        })?;
        if new.r#type.as_deref() != Some(kind.as_str()) {
            return Err(Problem::BadRequest(format!(
                "The credentials at {key:?} must have that as their type."
            )));
        }
        let config = Value::Object(new.config.unwrap_or_default());
        let old = identity.credential(kind).cloned();
        let mut credential =
            old.unwrap_or_else(|| Credential::new(kind, Vec::new(), json!({}), cx.now));
        credential.config = config;
        credential.version = new.version.unwrap_or(credential.version);
        credential.identifiers = new.identifiers.unwrap_or_default();
        Ok(credential)
    };
    patched.into_iter().map(read).collect()
}

/// An address of the patched document; what is none is dropped.
fn verifiable_address(
    cx: &Cx,
    identity: &Identity,
    patched: PatchedAddress,
) -> Option<VerifiableAddress> {
    let via = Channel::parse(&patched.via?)?;
    let value = patched.value?;
    let old = identity
        .verifiable_addresses
        .iter()
        .find(|a| Some(a.id) == patched.id && a.value == value);
    let mut address = old
        .cloned()
        .unwrap_or_else(|| VerifiableAddress::new(via, value, cx.now));
    address.via = via;
    address.verified = patched.verified.unwrap_or_default();
    address.status = patched.status.unwrap_or_default();
    address.verified_at = patched.verified_at;
    address::complete(&mut address, cx.now);
    Some(address)
}
