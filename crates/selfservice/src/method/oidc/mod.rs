//! Connections to other identity providers (spec: oidc.md). So far they can be imported, shown and taken
//! away; signing in by them comes later.

mod admin;
mod credential;

use bia_config::Config;
use bia_model::{Identity, MethodName};

use super::{AdminMethod, Method};

pub use credential::{Connection, OidcConfig};

/// The method.
pub struct Oidc;

impl Method for Oidc {
    fn name(&self) -> MethodName {
        MethodName::Oidc
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.oidc.enabled
    }

    /// Each connection is one, those of organizations aside.
    fn first_factors(&self, _config: &Config, identity: &Identity) -> usize {
        let Some(credential) = identity.credential(MethodName::Oidc) else {
            return 0;
        };
        let config = OidcConfig::of(credential);
        let usable = |identifier: &&String| {
            config
                .connections()
                .any(|c| c.is_usable() && c.identifier() == **identifier)
        };
        credential.identifiers.iter().filter(usable).count()
    }

    fn admin(&self) -> Option<&dyn AdminMethod> {
        Some(&admin::Connections(MethodName::Oidc))
    }
}

/// Enterprise connections: kept for whoever has them, never used here.
pub struct Saml;

impl Method for Saml {
    fn name(&self) -> MethodName {
        MethodName::Saml
    }

    fn is_enabled(&self, _config: &Config) -> bool {
        false
    }

    fn admin(&self) -> Option<&dyn AdminMethod> {
        Some(&admin::Connections(MethodName::Saml))
    }
}
