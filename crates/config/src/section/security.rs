//! `security` and `feature_flags`.

use std::time::Duration;

use serde::Deserialize;

use crate::duration;

/// `security`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Security {
    /// Whether an account exists is hidden where that is possible.
    pub account_enumeration: AccountEnumeration,
    /// Whether `$ref` in identity schemas may only lead to `#/…` and `base64://`.
    pub disallow_ref_in_identity_schemas: bool,
}

/// `security.account_enumeration`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AccountEnumeration {
    /// Whether it is hidden.
    pub mitigate: bool,
}

/// `feature_flags`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FeatureFlags {
    /// whoami says how long its answer can be kept.
    pub cacheable_sessions: bool,
    /// The longest time it says.
    #[serde(deserialize_with = "duration::deserialize_option")]
    pub cacheable_sessions_max_age: Option<Duration>,
    /// Recovery answers with `continue_with` instead of redirects for applications.
    pub use_continue_with_transitions: bool,
    /// Recovery lets people choose the address.
    pub choose_recovery_address: bool,
    /// The verification hook itself sends people on to the page.
    pub legacy_continue_with_verification_ui: bool,
    /// A login without a verified address is a form error.
    pub legacy_require_verified_login_error: bool,
    /// Extending a session answers without a body.
    pub faster_session_extend: bool,
    /// Trait nodes in errors of a social sign-up are in the group `oidc`.
    pub legacy_oidc_registration_node_group: bool,
    /// Wildcards in origins and return URLs need no bound.
    pub legacy_allow_insecure_origins: bool,
    /// Logging in again by code shows one button per address.
    pub refresh_login_choose_address: bool,
}
