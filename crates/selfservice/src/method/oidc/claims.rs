//! What a provider says about somebody, in the shape that mappers know (spec: oidc.md §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// The members that hold texts.
const TEXTS: [&str; 23] = [
    "iss",
    "sub",
    "oid",
    "name",
    "given_name",
    "family_name",
    "last_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "hd",
    "team",
    "nonce",
    "acr",
];

/// The members that hold truth values; texts of them are taken as well.
const FLAGS: [&str; 3] = ["email_verified", "phone_number_verified", "nonce_supported"];

/// The claims, in their known members only; what is empty is not there.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::method::oidc) struct Claims(Map<String, Value>);

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl Claims {
    /// The known ones of a decoded token or user-info document, which is kept as `raw_claims`.
    pub(in crate::method::oidc) fn of_document(document: Map<String, Value>) -> Claims {
        let mut claims = Claims::known(&document);
        claims.set_raw(document);
        claims
    }

    /// The known ones of a document that is made for this.
    pub(in crate::method::oidc) fn known(document: &Map<String, Value>) -> Claims {
        let mut known = Map::new();
        let mut keep = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                known.insert(name.to_owned(), value);
            }
        };
        for name in TEXTS {
            keep(name, document.get(name).and_then(text));
        }
        for name in FLAGS {
            keep(name, document.get(name).and_then(flag));
        }
        keep("updated_at", document.get("updated_at").and_then(integer));
        keep("amr", document.get("amr").and_then(texts));
        Claims(known)
    }

    /// The text of a member; empty when it is not there.
    pub(in crate::method::oidc) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a flag is set.
    pub(in crate::method::oidc) fn flag(&self, name: &str) -> bool {
        self.0
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// Who it is there.
    pub(in crate::method::oidc) fn subject(&self) -> &str {
        self.text("sub")
    }

    /// How the person was authenticated there.
    pub(in crate::method::oidc) fn methods(&self) -> Vec<String> {
        let list = self.0.get("amr").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    }

    /// Sets a text; an empty one takes the member away.
    pub(in crate::method::oidc) fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            self.0.shift_remove(name);
        } else {
            self.0.insert(name.to_owned(), Value::String(value));
        }
    }

    /// Sets or clears a flag.
    pub(in crate::method::oidc) fn set_flag(&mut self, name: &str, set: bool) {
        if set {
            self.0.insert(name.to_owned(), Value::Bool(true));
        } else {
            self.0.shift_remove(name);
        }
    }

    /// Sets a number.
    pub(in crate::method::oidc) fn set_number(&mut self, name: &str, number: i64) {
        self.0.insert(name.to_owned(), number.into());
    }

    /// Keeps the document that they were taken from.
    pub(in crate::method::oidc) fn set_raw(&mut self, document: Map<String, Value>) {
        self.0.insert("raw_claims".into(), Value::Object(document));
    }

    /// Sets a text where there is none yet.
    pub(in crate::method::oidc) fn fill(&mut self, name: &str, value: &str) {
        if self.text(name).is_empty() {
            self.set(name, value);
        }
    }

    /// As mappers get them.
    pub(in crate::method::oidc) fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// Checks that they say who it is, and who says so.
    pub(in crate::method::oidc) fn check(&self) -> Result<(), Problem> {
        for (name, meaning) in [("sub", "who it is"), ("iss", "who says so")] {
            if self.text(name).is_empty() {
                return Err(Problem::Upstream(format!(
                    "The provider does not say {meaning}: the claim {name} is empty."
                )));
            }
        }
        Ok(())
    }
}

fn text(value: &Value) -> Option<Value> {
    value.as_str().filter(|t| !t.is_empty()).map(Value::from)
}

fn flag(value: &Value) -> Option<Value> {
    let set = match value {
        Value::Bool(set) => *set,
        Value::String(text) => crate::form::go_bool(text),
        _ => false,
    };
    set.then_some(Value::Bool(true))
}

fn integer(value: &Value) -> Option<Value> {
    let number = value.as_i64().or_else(|| {
        let float = value.as_f64().filter(|f| f.fract() == 0.0)?;
        // Beyond this, floats are no longer exact, and no time is meant.
        (float.abs() < 9e15).then_some(float as i64)
    });
    number.filter(|n| *n != 0).map(Value::from)
}

fn texts(value: &Value) -> Option<Value> {
    let list: Vec<&str> = value.as_array()?.iter().filter_map(Value::as_str).collect();
    (!list.is_empty()).then(|| Value::from(list))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(document: Value) -> Claims {
        let Value::Object(document) = document else {
            panic!("no object")
        };
        Claims::of_document(document)
    }

    #[test]
    fn known_members_are_kept_and_the_rest_is_raw() {
        let claims = claims(json!({
            "sub": "s-1", "iss": "https://idp.example.org", "email_verified": "true", "phone_number_verified": false,
            "updated_at": 1_700_000_000, "amr": ["pwd", 1], "name": "", "given_name": 7, "custom": {"shoe": 38},
        }));
        let mut json = claims.to_json();
        let raw = json
            .as_object_mut()
            .unwrap()
            .shift_remove("raw_claims")
            .unwrap();
        assert_eq!(
            json,
            json!({"iss": "https://idp.example.org", "sub": "s-1", "email_verified": true, "updated_at": 1_700_000_000, "amr": ["pwd"]})
        );
        assert_eq!(raw["custom"]["shoe"], 38);
        assert_eq!(claims.methods(), ["pwd"]);
    }

    #[test]
    fn who_it_is_has_to_be_said() {
        assert!(claims(json!({"sub": "", "iss": "x"})).check().is_err());
        assert!(claims(json!({"sub": "x"})).check().is_err());
        assert!(claims(json!({"sub": 7, "iss": "x"})).check().is_err());
        assert!(claims(json!({"sub": "x", "iss": "x"})).check().is_ok());
    }
}
