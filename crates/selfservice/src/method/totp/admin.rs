//! Authenticator apps that an operator brings along (spec: admin.md §5.4).

use async_trait::async_trait;
use bia_model::{Credential, Identity, MethodName};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Totp;
use crate::cx::Cx;
use crate::method::AdminMethod;
use crate::method::imported::imported;
use crate::problem::Problem;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Import {
    totp_url: Option<String>,
}

#[async_trait]
impl AdminMethod for Totp {
    /// An empty or unusable URL is stored all the same; it does not count as a factor.
    async fn import(&self, _cx: &Cx, config: Value) -> Result<Value, Problem> {
        let import: Import = imported("the authenticator app", config)?;
        Ok(json!({ "totp_url": import.totp_url.unwrap_or_default() }))
    }

    fn merge(
        &self,
        identity: &mut Identity,
        imported: Value,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let names = vec![identity.id.to_string()];
        identity.set_credential(Credential::new(MethodName::Totp, names, imported, now));
        Ok(())
    }

    fn remove(
        &self,
        _cx: &Cx,
        identity: &mut Identity,
        _identifier: Option<&str>,
    ) -> Result<(), Problem> {
        identity.credentials.retain(|c| c.kind != MethodName::Totp);
        Ok(())
    }
}
