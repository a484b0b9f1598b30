//! The traits themselves: the first screen of registration, and their form in settings (spec: methods.md §2).

mod registration;
mod settings;

use bia_config::Config;
use bia_model::MethodName;

use super::{Method, RegistrationMethod, SettingsMethod};

/// The method.
pub struct Profile;

impl Method for Profile {
    fn name(&self) -> MethodName {
        MethodName::Profile
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.profile.enabled
    }

    fn registration(&self) -> Option<&dyn RegistrationMethod> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn SettingsMethod> {
        Some(self)
    }
}
