//! Connections to other identity providers (spec: oidc.md).

mod admin;
mod apple;
mod arrival;
mod callback;
mod claims;
mod credential;
mod id_token;
mod journey;
mod link;
mod login;
mod mapper;
mod native;
mod oauth1;
mod provider;
mod registration;
mod remote;
mod settings;
mod start;
mod token;
mod trial;
mod vendor;

use std::sync::Arc;

use bia_config::Config;
use bia_config::section::oidc::OidcProvider;
use bia_model::{Identity, MethodName};

use super::{AdminMethod, LoginMethod, Method, RegistrationMethod, SettingsMethod};
use crate::cx::Cx;
use crate::form::Form;
use crate::problem::Problem;

pub use callback::callback;
pub use credential::{Connection, OidcConfig};
pub use remote::Remembered;
pub use trial::{TrialBody, create as create_trial, delete as delete_trial};

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

    fn is_way_in(&self, identity: &Identity) -> bool {
        !self.partners(identity).is_empty()
    }

    fn partners(&self, identity: &Identity) -> Vec<String> {
        let config = identity
            .credential(MethodName::Oidc)
            .map(OidcConfig::of)
            .unwrap_or_default();
        let mut partners: Vec<String> = config.connections().map(|c| c.provider.clone()).collect();
        partners.sort();
        partners.dedup();
        partners
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
        Some(&admin::Connections(MethodName::Oidc))
    }
}

/// Whether a form is the choice of a provider: one that names another method beside it is not.
fn asks_for_provider(form: &Form) -> bool {
    let chosen = form.text("provider").is_some();
    match form.method() {
        None => chosen,
        Some(method) if method == MethodName::Oidc.as_str() => chosen,
        Some(method) => {
            if chosen {
                tracing::warn!(
                    method,
                    "a form names a provider beside another method, so the provider is not asked"
                );
            }
            false
        }
    }
}

/// What a provider says about itself, where its addresses have to be looked up.
async fn discovery_of(
    cx: &Cx,
    provider: &OidcProvider,
) -> Result<Option<Arc<remote::Discovery>>, Problem> {
    if !provider::is_discovered(provider.kind) {
        return Ok(None);
    }
    remote::discover(cx, provider::issuer(provider))
        .await
        .map(Some)
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
