//! `session`: how long sessions last, their cookie, and what whoami demands.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{
    RequiredAal,
    cookies::{Cookies, RawCookies, SameSite, is_secure},
};
use crate::{Secret, duration};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// How long a session lasts.
    pub lifespan: Duration,
    /// A session can be extended when less than this is left of it. The lifespan (always) unless configured.
    pub earliest_possible_extend: Duration,
    /// What whoami demands.
    pub whoami: Whoami,
    /// The cookie.
    pub cookie: SessionCookie,
}

/// `session.whoami`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Whoami {
    /// How strongly one has to be authenticated; also looked at right after login.
    pub required_aal: RequiredAal,
    /// Sessions as signed tokens.
    pub tokenizer: Tokenizer,
}

/// `session.whoami.tokenizer`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Tokenizer {
    /// By the name that `tokenize_as` asks for.
    pub templates: BTreeMap<String, TokenTemplate>,
}

/// How a session becomes a signed token.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TokenTemplate {
    /// How long the token is good; zero (not the schema's minute) when not set.
    #[serde(default, deserialize_with = "duration::deserialize")]
    pub ttl: Duration,
    /// The address of the Jsonnet that adds claims.
    #[serde(default)]
    pub claims_mapper_url: Option<String>,
    /// The address of the signing keys, `file://` or `base64://` (which holds the keys themselves).
    pub jwks_url: Secret,
    /// What becomes the subject.
    #[serde(default)]
    pub subject_source: SubjectSource,
}

/// What becomes the subject of a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectSource {
    /// The identity's id.
    #[default]
    Id,
    /// The identity's external id.
    ExternalId,
}

/// The session cookie. Domain, path and SameSite are `session.cookie`'s, else those of `cookies`; `secure` never
/// comes from `cookies`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCookie {
    /// Its name.
    pub name: String,
    /// Whether it outlives the browser session.
    pub persistent: bool,
    /// The domain; `None` for the host only.
    pub domain: Option<String>,
    /// The path.
    pub path: String,
    /// When browsers send it from other sites.
    pub same_site: SameSite,
    /// Whether it is for https only: as configured, else everywhere but in development mode.
    pub secure: bool,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct RawSession {
    #[serde(deserialize_with = "duration::deserialize")]
    lifespan: Duration,
    #[serde(deserialize_with = "duration::deserialize_option")]
    earliest_possible_extend: Option<Duration>,
    whoami: Whoami,
    cookie: RawSessionCookie,
}

impl Default for RawSession {
    fn default() -> Self {
        Self {
            lifespan: DAY,
            earliest_possible_extend: None,
            whoami: Whoami::default(),
            cookie: RawSessionCookie::default(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct RawSessionCookie {
    name: String,
    persistent: bool,
    #[serde(flatten)]
    attributes: RawCookies,
}

impl Default for RawSessionCookie {
    fn default() -> Self {
        Self {
            name: "ory_kratos_session".to_owned(),
            persistent: true,
            attributes: RawCookies::default(),
        }
    }
}

impl RawSession {
    pub(crate) fn resolve(self, cookies: &Cookies, dev: bool) -> Session {
        let RawSessionCookie {
            name,
            persistent,
            attributes,
        } = self.cookie;
        Session {
            lifespan: self.lifespan,
            earliest_possible_extend: self.earliest_possible_extend.unwrap_or(self.lifespan),
            whoami: self.whoami,
            cookie: SessionCookie {
                name,
                persistent,
                domain: attributes.domain.or_else(|| cookies.domain.clone()),
                path: attributes.path.unwrap_or_else(|| cookies.path.clone()),
                same_site: attributes.same_site.unwrap_or(cookies.same_site),
                secure: is_secure(attributes.secure.as_deref(), dev),
            },
        }
    }
}
