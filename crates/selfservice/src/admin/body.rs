//! The bodies of calls: JSON, read as leniently and as strictly as the reference reads it (admin.md §5.1).

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use bia_model::{MfaOverride, timestamp};

/// The members whose values are the operator's own: their names are left as they are.
const FREE: [&str; 3] = ["traits", "metadata_public", "metadata_admin"];

/// Reads the first JSON value of a body; what comes after it is ignored. Names of members count in
/// any case. The error is a sentence for the client.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Value::deserialize(&mut reader)
        .map_err(|e| format!("The request body is not JSON: {e}."))?;
    // A body that is null is an empty one.
    let value = if value.is_null() {
        Value::Object(Map::new())
    } else {
        value
    };
    Object::<T>::deserialize(fold_names(value))
        .map(|body| body.0)
        .map_err(|e| format!("The request body is not as expected: {e}."))
}

/// Brings the names of members to lower case.
fn fold_names(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let folded = members.into_iter().map(|(name, value)| {
                let name = name.to_lowercase();
                let value = if FREE.contains(&name.as_str()) {
                    value
                } else {
                    fold_names(value)
                };
                (name, value)
            });
            Value::Object(folded.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(fold_names).collect()),
        other => other,
    }
}

/// `{}` where no traits were given.
pub(super) fn or_empty(traits: Option<Value>) -> Value {
    traits.unwrap_or_else(|| Value::Object(Map::new()))
}

/// An object, and not the list of its values that serde would take as well.
#[derive(Clone, Debug, Default)]
pub struct Object<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Object<T>, D::Error> {
        let members = Map::<String, Value>::deserialize(d)?;
        T::deserialize(Value::Object(members))
            .map(Object)
            .map_err(D::Error::custom)
    }
}

/// For members of which null says something else than absence.
fn given<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(d).map(Some)
}

/// `POST /identities` and the items of a batch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreateBody {
    /// Empty: the default schema.
    pub schema_id: Option<String>,
    /// Absent: `{}`.
    #[serde(deserialize_with = "given")]
    pub traits: Option<Value>,
    /// By type.
    pub credentials: Option<Object<ImportBodies>>,
    /// Addresses to take over.
    pub verifiable_addresses: Option<Vec<Object<VerifiableImport>>>,
    /// Addresses to take over.
    pub recovery_addresses: Option<Vec<Object<RecoveryImport>>>,
    /// Any JSON.
    #[serde(deserialize_with = "given")]
    pub metadata_public: Option<Value>,
    /// Any JSON.
    #[serde(deserialize_with = "given")]
    pub metadata_admin: Option<Value>,
    /// `active` or `inactive`; empty: active.
    pub state: Option<String>,
    /// Free data.
    pub organization_id: Option<Uuid>,
    /// Empty: none.
    pub external_id: Option<String>,
    /// One of a few names; only echoed.
    pub region: Option<String>,
    /// What the reference does not know.
    pub bia: Option<Object<BiaBody>>,
}

/// The member `bia` of an identity.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BiaBody {
    /// Whether a second factor is needed, whatever the configuration says; null: as the configuration says. Absent:
    /// nothing is said of it.
    #[serde(deserialize_with = "said")]
    pub mfa: Option<Option<MfaOverride>>,
}

fn said<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<MfaOverride>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// `PATCH /identities`: several to be created.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchBody {
    /// At most 1000.
    pub identities: Option<Vec<Option<Object<BatchItem>>>>,
}

/// One of several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchItem {
    /// What is to be created; absent: nothing.
    pub create: Option<Object<CreateBody>>,
    /// The caller's own name for the item.
    pub patch_id: Option<Uuid>,
}

