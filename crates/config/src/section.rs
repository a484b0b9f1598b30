//! The sections of the configuration, one file each.

pub mod abuse;
pub mod bia;
pub mod clients;
pub mod cookies;
pub mod courier;
pub mod database;
pub mod flow;
pub mod hasher;
pub mod hook;
pub mod identity;
pub mod log;
pub mod method;
pub mod mfa;
pub mod oauth2;
pub mod oidc;
pub mod request;
pub mod secrets;
pub mod security;
pub mod selfservice;
pub mod serve;
pub mod session;
pub mod tracing;

use serde::{Deserialize, Deserializer};

/// How strongly someone has to be authenticated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredAal {
    /// One factor is enough.
    Aal1,
    /// As many factors as the identity has set up.
    #[default]
    HighestAvailable,
}

/// For `#[serde(deserialize_with)]` on an optional text: an empty one counts as not set.
pub(crate) fn non_empty<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(input)?.filter(|text| !text.is_empty()))
}
