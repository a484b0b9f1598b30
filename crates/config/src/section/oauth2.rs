//! `oauth2_provider`: the OAuth2 server that this one answers for.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use crate::Secret;

/// `oauth2_provider`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OAuth2Provider {
    /// Its admin address; `None` when there is none.
    pub url: Option<Url>,
    /// Headers of requests to it. Their values may be secrets.
    pub headers: BTreeMap<String, Secret>,
    /// Whether its request's address becomes the flow's `return_to`.
    pub override_return_to: bool,
}
