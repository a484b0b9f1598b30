//! Passkeys that an operator brings along (spec: admin.md §5.4).

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::{Credential, Identity, MethodName};
use serde_json::Value;
use time::OffsetDateTime;

use super::Passkey;
use crate::cx::Cx;
use crate::method::AdminMethod;
use crate::method::webauthn::import;
use crate::method::webauthn::key::KeysConfig;
use crate::problem::Problem;

#[async_trait]
impl AdminMethod for Passkey {
    async fn import(&self, cx: &Cx, config: Value) -> Result<Value, Problem> {
        let keys = import::read(config, "passkeys", cx.now)?;
        if keys.keys().next().is_none() {
            return Err(Problem::BadRequest(
                "A passkey import needs at least one key.".into(),
            ));
        }
        Ok(keys.to_json())
    }

    /// The account is found by its user handles: that of the import, and those that were there.
    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let new: KeysConfig = serde_json::from_value(imported)
            .map_err(|e| Problem::Internal(format!("imported passkeys: {e}")))?;
        let merged = KeysConfig::stored(identity, MethodName::Passkey)?.merged(new);
        let handle = merged.user_handle.as_deref().map(handle_text).transpose()?;
        let Some(handle) = handle else {
            return Err(Problem::BadRequest(
                "A passkey import needs the user_handle that the keys know.".into(),
            ));
        };
        match identity.credential_mut(MethodName::Passkey) {
            Some(credential) => {
                credential.config = merged.to_json();
                credential.identifiers.push(handle);
                credential.identifiers.sort();
                credential.identifiers.dedup();
                credential.updated_at = now;
            }
            None => identity.set_credential(Credential::new(
                MethodName::Passkey,
                vec![handle],
                merged.to_json(),
                now,
            )),
        }
        Ok(())
    }
}

/// The identifier of a handle: its bytes as a text, which is what the column keeps.
fn handle_text(handle: &str) -> Result<String, Problem> {
    let wrong =
        || Problem::BadRequest("The user_handle is no text: it has to be UTF-8 in base64.".into());
    let bytes = STANDARD.decode(handle).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    if text.is_empty() || text.contains('\0') {
        return Err(wrong());
    }
    Ok(text)
}
