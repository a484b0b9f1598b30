//! Codes of an authenticator app, as a second factor (spec: methods.md §5; RFC 6238).

mod admin;
mod credential;
mod key;
mod login;
mod picture;
mod settings;
mod step;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::{AdminMethod, LoginMethod, Method, SettingsMethod};
use credential::TotpConfig;

/// The method.
pub struct Totp;

impl Method for Totp {
    fn name(&self) -> MethodName {
        MethodName::Totp
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.totp.enabled
    }

    fn second_factors(&self, _config: &Config, identity: &Identity) -> usize {
        usize::from(is_set_up(identity))
    }

    fn is_second_factor(&self, _config: &Config) -> bool {
        true
    }

    fn login(&self) -> Option<&dyn LoginMethod> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn SettingsMethod> {
        Some(self)
    }

    fn admin(&self) -> Option<&dyn AdminMethod> {
        Some(self)
    }
}

/// Whether there is an authenticator app that counts.
fn is_set_up(identity: &Identity) -> bool {
    identity
        .credential(MethodName::Totp)
        .is_some_and(|c| TotpConfig::of(c).counts())
}
