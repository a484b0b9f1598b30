//! Sending somebody to a provider (RFC 6749, 4.1.1).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bia_config::section::oidc::{OidcProvider, Pkce, ProviderKind};
use bia_model::Flow;
use serde_json::Value;
use url::Url;

use super::journey::{self, Journey, State};
use super::provider as rules;
use super::remote::{self, Discovery};
use super::{discovery_of, oauth1};
use crate::cx::Cx;
use crate::form::Form;
use crate::problem::Problem;
use crate::token;

/// What clients may say to providers; whatever else they send is dropped.
const FORWARDED: [&str; 4] = ["hd", "prompt", "auth_type", "acr_values"];

const VERIFIER_CHARACTERS: usize = 64;

/// What somebody brings along who chose a provider.
pub(super) struct Wish<'w> {
    pub(super) form: &'w Form,
    pub(super) traits: Value,
    pub(super) payload: Value,
}

/// Where a browser has to go, and what has to be kept for when it comes back.
pub(super) struct Away {
    pub(super) url: String,
    /// OAuth 1 only.
    pub(super) request_secret: Option<String>,
}

/// Remembers what somebody wants and gives the address to which their browser has to go.
pub(super) async fn leave(
    cx: &Cx,
    flow: &mut Flow,
    provider: &OidcProvider,
    wish: Wish<'_>,
) -> Result<String, Problem> {
    let state = State::new(flow, &provider.id);
    let verifier = verifier(cx, provider).await;
    let away = address(cx, flow, provider, &state, verifier.as_deref(), wish.form).await;
    let journey = Journey {
        ticket: state.ticket,
        provider: provider.id.clone(),
        verifier,
        request_secret: away.as_ref().ok().and_then(|a| a.request_secret.clone()),
        traits: wish.traits,
        payload: wish.payload,
    };
    journey::set_out(cx, flow, &journey).await?;
    Ok(away?.url)
}

async fn address(
    cx: &Cx,
    flow: &Flow,
    provider: &OidcProvider,
    state: &State,
    verifier: Option<&str>,
    form: &Form,
) -> Result<Away, Problem> {
    let sealed = state.seal(cx)?;
    if provider.kind == ProviderKind::X {
        return oauth1::begin(cx, provider, &sealed).await;
    }
    let discovery = discovery_of(cx, provider).await?;
    let endpoints = rules::endpoints(provider, discovery.as_deref())?;
    let mut query = vec![
        ("client_id", provider.client_id.clone()),
        ("redirect_uri", rules::redirect_uri(cx.config(), provider)),
        ("response_type", "code".to_owned()),
        ("state", sealed),
    ];
    let scopes = rules::scopes(provider)?.join(" ");
    if !scopes.is_empty() {
        query.push(("scope", scopes));
    }
    if let Some(verifier) = verifier {
        query.push(("code_challenge", challenge(verifier)));
        query.push(("code_challenge_method", "S256".to_owned()));
    }
    query.extend(rules::own_parameters(provider, flow.refresh));
    for (name, value) in form.members("upstream_parameters") {
        if let Some(name) = FORWARDED.into_iter().find(|known| *known == name) {
            query.retain(|(known, _)| *known != name);
            query.push((name, value));
        }
    }
    let mut url = Url::parse(&endpoints.authorize).map_err(|_| {
        Problem::Misconfigured("The provider's address for signing in is not a URL.".into())
    })?;
    url.query_pairs_mut().extend_pairs(query);
    Ok(Away {
        url: url.into(),
        request_secret: None,
    })
}

/// A new proof key, where one is to be used.
async fn verifier(cx: &Cx, provider: &OidcProvider) -> Option<String> {
    let wanted = match rules::pkce(provider) {
        Pkce::Never => false,
        Pkce::Force => true,
        Pkce::Auto => announces_s256(cx, provider).await,
    };
    wanted.then(|| token::alphanumeric(VERIFIER_CHARACTERS))
}

async fn announces_s256(cx: &Cx, provider: &OidcProvider) -> bool {
    let issuer = rules::issuer(provider);
    if issuer.is_empty() {
        return false;
    }
    match remote::discover(cx, issuer).await {
        Ok(discovery) => knows_s256(&discovery),
        Err(problem) => {
            tracing::debug!(provider = provider.id, error = %problem, "no proof key is used, since the provider does not announce it");
            false
        }
    }
}

fn knows_s256(discovery: &Discovery) -> bool {
    discovery
        .code_challenge_methods_supported
        .iter()
        .any(|m| m == "S256")
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
