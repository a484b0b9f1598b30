//! Passkeys (spec: methods.md §7). So far they can be imported and shown; signing in by them comes later.

mod admin;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::webauthn::key::KeysConfig;
use super::{AdminMethod, Method};

/// The method.
pub struct Passkey;

impl Method for Passkey {
    fn name(&self) -> MethodName {
        MethodName::Passkey
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.passkey.enabled
    }

    fn first_factors(&self, _config: &Config, identity: &Identity) -> usize {
        let credential = identity.credential(MethodName::Passkey);
        let named = credential.filter(|c| c.identifiers.iter().any(|i| !i.is_empty()));
        named.map_or(0, |c| KeysConfig::of(c).keys().count())
    }

    fn admin(&self) -> Option<&dyn AdminMethod> {
        Some(self)
    }
}
