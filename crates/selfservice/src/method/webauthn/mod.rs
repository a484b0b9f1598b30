//! Security keys (spec: methods.md §6). So far they can be imported, shown and taken away; signing in by
//! them comes later.

mod admin;
pub(super) mod key;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::{AdminMethod, Method};
use key::KeysConfig;

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

    fn admin(&self) -> Option<&dyn AdminMethod> {
        Some(self)
    }
}
