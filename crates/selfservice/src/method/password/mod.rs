//! Passwords (spec: methods.md §1).

mod accept;
mod admin;
mod credential;
mod login;
mod migrate;
pub mod policy;
mod registration;
mod settings;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::{AdminMethod, LoginMethod, Method, RegistrationMethod, SettingsMethod};

pub use credential::PasswordConfig;

/// The method.
pub struct Password;

impl Method for Password {
    fn name(&self) -> MethodName {
        MethodName::Password
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.password.enabled
    }

    fn first_factors(&self, config: &Config, identity: &Identity) -> usize {
        let migrates = config
            .selfservice
            .methods
            .password
            .config
            .migrate_hook
            .enabled;
        let usable = identity.credential(MethodName::Password).is_some_and(|c| {
            let password = PasswordConfig::of(c);
            let has_identifier = c.identifiers.iter().any(|i| !i.is_empty());
            has_identifier
                && (!password.hashed_password.is_empty()
                    || (password.use_password_migration_hook && migrates))
        });
        usize::from(usable)
    }

    fn is_way_in(&self, identity: &Identity) -> bool {
        let password = identity
            .credential(MethodName::Password)
            .map(PasswordConfig::of);
        password.is_some_and(|p| !p.hashed_password.is_empty())
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
