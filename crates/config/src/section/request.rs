//! Requests that the server sends: web hooks, the password migration hook, messages over HTTP.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use crate::Secret;

/// What is sent where.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The address. The schema does not require it everywhere; without it the request fails when it is made.
    pub url: Option<Url>,
    /// The method; `None` leaves it to the kind of request (POST for hooks, GET for channels of messages).
    pub method: Option<String>,
    /// Headers that are added. Their values may be secrets.
    pub headers: BTreeMap<String, Secret>,
    /// The address of the Jsonnet that builds the body: `file://`, `base64://`, `http(s)://`. A bare path is an
    /// older spelling of `file://`.
    pub body: Option<String>,
    /// How the request authenticates itself.
    pub auth: Option<RequestAuth>,
}

/// Credentials of an outgoing request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", content = "config", rename_all = "snake_case")]
pub enum RequestAuth {
    /// A key in a header or a cookie.
    ApiKey {
        /// The header's or cookie's name.
        name: String,
        /// The key.
        value: Secret,
        /// Where it goes.
        #[serde(rename = "in", default)]
        location: ApiKeyLocation,
    },
    /// RFC 7617.
    BasicAuth {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// Where an API key goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyLocation {
    /// A header of its own.
    #[default]
    Header,
    /// A cookie.
    Cookie,
}
