//! `selfservice.methods`: the ways to prove and keep an identity.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use url::Url;

use super::{non_empty, oidc::Oidc, request::Request};
use crate::duration;

const HOUR: Duration = Duration::from_secs(3600);

/// All methods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Methods {
    /// Passwords.
    pub password: Password,
    /// One-time codes by message.
    pub code: Code,
    /// Links by message, for recovery and verification.
    pub link: Link,
    /// Traits in the settings.
    pub profile: Profile,
    /// Codes of an authenticator app.
    pub totp: Totp,
    /// Backup codes.
    pub lookup_secret: LookupSecret,
    /// Security keys.
    pub webauthn: WebAuthn,
    /// Passkeys.
    pub passkey: Passkey,
    /// Social sign-in.
    pub oidc: Oidc,
}

/// `selfservice.methods.password`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Password {
    /// Whether the method can be used.
    pub enabled: bool,
    /// Which passwords are good enough.
    pub config: PasswordPolicy,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            enabled: true,
            config: PasswordPolicy::default(),
        }
    }
}

/// Which passwords are good enough.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// The host that is asked for leaked passwords (k-anonymity range API).
    pub haveibeenpwned_host: String,
    /// Whether it is asked.
    pub haveibeenpwned_enabled: bool,
    /// In how many leaks a password may have been.
    pub max_breaches: u64,
    /// Whether a password is taken when the host cannot be asked.
    pub ignore_network_errors: bool,
    /// In bytes; 6 at least.
    pub min_password_length: usize,
    /// Whether passwords that resemble the identifier are refused.
    pub identifier_similarity_check_enabled: bool,
    /// Asks another system about passwords that were imported without a hash.
    pub migrate_hook: MigrateHook,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            haveibeenpwned_host: "api.pwnedpasswords.com".to_owned(),
            haveibeenpwned_enabled: true,
            max_breaches: 0,
            ignore_network_errors: true,
            min_password_length: 8,
            identifier_similarity_check_enabled: true,
            migrate_hook: MigrateHook::default(),
        }
    }
}

/// `selfservice.methods.password.config.migrate_hook`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MigrateHook {
    /// Whether the other system is asked.
    pub enabled: bool,
    /// How.
    pub config: Request,
}

/// `selfservice.methods.code`
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// Whether codes can be used for recovery and verification. On when one of the next two is.
    pub enabled: bool,
    /// Whether a code is a first factor, for login and registration.
    pub passwordless_enabled: bool,
    /// Whether a code is a second factor. Never together with `passwordless_enabled`.
    pub mfa_enabled: bool,
    /// How long a code is good.
    pub lifespan: Duration,
    /// How often codes can be tried in one flow.
    pub max_submissions: u32,
    /// Whether an identity without a code credential gets codes at its other addresses.
    pub missing_credential_fallback_enabled: bool,
}

impl Default for Code {
    fn default() -> Self {
        Self {
            enabled: true,
            passwordless_enabled: false,
            mfa_enabled: false,
            lifespan: HOUR,
            max_submissions: 5,
            missing_credential_fallback_enabled: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct RawCode {
    enabled: bool,
    passwordless_enabled: bool,
    mfa_enabled: bool,
    config: RawCodeConfig,
}

impl Default for RawCode {
    fn default() -> Self {
        Self {
            enabled: true,
            passwordless_enabled: false,
            mfa_enabled: false,
            config: RawCodeConfig::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct RawCodeConfig {
    #[serde(deserialize_with = "duration::deserialize")]
    lifespan: Duration,
    max_submissions: u32,
    missing_credential_fallback_enabled: bool,
}

impl Default for RawCodeConfig {
    fn default() -> Self {
        Self {
            lifespan: HOUR,
            max_submissions: 5,
            missing_credential_fallback_enabled: false,
        }
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let raw = RawCode::deserialize(input)?;
        Ok(Self {
            enabled: raw.enabled || raw.passwordless_enabled,
            passwordless_enabled: raw.passwordless_enabled,
            mfa_enabled: raw.mfa_enabled,
            lifespan: raw.config.lifespan,
            max_submissions: raw.config.max_submissions,
            missing_credential_fallback_enabled: raw.config.missing_credential_fallback_enabled,
        })
    }
}

/// `selfservice.methods.link`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Link {
    /// Whether the method can be used.
    pub enabled: bool,
    /// Its settings.
    pub config: LinkConfig,
}

/// `selfservice.methods.link.config`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct LinkConfig {
    /// What links start with instead of the server's public address.
    #[serde(deserialize_with = "non_empty")]
    pub base_url: Option<String>,
    /// How long a link is good.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            lifespan: HOUR,
        }
    }
}

/// `selfservice.methods.profile`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Whether people can change their traits.
    pub enabled: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// `selfservice.methods.totp`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Totp {
    /// Whether the method can be used.
    pub enabled: bool,
    /// Its settings.
    pub config: TotpConfig,
}

/// `selfservice.methods.totp.config`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TotpConfig {
    /// The name that authenticator apps show; `None` for the host of the public address.
    #[serde(deserialize_with = "non_empty")]
    pub issuer: Option<String>,
}

