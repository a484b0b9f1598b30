//! `cookies`: the attributes of all cookies, where the session's does not have its own.

use serde::Deserialize;

use super::non_empty;
use crate::source_bool;

/// The `SameSite` attribute of a cookie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum SameSite {
    /// Only with requests from the same site.
    Strict,
    /// Also when a link leads here.
    #[default]
    Lax,
    /// With all requests; browsers then want `Secure`.
    None,
}

impl SameSite {
    /// As in a `Set-Cookie` header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// The attributes of cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookies {
    /// The domain; `None` for the host only.
    pub domain: Option<String>,
    /// The path.
    pub path: String,
    /// When browsers send them from other sites.
    pub same_site: SameSite,
    /// Whether they are for https only: as configured, else everywhere but in development mode.
    pub secure: bool,
}

/// As written: the same keys under `cookies` and under `session.cookie`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawCookies {
    #[serde(deserialize_with = "non_empty")]
    pub(crate) domain: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) secure: Option<String>,
}

impl RawCookies {
    pub(crate) fn resolve(self, dev: bool) -> Cookies {
        Cookies {
            domain: self.domain,
            path: self.path.unwrap_or_else(|| "/".to_owned()),
            same_site: self.same_site.unwrap_or_default(),
            secure: is_secure(self.secure.as_deref(), dev),
        }
    }
}

/// A text that is neither true nor false counts as false, as with the reference; there is a warning about it.
pub(crate) fn is_secure(text: Option<&str>, dev: bool) -> bool {
    text.map_or(!dev, |text| source_bool(text).unwrap_or(false))
}
