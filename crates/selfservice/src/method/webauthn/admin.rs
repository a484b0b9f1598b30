//! Security keys that an operator brings along and takes away (spec: admin.md §5.4, §6.4).

use async_trait::async_trait;
use bia_model::{Identity, MethodName};
use serde_json::Value;
use time::OffsetDateTime;

use super::Webauthn;
use super::import;
use super::key::{self, KeysConfig};
use super::settings::put;
use crate::cx::Cx;
use crate::method::AdminMethod;
use crate::problem::Problem;

#[async_trait]
impl AdminMethod for Webauthn {
    async fn import(&self, cx: &Cx, config: Value) -> Result<Value, Problem> {
        Ok(import::read(config, "security keys", cx.now)?.to_json())
    }

    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let new: KeysConfig = serde_json::from_value(imported)
            .map_err(|e| Problem::Internal(format!("imported security keys: {e}")))?;
        let mut merged = KeysConfig::stored(identity, MethodName::Webauthn)?.merged(new);
        merged
            .user_handle
            .get_or_insert_with(|| key::default_handle(identity));
        put(identity, &merged, now);
        // As the reference keeps what was brought along, until the identity is changed.
        if let Some(credential) = identity.credential_mut(MethodName::Webauthn) {
            credential.version = 0;
        }
        Ok(())
    }

    /// Keys that are second factors go; those that sign in alone stay.
    fn remove(
        &self,
        cx: &Cx,
        identity: &mut Identity,
        _identifier: Option<&str>,
    ) -> Result<(), Problem> {
        let mut left = KeysConfig::stored(identity, MethodName::Webauthn)?;
        if let Some(keys) = &mut left.credentials {
            keys.retain(|key| key.is_passwordless);
        }
        left.user_handle
            .get_or_insert_with(|| key::default_handle(identity));
        let named = identity
            .credential(MethodName::Webauthn)
            .is_some_and(|c| !c.identifiers.is_empty());
        if left.keys().next().is_none() && !named {
            identity
                .credentials
                .retain(|c| c.kind != MethodName::Webauthn);
            return Ok(());
        }
        put(identity, &left, cx.now);
        Ok(())
    }
}
