//! `selfservice.flows`: the pages, lifespans and hooks of each flow.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{RequiredAal, hook::Hook};
use crate::{RedirectUrl, duration, redirect};

const HOUR: Duration = Duration::from_secs(3600);

/// All flows.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Flows {
    /// Login.
    pub login: LoginFlow,
    /// Registration.
    pub registration: RegistrationFlow,
    /// Settings.
    pub settings: SettingsFlow,
    /// Recovery.
    pub recovery: RecoveryFlow,
    /// Verification.
    pub verification: VerificationFlow,
    /// Logout.
    pub logout: LogoutFlow,
    /// The page for errors.
    pub error: ErrorFlow,
}

impl Flows {
    /// All hooks of all lists.
    pub fn hooks(&self) -> impl Iterator<Item = &Hook> {
        let before = [
            &self.login.before,
            &self.registration.before,
            &self.settings.before,
            &self.recovery.before,
            &self.verification.before,
        ];
        let after = [
            &self.login.after,
            &self.registration.after,
            &self.settings.after,
            &self.recovery.after,
            &self.verification.after,
        ];
        let after = after.into_iter().flat_map(|after| {
            let of_methods = after.methods.values().flat_map(|own| &own.hooks);
            after.hooks.iter().chain(of_methods)
        });
        before
            .into_iter()
            .flat_map(|before| &before.hooks)
            .chain(after)
    }
}

/// What runs before a flow starts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Before {
    /// In order.
    pub hooks: Vec<Hook>,
}

/// What happens after a flow, in general and per method.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct After {
    /// Where browsers go, unless the method says otherwise.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub default_browser_return_url: Option<RedirectUrl>,
    /// The hooks for methods that have none of their own.
    pub hooks: Vec<Hook>,
    /// By credential type: `password`, `oidc`, `code`, `webauthn`, `passkey`, `totp`, `lookup_secret`, `profile`.
    #[serde(flatten)]
    pub methods: BTreeMap<String, AfterMethod>,
}

/// What happens after a flow that one method completed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AfterMethod {
    /// Where browsers go.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub default_browser_return_url: Option<RedirectUrl>,
    /// They take the place of the flow's hooks, and never run together with them.
    pub hooks: Vec<Hook>,
}

impl After {
    /// The hooks of one method; empty when it has none of its own.
    ///
    /// Which list runs depends on the flow and on which of the hooks can run at that point (spec hooks §1), so
    /// the choice between this and [`After::hooks`] is the flow's.
    #[must_use]
    pub fn method_hooks(&self, method: &str) -> &[Hook] {
        self.methods.get(method).map_or(&[], |after| &after.hooks)
    }

    /// Where browsers go after this flow: the method's address, else the flow's, else `None`.
    #[must_use]
    pub fn return_url(&self, method: &str) -> Option<&RedirectUrl> {
        let of_method = self
            .methods
            .get(method)
            .and_then(|after| after.default_browser_return_url.as_ref());
        of_method.or(self.default_browser_return_url.as_ref())
    }
}

/// How the login form starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginStyle {
    /// All methods on one form.
    #[default]
    Unified,
    /// First the identifier, then the methods.
    IdentifierFirst,
}

/// `selfservice.flows.login`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct LoginFlow {
    /// The page; `None` for the built-in one.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub ui_url: Option<RedirectUrl>,
    /// How long a flow can be submitted.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
    /// How the form starts.
    pub style: LoginStyle,
    /// Hooks before the flow.
    pub before: Before,
    /// What happens after it.
    pub after: After,
}

impl Default for LoginFlow {
    fn default() -> Self {
        Self {
            ui_url: None,
            lifespan: HOUR,
            style: LoginStyle::default(),
            before: Before::default(),
            after: After::default(),
        }
    }
}

/// How the registration form starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationStyle {
    /// All methods and the profile on one form.
    Unified,
    /// First the profile, then the methods.
    #[default]
    ProfileFirst,
}

