//! `bia.mfa`: who needs a second factor.

use std::time::Duration;

use bia_model::MethodName;
use bia_model::schema::Condition;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::duration;

/// `bia.mfa`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaMfa {
    /// What holds for those whom no rule is about.
    pub default: MfaRequirement,
    /// The first one whose condition an identity fits decides.
    pub rules: Vec<MfaRule>,
}

/// Whether a second factor is needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MfaRequirement {
    /// Whoever wants one sets one up; everything is as without `bia.mfa`.
    #[default]
    Optional,
    /// Sessions are of use with a second factor only.
    Required,
}

/// One of `bia.mfa.rules`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MfaRule {
    /// Whom it is about: a JSON Schema that the admin API's JSON of an identity (without its credentials) fits.
    #[serde(deserialize_with = "condition")]
    pub when: Condition,
    /// What holds for them.
    pub require: MfaRequirement,
    /// What satisfies the rule; `None` for any second factor.
    #[serde(default)]
    pub methods: Option<Vec<MethodName>>,
    /// How long somebody without a factor may go on, from when they are first met without one.
    #[serde(default, deserialize_with = "duration::deserialize")]
    pub grace: Duration,
}

fn condition<'de, D: Deserializer<'de>>(input: D) -> Result<Condition, D::Error> {
    let schema = Value::deserialize(input)?;
    Condition::compile(&schema).map_err(|problems| D::Error::custom(problems.join(" ")))
}
