//! One-time codes by mail or SMS (spec: methods.md §3).

mod addresses;
mod admin;
mod by_name;
mod credential;
mod login;
mod login_choice;
mod masked;
mod recovery;
mod recovery_by_name;
mod recovery_choice;
mod registration;
mod secret;
mod send;
mod verification;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::{LoginMethod, Method, RecoveryMethod, RegistrationMethod, VerificationMethod};

pub(crate) use admin::{recovery_by_operator, verification_by_operator};
pub use credential::{CodeAddress, CodeConfig};

/// The method.
pub struct Code;

impl Method for Code {
    fn name(&self) -> MethodName {
        MethodName::Code
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.code.enabled
    }

    fn first_factors(&self, config: &Config, _identity: &Identity) -> usize {
        // The reference looks at the configuration alone here (identity.md §6).
        usize::from(config.selfservice.methods.code.passwordless_enabled)
    }

    fn second_factors(&self, config: &Config, identity: &Identity) -> usize {
        if !config.selfservice.methods.code.mfa_enabled {
            return 0;
        }
        credential::own_addresses(identity).len()
    }

    fn is_second_factor(&self, config: &Config) -> bool {
        config.selfservice.methods.code.mfa_enabled
    }

    /// Codes go to addresses, which are traits.
    fn set_up_by(&self) -> MethodName {
        MethodName::Profile
    }

    fn is_way_in(&self, identity: &Identity) -> bool {
        identity.credential(MethodName::Code).is_some() && !by_name::is_name_only(identity)
    }

    fn login(&self) -> Option<&dyn LoginMethod> {
        Some(self)
    }

    fn registration(&self) -> Option<&dyn RegistrationMethod> {
        Some(self)
    }

    fn recovery(&self) -> Option<&dyn RecoveryMethod> {
        Some(self)
    }

    fn verification(&self) -> Option<&dyn VerificationMethod> {
        Some(self)
    }
}
