//! What is stored for connections.

use bia_model::{Credential, Identity, MethodName};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The config of an oidc or saml credential (identity.md §5).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OidcConfig {
    /// The connections, in the order in which they were made. Old rows may hold null.
    pub providers: Option<Vec<Connection>>,
}

/// One connection. The three tokens are sealed; empty where there is none.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Connection {
    /// Who it is there.
    pub subject: String,
    /// The provider's id in the configuration, or one that was there once.
    pub provider: String,
    /// A secret.
    pub initial_id_token: String,
    /// A secret.
    pub initial_access_token: String,
    /// A secret.
    pub initial_refresh_token: String,
    /// The organization that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Whether the next sign-in by the provider may find the account by its address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_auto_link: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// What the credential goes by: `provider:subject`, case-sensitive.
    pub fn identifier(&self) -> String {
        format!("{}:{}", self.provider, self.subject)
    }

    /// Whether it counts as a first factor.
    pub fn is_usable(&self) -> bool {
        let of_organization = self.organization.as_ref().is_some_and(|o| !o.is_empty());
        !self.provider.is_empty() && !self.subject.is_empty() && !of_organization
    }
}

impl OidcConfig {
    /// Reads a credential's config; one that cannot be read has no connections.
    pub fn of(credential: &Credential) -> OidcConfig {
        serde_json::from_value(credential.config.clone()).unwrap_or_default()
    }

    /// The connections.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.providers.iter().flatten()
    }

    /// As it is stored.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Gives an identity these connections instead of those that it has. None are null, as the reference keeps that.
pub(super) fn put(
    identity: &mut Identity,
    kind: MethodName,
    connections: Vec<Connection>,
    now: OffsetDateTime,
) {
    let mut identifiers: Vec<String> = connections.iter().map(Connection::identifier).collect();
    identifiers.sort();
    let config = OidcConfig {
        providers: Some(connections).filter(|c| !c.is_empty()),
    };
    match identity.credential_mut(kind) {
        Some(credential) => {
            credential.config = config.to_json();
            credential.identifiers = identifiers;
            credential.updated_at = now;
        }
        None => identity.set_credential(Credential::new(kind, identifiers, config.to_json(), now)),
    }
}