/// `PUT /identities/{id}`. Unknown members are ignored; the reference ignores the addresses too, and says nothing
/// of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReplaceBody {
    /// Empty: as before.
    pub schema_id: Option<String>,
    /// Absent: `{}`.
    #[serde(deserialize_with = "given")]
    pub traits: Option<Value>,
    /// By type; absent: as before.
    pub credentials: Option<Object<ImportBodies>>,
    /// Addresses to take over, as when an identity is created.
    pub verifiable_addresses: Option<Vec<Object<VerifiableImport>>>,
    /// Addresses to take over, likewise.
    pub recovery_addresses: Option<Vec<Object<RecoveryImport>>>,
    /// Any JSON; absent: none.
    #[serde(deserialize_with = "given")]
    pub metadata_public: Option<Value>,
    /// Any JSON; absent: none.
    #[serde(deserialize_with = "given")]
    pub metadata_admin: Option<Value>,
    /// `active` or `inactive`; empty: as before.
    pub state: Option<String>,
    /// Empty: none.
    pub external_id: Option<String>,
    /// One of a few names; only echoed.
    pub region: Option<String>,
    /// What the reference does not know; absent: as before.
    pub bia: Option<Object<BiaBody>>,
}

/// Credentials to be imported (admin.md §5.4).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the members are the credential types by their wire names"
)]
pub struct ImportBodies {
    pub password: Option<Object<ImportBody>>,
    pub oidc: Option<Object<ImportBody>>,
    pub saml: Option<Object<ImportBody>>,
    pub totp: Option<Object<ImportBody>>,
    pub lookup_secret: Option<Object<ImportBody>>,
    pub webauthn: Option<Object<ImportBody>>,
    pub passkey: Option<Object<ImportBody>>,
}

/// One credential to be imported. Its method reads the config.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportBody {
    /// The method's own object.
    pub config: Option<Map<String, Value>>,
}

/// A verifiable address that takes the place of the one that the traits give.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the members of the address, by their wire names"
)]
pub struct VerifiableImport {
    pub id: Option<Uuid>,
    pub value: Option<String>,
    pub verified: Option<bool>,
    pub via: Option<String>,
    pub status: Option<String>,
    #[serde(with = "timestamp::option")]
    pub verified_at: Option<OffsetDateTime>,
    #[serde(with = "timestamp::option")]
    pub created_at: Option<OffsetDateTime>,
    #[serde(with = "timestamp::option")]
    pub updated_at: Option<OffsetDateTime>,
}

/// A recovery address that takes the place of the one that the traits give.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the members of the address, by their wire names"
)]
pub struct RecoveryImport {
    pub id: Option<Uuid>,
    pub value: Option<String>,
    pub via: Option<String>,
    pub break_glass_for_organization: Option<Uuid>,
    #[serde(with = "timestamp::option")]
    pub created_at: Option<OffsetDateTime>,
    #[serde(with = "timestamp::option")]
    pub updated_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_in_any_case_but_those_of_traits_stay() {
        let body =
            br#"{"Schema_ID":"s","TRAITS":{"eMail":"a"},"metadata_public":{"A":1}} and more"#;
        let body: CreateBody = decode(body).unwrap();
        assert_eq!(body.schema_id.as_deref(), Some("s"));
        assert_eq!(body.traits, Some(serde_json::json!({"eMail": "a"})));
        assert_eq!(body.metadata_public, Some(serde_json::json!({"A": 1})));
        assert_eq!(body.metadata_admin, None);
    }

    #[test]
    fn unknown_members_are_refused_at_any_depth_and_null_traits_are_given() {
        for wrong in [
            r#"{"colour":"red"}"#,
            r#"{"credentials":{"magic":{}}}"#,
            r#"{"credentials":{"password":{"salt":"x"}}}"#,
            r#"{"verifiable_addresses":[{"colour":"red"}]}"#,
            r#"{"credentials":[]}"#,
            r#"{"organization_id":"no-uuid"}"#,
            "[]",
            "",
        ] {
            assert!(decode::<CreateBody>(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let body: CreateBody = decode(br#"{"traits":null,"state":null}"#).unwrap();
        assert_eq!((body.traits, body.state), (Some(Value::Null), None));
    }
}
