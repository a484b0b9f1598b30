//! Identities, their credentials and addresses (spec: identity.md, storage.md §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Aal, MethodName, timestamp};

/// Whether an identity may sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentityState {
    /// It may.
    #[default]
    Active,
    /// It may not; its sessions count as absent.
    Inactive,
}

impl IdentityState {
    /// The wire and database name.
    pub fn as_str(self) -> &'static str {
        match self {
            IdentityState::Active => "active",
            IdentityState::Inactive => "inactive",
        }
    }

    /// Reads the wire name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "active" => Some(IdentityState::Active),
            "inactive" => Some(IdentityState::Inactive),
            _ => None,
        }
    }
}

/// An operator's word on second factors for one identity; it counts more than the rules of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MfaOverride {
    /// A second factor is required.
    Required,
    /// A second factor is not required.
    Optional,
}

impl MfaOverride {
    /// The wire and database name.
    pub fn as_str(self) -> &'static str {
        match self {
            MfaOverride::Required => "required",
            MfaOverride::Optional => "optional",
        }
    }

    /// Reads the wire name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "required" => Some(MfaOverride::Required),
            "optional" => Some(MfaOverride::Optional),
            _ => None,
        }
    }
}

/// A person (or thing) that can sign in.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Random, chosen by the server.
    pub id: Uuid,
    /// The operator's own id for it; unique where present, at most 64 characters.
    pub external_id: Option<String>,
    /// Which schema the traits follow, as given when it was created.
    pub schema_id: String,
    /// Whether it may sign in.
    pub state: IdentityState,
    /// When the state was last set.
    pub state_changed_at: Option<OffsetDateTime>,
    /// The traits object.
    pub traits: Value,
    /// By type; at most one each. Empty when they were not loaded.
    pub credentials: Vec<Credential>,
    /// Addresses whose owner can be verified.
    pub verifiable_addresses: Vec<VerifiableAddress>,
    /// Addresses by which an account can be recovered.
    pub recovery_addresses: Vec<RecoveryAddress>,
    /// What the identity itself may read.
    pub metadata_public: Option<Value>,
    /// What only the admin API shows.
    pub metadata_admin: Option<Value>,
    /// The highest level that its credentials allow; `None` = not computed yet.
    pub available_aal: Option<Aal>,
    /// Free data in this edition.
    pub organization_id: Option<Uuid>,
    /// What an operator said about second factors. Only the admin API loads it, to show it.
    pub mfa: Option<MfaOverride>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

