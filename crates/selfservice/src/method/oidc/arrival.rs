//! Somebody whom a provider vouches for, and what follows from that in any flow.

use bia_config::section::oidc::OidcProvider;
use bia_model::{Aal, AuthenticationMethod, Credential, Identity, MethodName};
use bia_store::identity as store;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::Claims;
use super::token::Tokens;
use super::{Connection, OidcConfig, vendor};
use crate::cipher::Cipher;
use crate::cx::Cx;
use crate::problem::Problem;

/// What a provider gave for somebody; its tokens as they are stored.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Vouched {
    pub(super) claims: Claims,
    id_token: String,
    access_token: String,
    refresh_token: String,
}

impl Vouched {
    /// With the tokens that came along.
    pub(super) fn with_tokens(
        cx: &Cx,
        claims: Claims,
        tokens: &Tokens,
    ) -> Result<Vouched, Problem> {
        let cipher = Cipher::new(cx.config());
        Ok(Vouched {
            claims,
            id_token: cipher.seal(tokens.id_token())?,
            access_token: cipher.seal(tokens.access())?,
            refresh_token: cipher.seal(tokens.text("refresh_token"))?,
        })
    }

    /// Without tokens.
    pub(super) fn bare(claims: Claims) -> Vouched {
        Vouched {
            claims,
            id_token: String::new(),
            access_token: String::new(),
            refresh_token: String::new(),
        }
    }
}

/// Somebody who comes from a provider into a flow.
pub(super) struct Arrival<'a> {
    pub(super) provider: &'a OidcProvider,
    pub(super) vouched: Vouched,
    /// What they typed into the form.
    pub(super) traits: Map<String, Value>,
    /// Whether they were away in the browser that the flow belongs to.
    pub(super) in_browser: bool,
}

impl Arrival<'_> {
    /// The connection that this makes.
    pub(super) fn connection(&self) -> Connection {
        Connection {
            subject: self.vouched.claims.subject().to_owned(),
            provider: self.provider.id.clone(),
            initial_id_token: self.vouched.id_token.clone(),
            initial_access_token: self.vouched.access_token.clone(),
            initial_refresh_token: self.vouched.refresh_token.clone(),
            organization: self.provider.organization_id.clone(),
            use_auto_link: false,
        }
    }

    /// The credential that this makes.
    pub(super) fn credential(&self, cx: &Cx) -> Credential {
        let connection = self.connection();
        let identifiers = vec![connection.identifier()];
        let config = OidcConfig {
            providers: Some(vec![connection]),
        };
        Credential::new(MethodName::Oidc, identifiers, config.to_json(), cx.now)
    }

    /// How the session remembers it.
    pub(super) fn method(&self, cx: &Cx) -> AuthenticationMethod {
        let claims = &self.vouched.claims;
        let mut method = AuthenticationMethod::new(MethodName::Oidc, self.aal(), cx.now);
        method.provider = Some(self.provider.id.clone());
        method.organization = self.provider.organization_id.clone();
        method.upstream_acr = Some(claims.text("acr").to_owned()).filter(|acr| !acr.is_empty());
        method.upstream_amr = Some(claims.methods()).filter(|amr| !amr.is_empty());
        method
    }

    fn aal(&self) -> Aal {
        let claims = &self.vouched.claims;
        let strong_acr = self
            .provider
            .aal2_acr_values
            .iter()
            .any(|acr| acr == claims.text("acr"));
        let strong_amr = claims
            .methods()
            .iter()
            .any(|m| self.provider.aal2_amr_values.contains(m));
        if strong_acr || strong_amr {
            Aal::Aal2
        } else {
            Aal::Aal1
        }
    }

    /// The identity that has this connection, with credentials.
    pub(super) async fn owner(&self, cx: &Cx) -> Result<Option<Identity>, Problem> {
        let identifier = self.connection().identifier();
        if let Some(found) = owner_of(cx, &identifier).await? {
            return Ok(Some(found));
        }
        // Who was linked before `subject_source` changed is still known by the other name.
        match vendor::earlier_subject(self.provider, &self.vouched.claims) {
            Some(subject) => owner_of(cx, &format!("{}:{subject}", self.provider.id)).await,
            None => Ok(None),
        }
    }
}

async fn owner_of(cx: &Cx, identifier: &str) -> Result<Option<Identity>, Problem> {
    let mut conn = cx.read().await?;
    // Subjects are case-sensitive, so they are looked for as they are.
    let found =
        store::find_by_identifier(&mut conn, &[MethodName::Oidc], identifier, identifier).await?;
    let Some(found) = found else { return Ok(None) };
    Ok(store::find(&mut conn, found.id, store::Expand::Credentials).await?)
}