/// `selfservice.methods.lookup_secret`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LookupSecret {
    /// Whether the method can be used.
    pub enabled: bool,
}

/// `selfservice.methods.webauthn`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WebAuthn {
    /// Whether the method can be used.
    pub enabled: bool,
    /// Its settings.
    pub config: WebAuthnConfig,
}

/// `selfservice.methods.webauthn.config`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WebAuthnConfig {
    /// Whether a key is a first factor; else it is a second one.
    pub passwordless: bool,
    /// The site that keys belong to.
    pub rp: RelyingParty,
}

/// The site that keys belong to (WebAuthn's relying party).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RelyingParty {
    /// The host name. Empty when it is not configured.
    pub id: String,
    /// The name that browsers show.
    pub display_name: String,
    /// The only origin. Ask [`RelyingParty::allowed_origins`].
    pub origin: Option<String>,
    /// The origins. Ask [`RelyingParty::allowed_origins`].
    pub origins: Vec<String>,
}

impl RelyingParty {
    /// The origins that ceremonies may come from: the configured ones, else the host under the scheme of the
    /// server's public address.
    #[must_use]
    pub fn allowed_origins(&self, public: &Url) -> Vec<String> {
        match (&self.origin, self.origins.as_slice()) {
            (Some(origin), _) => vec![origin.clone()],
            (None, []) => vec![format!("{}://{}", public.scheme(), self.id)],
            (None, origins) => origins.to_vec(),
        }
    }
}

/// `selfservice.methods.passkey`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Passkey {
    /// Whether the method can be used.
    pub enabled: bool,
    /// Its settings.
    pub config: PasskeyConfig,
}

/// `selfservice.methods.passkey.config`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PasskeyConfig {
    /// The site that keys belong to.
    pub rp: RelyingParty,
    /// Which authenticators are asked.
    pub authenticator_selection: AuthenticatorSelection,
    /// What authenticators say about themselves.
    pub attestation: Attestation,
    /// How long a ceremony may take.
    pub timeouts: CeremonyTimeouts,
}

/// `selfservice.methods.passkey.config.authenticator_selection`, in WebAuthn's words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AuthenticatorSelection {
    /// `platform` or `cross-platform`.
    pub attachment: Option<String>,
    /// `required`, `preferred` or `discouraged`.
    pub resident_key: String,
    /// `required`, `preferred` or `discouraged`.
    pub user_verification: String,
}

impl Default for AuthenticatorSelection {
    fn default() -> Self {
        Self {
            attachment: None,
            resident_key: "required".to_owned(),
            user_verification: "preferred".to_owned(),
        }
    }
}

/// `selfservice.methods.passkey.config.attestation`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Attestation {
    /// `none`, `indirect`, `direct` or `enterprise`.
    pub preference: String,
}

impl Default for Attestation {
    fn default() -> Self {
        Self {
            preference: "none".to_owned(),
        }
    }
}

/// `selfservice.methods.passkey.config.timeouts`; `None` for five minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CeremonyTimeouts {
    /// Making a key.
    #[serde(deserialize_with = "duration::deserialize_option")]
    pub registration: Option<Duration>,
    /// Using one.
    #[serde(deserialize_with = "duration::deserialize_option")]
    pub login: Option<Duration>,
}
