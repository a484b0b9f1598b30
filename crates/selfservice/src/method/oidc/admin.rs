//! Connections that an operator brings along, sees and takes away (spec: admin.md §5.4, §6.1, §6.4).

use async_trait::async_trait;
use bia_model::{Identity, MethodName};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::credential::{Connection, OidcConfig, put};
use crate::cipher::Cipher;
use crate::cx::Cx;
use crate::method::imported::imported;
use crate::method::{self, AdminMethod};
use crate::problem::Problem;

/// The connections of one of the two types that have them.
pub(super) struct Connections(pub(super) MethodName);

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Import {
    providers: Option<Vec<ImportedConnection>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ImportedConnection {
    subject: Option<String>,
    provider: Option<String>,
    organization: Option<Uuid>,
    use_auto_link: Option<bool>,
}

#[async_trait]
impl AdminMethod for Connections {
    /// Neither providers nor subjects are checked: they may be of a configuration to come.
    async fn import(&self, _cx: &Cx, config: Value) -> Result<Value, Problem> {
        let import: Import = imported("the connections", config)?;
        let mut given = import.providers.iter().flatten();
        if self.0 == MethodName::Saml && given.any(|new| new.use_auto_link.is_some()) {
            return Err(Problem::malformed(
                "The config of the connections is not as expected: SAML has no use_auto_link. Leave it out.",
            ));
        }
        let connection = |new: ImportedConnection| Connection {
            subject: new.subject.unwrap_or_default(),
            provider: new.provider.unwrap_or_default(),
            organization: new
                .organization
                .filter(|o| !o.is_nil())
                .map(|o| o.to_string()),
            use_auto_link: new.use_auto_link.unwrap_or_default(),
            ..Connection::default()
        };
        let providers = import.providers.unwrap_or_default();
        let providers = Some(providers.into_iter().map(connection).collect());
        Ok(OidcConfig { providers }.to_json())
    }

    /// The connections are added to those that are there. One that is there already is a conflict.
    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let new: OidcConfig = serde_json::from_value(imported)
            .map_err(|e| Problem::Internal(format!("imported connections: {e}")))?;
        let all: Vec<Connection> = self
            .stored(identity)?
            .connections()
            .chain(new.connections())
            .cloned()
            .collect();
        let mut identifiers: Vec<String> = all.iter().map(Connection::identifier).collect();
        identifiers.sort();
        if identifiers
            .windows(2)
            .any(|pair| pair.first() == pair.last())
        {
            return Err(Problem::Conflict(
                "The identity has the same connection twice.".into(),
            ));
        }
        put(identity, self.0, all, now);
        Ok(())
    }

    /// The last connection stays when there is no other first factor.
    fn remove(
        &self,
        cx: &Cx,
        identity: &mut Identity,
        identifier: Option<&str>,
    ) -> Result<(), Problem> {
        let refused = |reason: &str| Err(Problem::BadRequest(reason.to_owned()));
        let Some(identifier) = identifier else {
            return refused("Say which connection: ?identifier=provider:subject.");
        };
        if method::first_factors(cx.config(), identity) < 2 {
            return refused(
                "The connection is the last way to sign in and stays. Add another first factor first.",
            );
        }
        let mut connections = self.stored(identity)?.providers.unwrap_or_default();
        let before = connections.len();
        connections.retain(|c| c.identifier() != identifier);
        if connections.len() == before {
            return Err(Problem::NotFound(
                "The identity has no such connection.".into(),
            ));
        }
        put(identity, self.0, connections, cx.now);
        Ok(())
    }

    /// Tokens are shown in the clear; those that no key opens as empty texts.
    fn reveal(&self, cx: &Cx, config: &Value) -> Value {
        let config: OidcConfig = serde_json::from_value(config.clone()).unwrap_or_default();
        let cipher = (self.0 == MethodName::Oidc).then(|| Cipher::new(cx.config()));
        let shown: Vec<Value> = config
            .connections()
            .map(|c| shown(c, cipher.as_ref()))
            .collect();
        if shown.is_empty() {
            return Value::Null;
        }
        json!({ "providers": shown })
    }
}

fn shown(connection: &Connection, cipher: Option<&Cipher<'_>>) -> Value {
    let mut shown = json!({"subject": connection.subject, "provider": connection.provider});
    if let Some(members) = shown.as_object_mut() {
        if let Some(cipher) = cipher {
            let tokens = [
                ("initial_refresh_token", &connection.initial_refresh_token),
                ("initial_access_token", &connection.initial_access_token),
                ("initial_id_token", &connection.initial_id_token),
            ];
            for (name, stored) in tokens {
                let token = cipher.open(stored);
                let token = token.as_deref().map(String::as_str).unwrap_or_default();
                members.shift_insert(0, name.into(), token.into());
            }
        }
        if let Some(organization) = &connection.organization {
            members.insert("organization".into(), json!(organization));
        }
        if connection.use_auto_link {
            members.insert("use_auto_link".into(), json!(true));
        }
    }
    shown
}

impl Connections {
    /// What is about to be changed: what cannot be read is not lost, but an error.
    fn stored(&self, identity: &Identity) -> Result<OidcConfig, Problem> {
        let Some(credential) = identity.credential(self.0) else {
            return Ok(OidcConfig::default());
        };
        serde_json::from_value(credential.config.clone())
            .map_err(|e| Problem::Internal(format!("{} credential {}: {e}", self.0, credential.id)))
    }
}
