//! `bia`: our own settings.

use std::path::PathBuf;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::abuse::BiaAbuse;
use super::mfa::BiaMfa;
use super::non_empty;
use crate::{Secret, duration};

/// `bia`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Bia {
    /// Who needs a second factor; `None` where nothing is said of that.
    pub mfa: Option<BiaMfa>,
    /// Browsers that need not give the second factor at each login.
    pub trusted_browser: BiaTrustedBrowser,
    /// Whether errors say how to go on.
    pub help: BiaHelp,
    /// Keeping why requests were refused.
    pub explain: BiaExplain,
    /// Security keys and passkeys.
    pub security_keys: BiaSecurityKeys,
    /// Finding identities.
    pub search: BiaSearch,
    /// Signing up.
    pub registration: BiaRegistration,
    /// Sessions.
    pub sessions: BiaSessions,
    /// Which addresses the hook `require_verified_address` asks for.
    pub require_verified_address: RequiredAddresses,
    /// The built-in pages.
    pub ui: BiaUi,
    /// Bounds for what strangers can make the server do, and for guessing.
    pub abuse: BiaAbuse,
    /// Web hooks.
    pub hooks: BiaHooks,
    /// Where the server keeps its files; `None` for the folder that the system has for such files.
    #[serde(deserialize_with = "data_dir")]
    pub data_dir: Option<PathBuf>,
}

/// Which addresses have to be verified before somebody gets a session, where the hook `require_verified_address` is
/// used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredAddresses {
    /// One of them, whichever: what the reference asks for.
    #[default]
    Any,
    /// All of them.
    All,
    /// The one that was typed to sign in; where that was a user name, or nothing was typed, any.
    Identifier,
}

/// `bia.help`: whether errors say how to go on, in a member `bia`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct BiaHelp(pub bool);

impl Default for BiaHelp {
    fn default() -> Self {
        Self(true)
    }
}

/// `bia.explain`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaExplain {
    /// Whether it is kept why requests were refused, for `GET /admin/bia/explain/{id}`.
    pub enabled: bool,
    /// For how long.
    #[serde(deserialize_with = "duration::deserialize")]
    pub keep: Duration,
    /// How many a second a process keeps at most, in the long run; short bursts may hold ten seconds' worth.
    pub per_second: u32,
}

impl Default for BiaExplain {
    fn default() -> Self {
        Self {
            enabled: true,
            keep: Duration::from_secs(24 * 60 * 60),
            per_second: 5,
        }
    }
}

/// `bia.security_keys`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaSecurityKeys {
    /// What becomes of a sign-in with a key whose counter did not go on, as those of a key and its copy do not.
    /// Keys without a counter are not meant.
    pub stuck_counter: StuckCounter,
}

/// What becomes of a sign-in with a key whose counter did not go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckCounter {
    /// It goes through; the key is marked, and the log says so.
    #[default]
    Warn,
    /// It is refused, and the key is marked.
    Refuse,
}

/// `bia.registration`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaRegistration {
    /// Whether signing up with an address that somebody has goes on as with a free one, and its owner is told by a
    /// message. No method signs in after registration then.
    pub hide_existing_accounts: bool,
}

/// `bia.search`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaSearch {
    /// The traits by which `bia_q` finds identities, besides identifiers and addresses; members with dots between.
    pub traits: Vec<String>,
}

/// `bia.trusted_browser`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaTrustedBrowser {
    /// Whether there are such browsers. Off, nothing of it is looked at, and earlier trust does not count.
    pub enabled: bool,
    /// How long a browser is trusted from when a second factor was given in it.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
    /// What the names of the cookies begin with.
    pub cookie_name: String,
    /// Whether people are asked by a checkbox; else every browser is trusted in which a second factor was given.
    pub ask: bool,
}

impl Default for BiaTrustedBrowser {
    fn default() -> Self {
        Self {
            enabled: false,
            lifespan: Duration::from_secs(30 * 24 * 3600),
            cookie_name: "bia_trusted_browser".into(),
            ask: true,
        }
    }
}

/// `bia.hooks`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaHooks {
    /// Whether calls whose answer is ignored are stored with what they tell of, and made until they are taken.
    pub outbox: bool,
    /// What calls are signed with (Standard Webhooks): `whsec_` and base64 of 24 to 64 bytes. All of them sign, so that
    /// the other server can go from one to the next. Ask [`BiaHooks::signing_keys`].
    pub signing_secrets: Vec<Secret>,
    /// How long a flow waits for a hook, over all attempts; at most 55 s, as requests are answered within a minute.
    #[serde(deserialize_with = "duration::deserialize")]
    pub timeout: Duration,
}

impl Default for BiaHooks {
    fn default() -> Self {
        Self {
            outbox: false,
            signing_secrets: Vec::new(),
            timeout: Duration::from_secs(50),
        }
    }
}

impl BiaHooks {
    /// The bytes of the signing secrets, in their order.
    pub fn signing_keys(&self) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
        let all = self.signing_secrets.iter();
        all.filter_map(|secret| signing_key(secret.expose()))
    }
}

/// The bytes of a signing secret; `None` when it is not spelled as one, or too short or too long.
pub(crate) fn signing_key(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let key = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
    let key = Zeroizing::new(key);
    (24..=64).contains(&key.len()).then_some(key)
}

/// `bia.sessions`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BiaSessions {
    /// How new session tokens are stored.
    pub stored_token: StoredToken,
}

/// How new session tokens are stored. Those that are stored the other way keep working.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredToken {
    /// As a keyed hash, so that a copy of the database lets nobody in.
    #[default]
    Hashed,
    /// As they are, so that the reference can read them, too.
    Plain,
}

/// `bia.ui`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct BiaUi {
    /// The name of the service, in titles and mails; `None` for the built-in one.
    #[serde(deserialize_with = "non_empty")]
    pub name: Option<String>,
}

fn data_dir<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(non_empty(input)?.map(PathBuf::from))
}
