//! What a web hook's answer does to a flow (hooks.md §4.4, §4.5).

use bia_model::text::{Message, MessageType};
use bia_model::{Channel, Identity, IdentityState, RecoveryAddress, VerifiableAddress};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::admin::address::{complete, spelling};

/// The longest external id, in characters (identity.md §1).
const EXTERNAL_ID_CHARS: usize = 64;

#[derive(Deserialize)]
struct Interruption {
    #[serde(default)]
    messages: Vec<AtNode>,
}

#[derive(Deserialize)]
struct AtNode {
    #[serde(default)]
    instance_ptr: String,
    #[serde(default)]
    messages: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    id: u32,
    #[serde(default)]
    text: String,
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

/// The messages of an answer that stops a flow, by node; `None` when it has none that can be read.
pub(super) fn messages(body: &[u8]) -> Option<Vec<(String, Message)>> {
    let interruption: Interruption = serde_json::from_slice(body).ok()?;
    let messages: Vec<_> = interruption
        .messages
        .into_iter()
        .flat_map(|at| {
            let name = node_name(&at.instance_ptr);
            at.messages
                .into_iter()
                .map(move |said| (name.clone(), message(said)))
        })
        .collect();
    Some(messages).filter(|messages| !messages.is_empty())
}

fn message(said: Said) -> Message {
    Message {
        id: said.id,
        text: said.text,
        r#type: match said.r#type.as_str() {
            "error" => MessageType::Error,
            _ => MessageType::Info,
        },
        context: said.context,
    }
}

/// `#/traits/email` as `traits.email`; `#/` is the form itself (RFC 6901 §6).
fn node_name(pointer: &str) -> String {
    let pointer = match pointer.strip_prefix('#') {
        Some(fragment) => percent_decode_str(fragment).decode_utf8_lossy(),
        None => pointer.into(),
    };
    let names = pointer.split('/').filter(|name| !name.is_empty());
    let names = names.map(|name| name.replace("~1", "/").replace("~0", "~"));
    names.collect::<Vec<_>>().join(".")
}

/// What an answer changes of an identity. What is not there stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Change {
    traits: Value,
    schema_id: Option<String>,
    state: Option<String>,
    verifiable_addresses: Option<Vec<Verifiable>>,
    recovery_addresses: Option<Vec<Recovery>>,
    metadata_public: Value,
    metadata_admin: Value,
    /// The outer `None`: nothing was said of it. The inner: it is cleared.
    #[serde(deserialize_with = "said")]
    external_id: Option<Option<String>>,
}

