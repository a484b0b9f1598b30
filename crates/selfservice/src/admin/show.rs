//! Identities as the admin API shows them (identity.md §1, admin.md §6.1).

use std::collections::BTreeMap;

use bia_model::{Credential, Identity, timestamp};
use serde_json::{Map, Value, json};

use super::import;
use super::read::IncludeCredentials;
use crate::cx::Cx;
use crate::identity::schema_url;

/// An identity that was just written.
#[derive(Debug)]
pub struct Written {
    /// The identity, with credentials.
    pub identity: Identity,
    /// The region that the call named.
    pub region: Option<String>,
    /// Whether the call said something about `metadata_admin`; else the answer leaves it out.
    pub metadata_admin_given: bool,
    /// The URL of its schema as the answer shows it: that of the schema which it had before.
    pub schema_url: String,
}

impl Written {
    /// The answer to the call: the identity with the names of its credentials, not their configs.
    pub fn json(&self, cx: &Cx) -> Value {
        let mut json = identity_json(cx, &self.identity, &IncludeCredentials::none());
        if let Value::Object(members) = &mut json {
            if !self.metadata_admin_given && self.identity.metadata_admin.is_none() {
                members.shift_remove("metadata_admin");
            }
            members.insert("schema_url".into(), json!(self.schema_url));
            if let Some(region) = &self.region {
                members.insert("region".into(), json!(region));
            }
        }
        json
    }
}

/// The identity as a member of a session: with what only operators may read, without credentials.
pub(super) fn member_json(cx: &Cx, identity: &Identity) -> Value {
    identity.admin_json(&schema_url(cx, identity), None)
}

/// The identity with its credentials, of which the wanted ones show their config.
pub fn identity_json(cx: &Cx, identity: &Identity, include: &IncludeCredentials) -> Value {
    let by_type = by_type(identity, |c| credential_json(cx, c, include));
    let credentials = (!by_type.is_empty()).then_some(Value::Object(by_type));
    identity.admin_json(&schema_url(cx, identity), credentials)
}

/// The member `credentials`: in the order of the types' names.
fn by_type(identity: &Identity, shown: impl Fn(&Credential) -> Value) -> Map<String, Value> {
    let named = identity.credentials.iter().map(|c| (c.kind.as_str(), c));
    let in_order: BTreeMap<&str, &Credential> = named.collect();
    in_order
        .into_iter()
        .map(|(name, credential)| (name.to_owned(), shown(credential)))
        .collect()
}

fn credential_json(cx: &Cx, credential: &Credential, include: &IncludeCredentials) -> Value {
    let mut members = Map::new();
    members.insert("type".into(), json!(credential.kind));
    members.insert("identifiers".into(), json!(credential.identifiers));
    if include.has(credential.kind) {
        let config = match import::of(credential.kind) {
            Ok(method) => method.reveal(cx, &credential.config),
            Err(_) => credential.config.clone(),
        };
        if !config.is_null() {
            members.insert("config".into(), config);
        }
    }
    members.insert("version".into(), json!(credential.version));
    members.insert("created_at".into(), timestamp::json(credential.created_at));
    members.insert("updated_at".into(), timestamp::json(credential.updated_at));
    Value::Object(members)
}

/// Everything of an identity: the document that a patch changes.
pub(super) fn whole_json(cx: &Cx, identity: &Identity) -> Value {
    let with_config = |c: &Credential| {
        let mut json = credential_json(cx, c, &IncludeCredentials::none());
        if let Value::Object(members) = &mut json {
            members.insert("config".into(), c.config.clone());
        }
        json
    };
    let by_type = Value::Object(by_type(identity, with_config));
    let mut json = identity.admin_json(&schema_url(cx, identity), Some(by_type));
    if let Value::Object(members) = &mut json {
        // Also where nothing was said, so that a patch can say something.
        members.insert("bia".into(), json!({ "mfa": identity.mfa }));
    }
    json
}
