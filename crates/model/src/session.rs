//! Sessions (spec: sessions.md).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Aal, MethodName, timestamp};

/// One factor that was proven in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthenticationMethod {
    /// The method's wire name; older rows may hold names that this version does not know.
    pub method: String,
    /// The level it gives.
    pub aal: Aal,
    /// When it was completed.
    #[serde(with = "timestamp")]
    pub completed_at: OffsetDateTime,
    /// Social sign-in: the provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Social sign-in: the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Social sign-in: the provider's authentication context class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_acr: Option<String>,
    /// Social sign-in: the provider's authentication methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_amr: Option<Vec<String>>,
}

impl AuthenticationMethod {
    /// A method completed now.
    pub fn new(method: MethodName, aal: Aal, now: OffsetDateTime) -> AuthenticationMethod {
        AuthenticationMethod {
            method: method.as_str().into(),
            aal,
            completed_at: now,
            provider: None,
            organization: None,
            upstream_acr: None,
            upstream_amr: None,
        }
    }
}

/// From where a session was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Row id.
    pub id: Uuid,
    /// The client's address; at most 50 bytes.
    pub ip_address: Option<String>,
    /// The client's own name; at most 512 bytes.
    pub user_agent: Option<String>,
    /// City and country where a proxy told them; at most 512 bytes.
    pub location: Option<String>,
}

/// A signed-in client. The secret token is not part of it: see `IssuedSession` in `selfservice`.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Random; stays the same when the session is refreshed.
    pub id: Uuid,
    /// Who is signed in.
    pub identity_id: Uuid,
    /// Stored flag: false once revoked.
    pub active: bool,
    /// When it was first issued.
    pub issued_at: OffsetDateTime,
    /// When a factor was last proven.
    pub authenticated_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// The stored level.
    pub aal: Aal,
    /// In order of completion, duplicates kept.
    pub authentication_methods: Vec<AuthenticationMethod>,
    /// The devices it was used from.
    pub devices: Vec<Device>,
    /// `ory_lo_` and 32 letters or digits: what the logout URL carries.
    pub logout_token: String,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

impl Session {
    /// Whether it can be used at a time (the identity's state aside).
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.active && self.expires_at > now
    }

    /// Notes a completed factor, and what follows from it: the level, the times.
    pub fn authenticate(
        &mut self,
        method: AuthenticationMethod,
        now: OffsetDateTime,
        lifespan: Duration,
    ) {
        self.add_method(method, now);
        self.expires_at = now + lifespan;
    }

    /// Notes a factor that was set up and thereby proven. The session ends when it did before.
    pub fn add_method(&mut self, method: AuthenticationMethod, now: OffsetDateTime) {
        self.authentication_methods.push(method);
        self.aal = Aal::of_methods(&self.authentication_methods);
        self.authenticated_at = now;
    }

    /// The session's JSON. `identity` is the member of that name: the identity's own JSON, or null.
    /// `active` is computed by the caller, who knows the identity's state.
    pub fn json(&self, active: bool, identity: Value) -> Value {
        let mut m: Map<String, Value> = Map::with_capacity(10);
        m.insert("id".into(), json!(self.id));
        m.insert("active".into(), json!(active));
        m.insert("expires_at".into(), timestamp::json(self.expires_at));
        m.insert(
            "authenticated_at".into(),
            timestamp::json(self.authenticated_at),
        );
        m.insert("authenticator_assurance_level".into(), json!(self.aal));
        m.insert(
            "authentication_methods".into(),
            json!(self.authentication_methods),
        );
        m.insert("issued_at".into(), timestamp::json(self.issued_at));
        m.insert("identity".into(), identity);
        m.insert("devices".into(), json!(self.devices));
        Value::Object(m)
    }
}
