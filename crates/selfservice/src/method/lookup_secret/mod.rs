//! Backup codes, as a second factor (spec: methods.md §6).

mod admin;
mod credential;
mod login;
mod settings;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::{AdminMethod, LoginMethod, Method, SettingsMethod};
use credential::LookupConfig;

/// The method.
pub struct LookupSecret;

impl Method for LookupSecret {
    fn name(&self) -> MethodName {
        MethodName::LookupSecret
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.lookup_secret.enabled
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

/// Whether there are codes, used or not.
fn is_set_up(identity: &Identity) -> bool {
    identity
        .credential(MethodName::LookupSecret)
        .is_some_and(|c| !LookupConfig::of(c).recovery_codes.is_empty())
}
