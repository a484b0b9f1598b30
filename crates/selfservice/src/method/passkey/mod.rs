//! Passkeys (spec: methods.md §8): keys that know their account, so that nobody has to type a name.

mod admin;
mod login;
mod model;
mod registration;
mod settings;

use bia_config::Config;
use bia_model::{Flow, Identity, MethodName};

use super::webauthn::key::KeysConfig;
use super::{AdminMethod, LoginMethod, Method, RegistrationMethod, SettingsMethod};
use crate::token;

/// How WebAuthn says that a key has to verify its owner.
const REQUIRED: &str = "required";

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

    fn proves_alone(&self, config: &Config) -> bool {
        let passkey = &config.selfservice.methods.passkey.config;
        passkey.authenticator_selection.user_verification == REQUIRED
    }

    fn is_way_in(&self, identity: &Identity) -> bool {
        let keys = identity.credential(MethodName::Passkey).map(KeysConfig::of);
        keys.unwrap_or_default().keys().next().is_some()
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

/// What a new passkey is to know its account by: letters and digits, since it becomes an identifier.
fn new_handle() -> String {
    token::alphanumeric(64)
}

/// Puts the answer's field, which the page's script fills.
fn put_answer(flow: &mut Flow, name: &str) {
    use bia_model::ui::{self, Group};
    flow.ui.upsert(ui::hidden_input(name, Group::Passkey));
}
