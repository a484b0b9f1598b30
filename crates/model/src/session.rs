//! Sessions (spec: sessions.md).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Aal, MethodName, timestamp};

/// One factor that was proven in a session.
///
/// Rows may say less: the reference's migration 20210829131458 wrote `{"method":"v0.6_legacy_session"}` alone. What
/// is missing is shown as the reference shows it: no level, the year 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthenticationMethod {
    /// The method's wire name; older rows may hold names that this version does not know.
    #[serde(default)]
    pub method: String,
    /// The level it gives.
    #[serde(default = "unsaid", deserialize_with = "Aal::deserialize_stored")]
    pub aal: Aal,
    /// When it was completed.
    #[serde(with = "timestamp::or_zero", default = "timestamp::zero")]
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
    /// The second factor that was not asked for, since it was given in this browser before (`bia.trusted_browser`).
    /// It stays in the row, where the reference overlooks it, and is not shown with the method.
    #[serde(
        default,
        rename = "bia_trusted_browser",
        skip_serializing_if = "Option::is_none"
    )]
    pub trusted_browser: Option<MethodName>,
}

fn unsaid() -> Aal {
    Aal::Unsaid
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
            trusted_browser: None,
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
    /// In order of completion, duplicates kept. Empty in old rows that hold `null`; shown as that.
    pub authentication_methods: Vec<AuthenticationMethod>,
    /// The devices it was used from; none is shown as null.
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

    /// The second factor that this session was not asked for, since its browser is trusted. `None` once a second factor
    /// was given after all: then that counts.
    pub fn trusted_browser(&self) -> Option<MethodName> {
        let marks = self.authentication_methods.iter();
        let mark = marks.rev().find_map(|method| method.trusted_browser);
        mark.filter(|_| Aal::of_methods(&self.authentication_methods) < Aal::Aal2)
    }

    /// Notes that the factor that was just proven came from a browser that is trusted since `factor` was given in it.
    pub fn trust_browser(&mut self, factor: MethodName) {
        if let Some(last) = self.authentication_methods.last_mut() {
            last.trusted_browser = Some(factor);
        }
    }

    /// The same session as it is worth without a trusted browser.
    #[must_use]
    pub fn without_trust(mut self) -> Session {
        for method in &mut self.authentication_methods {
            method.trusted_browser = None;
        }
        self
    }

    /// The methods as clients see them.
    fn shown_methods(&self) -> Value {
        if self.authentication_methods.is_empty() {
            return Value::Null;
        }
        let marked = |m: &AuthenticationMethod| m.trusted_browser.is_some();
        if !self.authentication_methods.iter().any(marked) {
            return json!(self.authentication_methods);
        }
        let plain =
            self.authentication_methods
                .iter()
                .cloned()
                .map(|method| AuthenticationMethod {
                    trusted_browser: None,
                    ..method
                });
        json!(plain.collect::<Vec<_>>())
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
        m.insert("authentication_methods".into(), self.shown_methods());
        m.insert("issued_at".into(), timestamp::json(self.issued_at));
        m.insert("identity".into(), identity);
        let devices = Some(&self.devices).filter(|devices| !devices.is_empty());
        m.insert("devices".into(), json!(devices));
        if let Some(factor) = self.trusted_browser() {
            m.insert("bia".into(), json!({"trusted_browser": {"method": factor}}));
        }
        Value::Object(m)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 05:00 UTC);

    fn session() -> Session {
        Session {
            id: Uuid::nil(),
            identity_id: Uuid::nil(),
            active: true,
            issued_at: NOW,
            authenticated_at: NOW,
            expires_at: NOW,
            aal: Aal::Aal0,
            authentication_methods: Vec::new(),
            devices: Vec::new(),
            logout_token: String::new(),
            created_at: NOW,
        }
    }

    #[test]
    fn methods_of_old_rows_are_read_and_shown_with_what_they_do_not_say() {
        let zero = json!("0001-01-01T00:00:00Z");
        for row in [
            r#"[{"method":"v0.6_legacy_session"}]"#,
            r#"[{"method":"v0.6_legacy_session","aal":null,"completed_at":null}]"#,
            r#"[{"method":"v0.6_legacy_session","aal":"aal7","completed_at":"0001-01-01T00:00:00Z"}]"#,
        ] {
            let mut old = session();
            old.authentication_methods = serde_json::from_str(row).unwrap();
            let shown = old.json(true, Value::Null);
            assert_eq!(
                shown["authentication_methods"],
                json!([{"method": "v0.6_legacy_session", "aal": "", "completed_at": zero}]),
                "{row}"
            );
            // The reference gives such a session the first level.
            assert_eq!(Aal::of_methods(&old.authentication_methods), Aal::Aal1);
        }
        let shown = session().json(true, Value::Null);
        assert_eq!(shown["authentication_methods"], Value::Null);
    }

    #[test]
    fn a_trusted_browser_is_told_beside_stock_methods_and_ends_with_a_real_factor() {
        let mut session = session();
        session.add_method(
            AuthenticationMethod::new(MethodName::Password, Aal::Aal1, NOW),
            NOW,
        );
        let stock = session.json(true, Value::Null);
        session.trust_browser(MethodName::Totp);
        let shown = session.json(true, Value::Null);
        assert_eq!(
            shown["authentication_methods"],
            stock["authentication_methods"]
        );
        assert_eq!(shown["authenticator_assurance_level"], "aal1");
        assert_eq!(shown["bia"], json!({"trusted_browser": {"method": "totp"}}));
        let row = serde_json::to_string(&session.authentication_methods).unwrap();
        let read: Vec<AuthenticationMethod> = serde_json::from_str(&row).unwrap();
        assert_eq!(read, session.authentication_methods);
        assert_eq!(
            session.clone().without_trust().json(true, Value::Null),
            stock
        );
        session.add_method(
            AuthenticationMethod::new(MethodName::Totp, Aal::Aal2, NOW),
            NOW,
        );
        assert_eq!(session.trusted_browser(), None);
        assert_eq!(session.json(true, Value::Null).get("bia"), None);
    }
}
