//! Backup codes that an operator brings along (spec: admin.md §5.4).

use async_trait::async_trait;
use bia_model::{Credential, Identity, MethodName};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::LookupSecret;
use super::credential::{LookupConfig, RecoveryCode};
use crate::cx::Cx;
use crate::method::AdminMethod;
use crate::method::imported::imported;
use crate::problem::Problem;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Import {
    codes: Option<Vec<RecoveryCode>>,
}

#[async_trait]
impl AdminMethod for LookupSecret {
    async fn import(&self, _cx: &Cx, config: Value) -> Result<Value, Problem> {
        let import: Import = imported("the backup codes", config)?;
        Ok(LookupConfig {
            recovery_codes: import.codes.unwrap_or_default(),
        }
        .to_json())
    }

    /// The codes are added to those that are there.
    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let new: LookupConfig = serde_json::from_value(imported)
            .map_err(|e| Problem::Internal(format!("imported backup codes: {e}")))?;
        let old = identity
            .credential(MethodName::LookupSecret)
            .map(LookupConfig::of)
            .unwrap_or_default();
        let recovery_codes = old
            .recovery_codes
            .into_iter()
            .chain(new.recovery_codes)
            .collect();
        let config = LookupConfig { recovery_codes }.to_json();
        match identity.credential_mut(MethodName::LookupSecret) {
            Some(credential) => {
                credential.config = config;
                credential.updated_at = now;
            }
            None => {
                let names = vec![identity.id.to_string()];
                identity.set_credential(Credential::new(
                    MethodName::LookupSecret,
                    names,
                    config,
                    now,
                ));
            }
        }
        Ok(())
    }

    fn remove(
        &self,
        _cx: &Cx,
        identity: &mut Identity,
        _identifier: Option<&str>,
    ) -> Result<(), Problem> {
        identity
            .credentials
            .retain(|c| c.kind != MethodName::LookupSecret);
        Ok(())
    }
}