fn said<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Verifiable {
    value: String,
    via: String,
    verified: bool,
    status: String,
    #[serde(with = "bia_model::timestamp::option")]
    verified_at: Option<OffsetDateTime>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Recovery {
    value: String,
    via: String,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    identity: Option<Change>,
}

/// The change that an answer asks for. Errs with a sentence when it cannot be read.
pub(super) fn change(body: &[u8]) -> Result<Option<Change>, String> {
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        format!(
            "its answer cannot be read (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    Ok(body.identity)
}

impl Change {
    /// Changes an identity, whose schema is to be applied afterwards. Errs with a sentence when the answer says
    /// what no identity can be; the identity is of no use then.
    pub(super) fn apply(self, identity: &mut Identity, now: OffsetDateTime) -> Result<(), String> {
        if self.traits.as_object().is_some_and(|t| !t.is_empty()) {
            identity.traits = self.traits;
        } else if !self.traits.is_null() && !self.traits.is_object() {
            return Err("the traits in its answer are no object".into());
        }
        if let Some(id) = self.schema_id.filter(|id| !id.is_empty()) {
            identity.schema_id = id;
        }
        if let Some(state) = self.state.filter(|state| !state.is_empty()) {
            let state = IdentityState::parse(&state)
                .ok_or("the state in its answer is neither active nor inactive")?;
            if state != identity.state {
                (identity.state, identity.state_changed_at) = (state, Some(now));
            }
        }
        if !self.metadata_public.is_null() {
            identity.metadata_public = Some(self.metadata_public);
        }
        if !self.metadata_admin.is_null() {
            identity.metadata_admin = Some(self.metadata_admin);
        }
        if let Some(external_id) = self.external_id {
            let external_id = external_id.filter(|id| !id.is_empty());
            if external_id
                .as_ref()
                .is_some_and(|id| id.chars().count() > EXTERNAL_ID_CHARS)
            {
                return Err("the external_id in its answer is longer than 64 characters".into());
            }
            identity.external_id = external_id;
        }
        set_addresses(
            identity,
            self.verifiable_addresses,
            self.recovery_addresses,
            now,
        )
    }
}

/// Addresses that the identity has already keep their rows.
fn set_addresses(
    identity: &mut Identity,
    verifiable: Option<Vec<Verifiable>>,
    recovery: Option<Vec<Recovery>>,
    now: OffsetDateTime,
) -> Result<(), String> {
    if let Some(given) = verifiable.filter(|list| !list.is_empty()) {
        let old = std::mem::take(&mut identity.verifiable_addresses);
        for said in given {
            let (via, value) = (channel(&said.via)?, spelling(Some(&said.value)));
            let known = old.iter().find(|a| a.via == via && a.value == value);
            let mut address = match known {
                Some(known) => known.clone(),
                None => VerifiableAddress::new(via, value, now),
            };
            (address.verified, address.status) = (said.verified, said.status);
            address.verified_at = said.verified_at;
            complete(&mut address, now);
            identity.verifiable_addresses.push(address);
        }
    }
    if let Some(given) = recovery.filter(|list| !list.is_empty()) {
        let old = std::mem::take(&mut identity.recovery_addresses);
        for said in given {
            let (via, value) = (channel(&said.via)?, spelling(Some(&said.value)));
            let known = old.iter().find(|a| a.via == via && a.value == value);
            let address = match known {
                Some(known) => known.clone(),
                None => RecoveryAddress::new(via, value, now),
            };
            identity.recovery_addresses.push(address);
        }
    }
    Ok(())
}

fn channel(via: &str) -> Result<Channel, String> {
    Channel::parse(via).ok_or_else(|| "an address in its answer has no via that is known".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_land_on_the_nodes_that_pointers_name() {
        for (pointer, name) in [
            ("#/traits/email", "traits.email"),
            ("#/password", "password"),
            ("#/", ""),
            ("", ""),
            ("/traits/a~1b", "traits.a/b"),
            ("#/traits/first%20name", "traits.first name"),
        ] {
            assert_eq!(node_name(pointer), name, "{pointer}");
        }
        let body = json!({"messages": [
            {"instance_ptr": "#/password", "messages": [{"id": 9, "text": "no", "type": "validation"}]},
            {"instance_ptr": "#/", "messages": [{"id": 8, "text": "never", "type": "error", "context": {"days": [1]}}]},
        ]});
        let found = messages(body.to_string().as_bytes()).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|(name, m)| (name.as_str(), m.id, m.is_error()))
            .collect();
        assert_eq!(told, [("password", 9, false), ("", 8, true)]);
    }

    #[test]
    fn what_says_nothing_interrupts_with_nothing() {
        for body in [
            "",
            "<p>no</p>",
            "{}",
            r#"{"messages": []}"#,
            r#"{"messages": 3}"#,
        ] {
            assert!(messages(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn an_identity_changes_only_where_the_answer_says_so() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut identity = Identity::new("default", json!({"email": "user-1@example.org"}), now);
        identity.external_id = Some("e-1".into());
        let before = identity.clone();
        for body in [
            "{}",
            r#"{"identity": null}"#,
            r#"{"identity": {"traits": {}, "state": ""}}"#,
        ] {
            if let Some(change) = change(body.as_bytes()).unwrap() {
                change.apply(&mut identity, now).unwrap();
            }
            assert_eq!(identity, before, "{body}");
        }
        let body = r#"{"identity": {"external_id": null, "metadata_admin": {"risk": 1}, "state": "inactive",
            "verifiable_addresses": [{"value": "User-2@Example.org", "via": "email", "verified": true}]}}"#;
        let asked = change(body.as_bytes()).unwrap().unwrap();
        asked.apply(&mut identity, now).unwrap();
        assert_eq!(identity.external_id, None);
        assert_eq!(identity.metadata_admin, Some(json!({"risk": 1})));
        assert!(!identity.is_active());
        let address = identity.verifiable_addresses.first().unwrap();
        assert_eq!(
            (
                address.value.as_str(),
                address.status.as_str(),
                address.verified_at
            ),
            ("user-2@example.org", "completed", Some(now))
        );
    }

    #[test]
    fn answers_that_no_identity_can_follow_are_refused() {
        let now = OffsetDateTime::UNIX_EPOCH;
        for body in [
            json!({"identity": {"traits": "x"}}),
            json!({"identity": {"state": "asleep"}}),
            json!({"identity": {"external_id": "x".repeat(65)}}),
            json!({"identity": {"verifiable_addresses": [{"value": "a", "via": "pigeon"}]}}),
        ] {
            let mut identity = Identity::new("default", json!({}), now);
            let asked = change(body.to_string().as_bytes()).unwrap().unwrap();
            assert!(asked.apply(&mut identity, now).is_err(), "{body}");
        }
        let error = change(br#"{"identity": {"state": 3, "x": "hunter2"}}"#).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
