//! Security keys (spec: methods.md §7): a second factor, or with `passwordless` a first one. Verification is
//! `bia-webauthn`'s; passkeys use what is here, too.

mod admin;
pub(crate) mod ceremony;
pub(crate) mod import;
pub(crate) mod key;
mod login;
pub(crate) mod nodes;
pub(crate) mod redeem;
mod registration;
mod settings;

use bia_config::Config;
use bia_model::{Aal, Identity, MethodName};

use super::{AdminMethod, LoginMethod, Method, RegistrationMethod, SettingsMethod};
use crate::cx::Cx;
use key::KeysConfig;

/// What runs security keys and passkeys in the browser (methods.md §7).
pub const SCRIPT: &str = include_str!("webauthn.js");

/// The method.
pub struct Webauthn;

impl Method for Webauthn {
    fn name(&self) -> MethodName {
        MethodName::Webauthn
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.webauthn.enabled
    }

    fn first_factors(&self, _config: &Config, identity: &Identity) -> usize {
        let Some(credential) = identity.credential(MethodName::Webauthn) else {
            return 0;
        };
        let has_identifier = credential.identifiers.iter().any(|i| !i.is_empty());
        let keys = KeysConfig::of(credential);
        let passwordless = keys.keys().filter(|k| k.is_passwordless).count();
        if has_identifier { passwordless } else { 0 }
    }

    fn second_factors(&self, _config: &Config, identity: &Identity) -> usize {
        let keys = identity
            .credential(MethodName::Webauthn)
            .map(KeysConfig::of);
        keys.unwrap_or_default()
            .keys()
            .filter(|k| !k.is_passwordless)
            .count()
    }

    fn is_second_factor(&self, config: &Config) -> bool {
        !config.selfservice.methods.webauthn.config.passwordless
    }

    fn is_way_in(&self, identity: &Identity) -> bool {
        let keys = identity
            .credential(MethodName::Webauthn)
            .map(KeysConfig::of);
        keys.unwrap_or_default().keys().any(|k| k.is_passwordless)
    }

    fn login(&self) -> Option<&dyn LoginMethod> {
        Some(self)
    }

    fn registration(&self) -> Option<&dyn RegistrationMethod> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn SettingsMethod> {
        Some(self)
    }

    fn admin(&self) -> Option<&dyn AdminMethod> {
        Some(self)
    }
}

/// Whether keys are first factors here.
fn is_passwordless(cx: &Cx) -> bool {
    cx.config().selfservice.methods.webauthn.config.passwordless
}

/// The level that a key gives here.
fn level(cx: &Cx) -> Aal {
    if is_passwordless(cx) {
        Aal::Aal1
    } else {
        Aal::Aal2
    }
}