impl Identity {
    /// A new active identity without credentials or addresses.
    pub fn new(schema_id: impl Into<String>, traits: Value, now: OffsetDateTime) -> Identity {
        Identity {
            id: Uuid::new_v4(),
            external_id: None,
            schema_id: schema_id.into(),
            state: IdentityState::Active,
            state_changed_at: Some(now),
            traits,
            credentials: Vec::new(),
            verifiable_addresses: Vec::new(),
            recovery_addresses: Vec::new(),
            metadata_public: None,
            metadata_admin: None,
            available_aal: None,
            organization_id: None,
            mfa: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it may sign in.
    pub fn is_active(&self) -> bool {
        self.state == IdentityState::Active
    }

    /// The credential of a type, if there is one.
    pub fn credential(&self, kind: MethodName) -> Option<&Credential> {
        self.credentials.iter().find(|c| c.kind == kind)
    }

    /// As [`Identity::credential`], to be changed in place.
    pub fn credential_mut(&mut self, kind: MethodName) -> Option<&mut Credential> {
        self.credentials.iter_mut().find(|c| c.kind == kind)
    }

    /// Puts a credential in the place of the one of its type, or adds it.
    pub fn set_credential(&mut self, credential: Credential) {
        match self.credential_mut(credential.kind) {
            Some(old) => *old = credential,
            None => self.credentials.push(credential),
        }
    }

    /// The identity's JSON as a member of sessions and flows: no credentials, no admin metadata.
    pub fn public_json(&self, schema_url: &str) -> Value {
        Value::Object(self.json_members(schema_url, None))
    }

    /// The identity's JSON for the admin API. `credentials` is the member of that name, already
    /// reduced to what may be shown; `None` leaves it out.
    pub fn admin_json(&self, schema_url: &str, credentials: Option<Value>) -> Value {
        let mut members = self.json_members(schema_url, credentials);
        let organization = members.shift_remove("organization_id");
        let updated = members.shift_remove("updated_at");
        let created = members.shift_remove("created_at");
        members.insert(
            "metadata_admin".into(),
            self.metadata_admin.clone().unwrap_or(Value::Null),
        );
        for (name, value) in [
            ("created_at", created),
            ("updated_at", updated),
            ("organization_id", organization),
        ] {
            members.insert(name.into(), value.unwrap_or(Value::Null));
        }
        if let Some(mfa) = self.mfa {
            members.insert("bia".into(), json!({ "mfa": mfa }));
        }
        Value::Object(members)
    }

    fn json_members(&self, schema_url: &str, credentials: Option<Value>) -> Map<String, Value> {
        let mut m = Map::new();
        m.insert("id".into(), json!(self.id));
        if let Some(external_id) = &self.external_id {
            m.insert("external_id".into(), json!(external_id));
        }
        if let Some(credentials) = credentials {
            m.insert("credentials".into(), credentials);
        }
        m.insert("schema_id".into(), json!(self.schema_id));
        m.insert("schema_url".into(), json!(schema_url));
        m.insert("state".into(), json!(self.state));
        if let Some(at) = self.state_changed_at {
            m.insert("state_changed_at".into(), timestamp::json(at));
        }
        m.insert("traits".into(), self.traits.clone());
        if !self.verifiable_addresses.is_empty() {
            m.insert(
                "verifiable_addresses".into(),
                json!(self.verifiable_addresses),
            );
        }
        if !self.recovery_addresses.is_empty() {
            m.insert("recovery_addresses".into(), json!(self.recovery_addresses));
        }
        m.insert(
            "metadata_public".into(),
            self.metadata_public.clone().unwrap_or(Value::Null),
        );
        m.insert("created_at".into(), timestamp::json(self.created_at));
        m.insert("updated_at".into(), timestamp::json(self.updated_at));
        m.insert("organization_id".into(), json!(self.organization_id));
        m
    }
}

/// One way of an identity to sign in.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// Row id; a changed credential gets a new one.
    pub id: Uuid,
    /// Which method it belongs to.
    pub kind: MethodName,
    /// What the person types or the device sends to name the account; sorted, already normalised.
    pub identifiers: Vec<String>,
    /// The method's own data (identity.md §5); an object. Holds secrets: never logged.
    pub config: Value,
    /// The shape of `config` (identity.md §5).
    pub version: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

impl Credential {
    /// A new credential of a type.
    pub fn new(
        kind: MethodName,
        identifiers: Vec<String>,
        config: Value,
        now: OffsetDateTime,
    ) -> Credential {
        Credential {
            id: Uuid::new_v4(),
            kind,
            identifiers,
            config,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }
}

/// How an address is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A mail address.
    Email,
    /// A phone number in E.164 form.
    Sms,
}

impl Channel {
    /// The wire and database name.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
        }
    }

    /// Reads the wire name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Channel> {
        match text {
            "email" => Some(Channel::Email),
            "sms" => Some(Channel::Sms),
            _ => None,
        }
    }

    /// The channel of an address by its look: mail addresses have an `@`.
    pub fn of_address(address: &str) -> Channel {
        if address.contains('@') {
            Channel::Email
        } else {
            Channel::Sms
        }
    }
}

/// An address whose owner can be verified. Unique over all identities by (via, value).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifiableAddress {
    /// Row id.
    pub id: Uuid,
    /// The normalised address.
    pub value: String,
    /// Whether its owner proved it.
    pub verified: bool,
    /// How it is reached.
    pub via: Channel,
    /// `pending`, `sent` or `completed`; imports may bring other texts.
    pub status: String,
    /// When it was verified.
    #[serde(
        with = "timestamp::option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub verified_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "timestamp")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "timestamp")]
    pub updated_at: OffsetDateTime,
}

impl VerifiableAddress {
    /// A new address that is not verified.
    pub fn new(via: Channel, value: impl Into<String>, now: OffsetDateTime) -> VerifiableAddress {
        VerifiableAddress {
            id: Uuid::new_v4(),
            value: value.into(),
            verified: false,
            via,
            status: "pending".into(),
            verified_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Marks the address as verified at a time.
    pub fn verify(&mut self, now: OffsetDateTime) {
        self.verified = true;
        self.verified_at = Some(now);
        self.status = "completed".into();
        self.updated_at = now;
    }
}

/// An address by which an account can be recovered. Unique over all identities by (via, value).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryAddress {
    /// Row id.
    pub id: Uuid,
    /// The normalised address.
    pub value: String,
    /// How it is reached.
    pub via: Channel,
    /// Free data in this edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass_for_organization: Option<Uuid>,
    /// When it was made.
    #[serde(with = "timestamp")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "timestamp")]
    pub updated_at: OffsetDateTime,
}

impl RecoveryAddress {
    /// A new address.
    pub fn new(via: Channel, value: impl Into<String>, now: OffsetDateTime) -> RecoveryAddress {
        RecoveryAddress {
            id: Uuid::new_v4(),
            value: value.into(),
            via,
            break_glass_for_organization: None,
            created_at: now,
            updated_at: now,
        }
    }
}
