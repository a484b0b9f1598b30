//! Native apps: id_tokens that they got from a provider themselves, and the way back from a browser
//! (spec: oidc.md §4, flows.md §16).

use bia_config::section::oidc::{OidcProvider, ProviderKind};
use bia_model::Flow;
use bia_store::exchange;
use http::header;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::arrival::Vouched;
use super::claims::Claims;
use super::id_token::{self, Expected};
use super::remote::{self, Ask};
use super::{link, provider as rules};
use crate::cx::Cx;
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::return_to;

const GOOGLE_KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";
const APPLE_KEYS: &str = "https://appleid.apple.com/auth/keys";

/// Verifies a token that an app has submitted.
pub(super) async fn verify(
    cx: &Cx,
    provider: &OidcProvider,
    token: &str,
    nonce: Option<&str>,
) -> Result<Vouched, Problem> {
    let forbidden = |reason: String| Problem::Forbidden(reason);
    let document = match provider.kind {
        ProviderKind::Google => submitted(cx, provider, token, GOOGLE_KEYS)
            .await
            .map_err(forbidden)?,
        ProviderKind::Apple => submitted(cx, provider, token, APPLE_KEYS)
            .await
            .map_err(forbidden)?,
        ProviderKind::Netid => netid(cx, provider, token).await?,
        _ => {
            return Err(Problem::Upstream(
                "Tokens of this provider cannot be submitted. Send the person there with a browser.".into(),
            ));
        }
    };
    let claims = Claims::of_document(document);
    claims
        .check()
        .map_err(|_| Problem::Forbidden("The id_token does not say who it is.".into()))?;
    check_nonce(provider.kind, &claims, nonce)?;
    Ok(Vouched::bare(claims))
}

type Document = serde_json::Map<String, Value>;

async fn submitted(
    cx: &Cx,
    provider: &OidcProvider,
    token: &str,
    keys: &str,
) -> Result<Document, String> {
    let mut audiences = vec![provider.client_id.as_str()];
    audiences.extend(
        provider
            .additional_id_token_audiences
            .iter()
            .map(String::as_str),
    );
    let expected = Expected {
        jwks_uri: keys,
        issuer: rules::issuer(provider),
        audiences: &audiences,
    };
    id_token::verify(cx, token, &expected).await
}

/// netID's token is exchanged for an id_token first.
async fn netid(cx: &Cx, provider: &OidcProvider, token: &str) -> Result<Document, Problem> {
    let form = [("grant_type", "netid_fedcm"), ("fedcm_token", token)];
    let ask = Ask::post("https://broker.netid.de/token", &form)
        .header(header::ORIGIN, &provider.net_id_token_origin_header);
    let answer = ask.json(cx).await?;
    let token = answer
        .get("id_token")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let discovery = remote::discover(cx, rules::issuer(provider)).await?;
    let expected = Expected {
        jwks_uri: &discovery.jwks_uri,
        issuer: &discovery.issuer,
        audiences: &[&provider.client_id],
    };
    id_token::verify(cx, token, &expected)
        .await
        .map_err(Problem::Forbidden)
}

/// A token is good for the one who asked for it: the app has to know its nonce, where the provider supports one.
fn check_nonce(kind: ProviderKind, claims: &Claims, sent: Option<&str>) -> Result<(), Problem> {
    let wrong = |reason: &str| Err(Problem::Upstream(reason.to_owned()));
    let nonce = claims.text("nonce");
    if !nonce.is_empty() {
        let sent = sent.unwrap_or_default();
        return if bool::from(nonce.as_bytes().ct_eq(sent.as_bytes())) {
            Ok(())
        } else {
            wrong("The id_token has a nonce, and id_token_nonce is not the same.")
        };
    }
    match kind {
        ProviderKind::Google => Ok(()),
        ProviderKind::Apple if !claims.flag("nonce_supported") => Ok(()),
        _ => wrong(
            "The id_token has no nonce, and its provider supports them. Ask for one with a nonce.",
        ),
    }
}

/// The browser's half of the exchange that belongs to a native flow.
pub(super) async fn return_code(cx: &Cx, flow: &Flow) -> Result<Option<String>, Problem> {
    if !flow.is_native() {
        return Ok(None);
    }
    let mut conn = cx.read().await?;
    Ok(exchange::return_code_of(&mut conn, flow.id).await?)
}

/// What a browser gets in the end that came back from a provider for a native app: the way to the app, with the
/// browser's half of the exchange. The session itself is given for both halves only.
pub(super) async fn hand_back(
    cx: &Cx,
    flow: &Flow,
    code: &str,
    outcome: Outcome,
) -> Result<Outcome, Problem> {
    let back = return_to::resolve(cx, flow, return_to::default_url(cx))?;
    let (session, shown) = match outcome {
        Outcome::LoggedIn { issued, .. } => (Some(issued.session.id), None),
        Outcome::Registered { issued, .. } => (issued.map(|i| i.session.id), None),
        Outcome::Form { flow, .. } => (None, Some(flow)),
        other => return Ok(other),
    };
    if let Some(session) = session {
        let mut conn = cx.write().await?;
        exchange::set_session(&mut conn, code, session, cx.now).await?;
    }
    let shown_id = shown.as_ref().map(|f| f.id.to_string());
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    pairs.extend(shown_id.as_deref().map(|id| ("flow", id)));
    if shown.as_ref().is_some_and(|f| link::waiting(f).is_some()) {
        pairs.push(("no_org_ui", "true"));
    } else {
        pairs.push(("code", code));
    }
    let url = bia_config::RedirectUrl::parse(&back)
        .ok_or_else(|| Problem::Internal("a return URL is not a URL".into()))?
        .with_query(&pairs);
    Ok(Outcome::Redirect { url })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: ProviderKind, nonce: &str, supported: bool, sent: Option<&str>) -> bool {
        let mut claims = Claims::default();
        claims.set("nonce", nonce);
        claims.set_flag("nonce_supported", supported);
        check_nonce(kind, &claims, sent).is_ok()
    }

    #[test]
    fn a_nonce_counts_where_there_is_one_or_should_be() {
        use ProviderKind::{Apple, Google, Netid};
        for kind in [Apple, Google, Netid] {
            assert!(verdict(kind, "n-1", true, Some("n-1")));
            assert!(!verdict(kind, "n-1", true, Some("n-2")));
            assert!(!verdict(kind, "n-1", false, None));
        }
        assert!(verdict(Google, "", true, None));
        assert!(verdict(Apple, "", false, Some("n-1")));
        assert!(!verdict(Apple, "", true, None));
        assert!(!verdict(Netid, "", false, None));
    }
}