/// `selfservice.flows.registration`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct RegistrationFlow {
    /// Whether people can register.
    pub enabled: bool,
    /// Whether the error for an address that is taken says how one can log in.
    pub login_hints: bool,
    /// The page; `None` for the built-in one.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub ui_url: Option<RedirectUrl>,
    /// How long a flow can be submitted.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
    /// The older spelling of `style: unified`, which it beats. Ask [`RegistrationFlow::is_two_step`].
    pub enable_legacy_one_step: bool,
    /// How the form starts. Ask [`RegistrationFlow::is_two_step`].
    pub style: RegistrationStyle,
    /// Hooks before the flow.
    pub before: Before,
    /// What happens after it.
    pub after: After,
}

impl RegistrationFlow {
    /// Whether the profile comes first and the method after it.
    #[must_use]
    pub fn is_two_step(&self) -> bool {
        !self.enable_legacy_one_step && self.style == RegistrationStyle::ProfileFirst
    }
}

impl Default for RegistrationFlow {
    fn default() -> Self {
        Self {
            enabled: true,
            login_hints: false,
            ui_url: None,
            lifespan: HOUR,
            enable_legacy_one_step: false,
            style: RegistrationStyle::default(),
            before: Before::default(),
            after: After::default(),
        }
    }
}

/// `selfservice.flows.settings`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct SettingsFlow {
    /// The page; `None` for the built-in one.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub ui_url: Option<RedirectUrl>,
    /// How long a flow can be submitted.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
    /// How long after a login credentials can be changed without another one.
    #[serde(deserialize_with = "duration::deserialize")]
    pub privileged_session_max_age: Duration,
    /// How strongly one has to be authenticated to change settings.
    pub required_aal: RequiredAal,
    /// Hooks before the flow.
    pub before: Before,
    /// What happens after it.
    pub after: After,
}

impl Default for SettingsFlow {
    fn default() -> Self {
        Self {
            ui_url: None,
            lifespan: HOUR,
            privileged_session_max_age: HOUR,
            required_aal: RequiredAal::default(),
            before: Before::default(),
            after: After::default(),
        }
    }
}

/// The method that recovery or verification messages use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageMethod {
    /// A link to follow.
    Link,
    /// A code to type.
    #[default]
    Code,
}

impl MessageMethod {
    /// As in the configuration and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Code => "code",
        }
    }
}

/// `selfservice.flows.recovery`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct RecoveryFlow {
    /// Whether accounts can be recovered.
    pub enabled: bool,
    /// The page; `None` for the built-in one.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub ui_url: Option<RedirectUrl>,
    /// How long a flow can be submitted.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
    /// Code or link.
    #[serde(rename = "use")]
    pub method: MessageMethod,
    /// Whether an address that is not known gets a message that says so.
    pub notify_unknown_recipients: bool,
    /// Hooks before the flow.
    pub before: Before,
    /// What happens after it.
    pub after: After,
}

impl Default for RecoveryFlow {
    fn default() -> Self {
        Self {
            enabled: false,
            ui_url: None,
            lifespan: HOUR,
            method: MessageMethod::default(),
            notify_unknown_recipients: false,
            before: Before::default(),
            after: After::default(),
        }
    }
}

/// `selfservice.flows.verification`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct VerificationFlow {
    /// Whether addresses are verified.
    pub enabled: bool,
    /// The page; `None` for the built-in one.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub ui_url: Option<RedirectUrl>,
    /// How long a flow can be submitted.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifespan: Duration,
    /// Code or link.
    #[serde(rename = "use")]
    pub method: MessageMethod,
    /// Whether an address that is not known gets a message that says so.
    pub notify_unknown_recipients: bool,
    /// Hooks before the flow.
    pub before: Before,
    /// What happens after it.
    pub after: After,
}

impl Default for VerificationFlow {
    fn default() -> Self {
        let RecoveryFlow {
            enabled,
            ui_url,
            lifespan,
            method,
            notify_unknown_recipients,
            before,
            after,
        } = RecoveryFlow::default();
        Self {
            enabled,
            ui_url,
            lifespan,
            method,
            notify_unknown_recipients,
            before,
            after,
        }
    }
}

/// `selfservice.flows.logout`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LogoutFlow {
    /// Whether the browser is told to forget cookies, storage and caches of this origin (over https only).
    pub clear_browser_data: bool,
    /// Where browsers go.
    pub after: AfterMethod,
}

/// `selfservice.flows.error`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ErrorFlow {
    /// The page; `None` for the built-in one.
    #[serde(deserialize_with = "redirect::deserialize_option")]
    pub ui_url: Option<RedirectUrl>,
}
