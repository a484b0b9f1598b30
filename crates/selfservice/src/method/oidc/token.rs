//! Exchanging a code for tokens (RFC 6749, 4.1.3).

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_config::section::oidc::{OidcProvider, ProviderKind as Kind};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use super::provider::{self, ClientAuth};
use super::remote::{self, Ask};
use super::{apple, discovery_of};
use crate::cx::Cx;
use crate::problem::Problem;

/// What a provider gives for a code. Secrets.
pub(super) struct Tokens(Map<String, Value>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// A member of the answer; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The access token.
    pub(super) fn access(&self) -> &str {
        self.text("access_token")
    }

    /// The id_token; empty when there is none.
    pub(super) fn id_token(&self) -> &str {
        self.text("id_token")
    }
}

/// Exchanges a code. `verifier` is the proof key of RFC 7636, when one was announced.
pub(super) async fn exchange(
    cx: &Cx,
    provider: &OidcProvider,
    code: &str,
    verifier: Option<&str>,
) -> Result<Tokens, Problem> {
    if provider.kind == Kind::Dingtalk {
        return dingtalk(cx, provider, code).await;
    }
    let discovery = discovery_of(cx, provider).await?;
    let endpoints = provider::endpoints(provider, discovery.as_deref())?;
    let redirect_uri = provider::redirect_uri(cx.config(), provider);
    let secret = apple::secret_of(cx, provider)?;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri.as_str()),
    ];
    form.extend(verifier.map(|v| ("code_verifier", v)));
    form.extend(provider::token_parameters(provider.kind));
    let ask = match endpoints.auth {
        ClientAuth::Form => {
            form.extend([
                ("client_id", provider.client_id.as_str()),
                ("client_secret", &secret),
            ]);
            Ask::post(&endpoints.token, &form)
        }
        ClientAuth::Basic => Ask::post(&endpoints.token, &form)
            .header(header::AUTHORIZATION, &basic(&provider.client_id, &secret)),
    };
    let ask = if provider.kind == Kind::Lark {
        ask.public_only()
    } else {
        ask
    };
    let answer = ask.send(cx).await?;
    read(answer.status, &answer.body)
}

/// `Basic …`, both parts as a form encodes them.
fn basic(id: &str, secret: &str) -> String {
    let encoded =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)))
    )
}

/// DingTalk has its own names, and JSON.
async fn dingtalk(cx: &Cx, provider: &OidcProvider, code: &str) -> Result<Tokens, Problem> {
    let endpoints = provider::endpoints(provider, None)?;
    let secret = apple::secret_of(cx, provider)?;
    let body = json!({
        "clientId": provider.client_id, "clientSecret": &*secret, "code": code, "grantType": "authorization_code",
    });
    let answer = Ask::post_json(&endpoints.token, &body)
        .public_only()
        .json(cx)
        .await?;
    let mut tokens = Map::new();
    for (name, theirs) in [
        ("access_token", "accessToken"),
        ("refresh_token", "refreshToken"),
    ] {
        if let Some(value) = answer.get(theirs) {
            tokens.insert(name.into(), value.clone());
        }
    }
    checked(tokens)
}

/// The answer of a token endpoint: JSON, or a form as some old ones have it.
fn read(status: StatusCode, body: &[u8]) -> Result<Tokens, Problem> {
    let answer = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) => None,
        Err(_) => form(body),
    };
    if let Some(name) = answer
        .as_ref()
        .and_then(|a| a.get("error"))
        .and_then(Value::as_str)
    {
        return Err(Problem::Upstream(format!(
            "The provider did not take the code: {}.",
            plain(name)
        )));
    }
    if !status.is_success() {
        return Err(remote::refused(status));
    }
    checked(answer.ok_or_else(remote::garbage)?)
}

fn form(body: &[u8]) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(body).ok()?;
    let pairs = url::form_urlencoded::parse(text.trim().as_bytes());
    let pairs = pairs.map(|(k, v)| (k.into_owned(), Value::String(v.into_owned())));
    Some(pairs.collect())
}

fn checked(answer: Map<String, Value>) -> Result<Tokens, Problem> {
    let tokens = Tokens(answer);
    if tokens.access().is_empty() {
        return Err(remote::garbage());
    }
    Ok(tokens)
}

/// An error's name as it may be shown: no more than letters, digits and underscores.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> Result<Tokens, Problem> {
        read(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn json_and_forms_are_read() {
        let json = outcome(
            200,
            r#"{"access_token":"at-1","id_token":"a.b.c","scope":"email"}"#,
        )
        .unwrap();
        assert_eq!(
            (json.access(), json.id_token(), json.text("scope")),
            ("at-1", "a.b.c", "email")
        );
        assert_eq!(
            outcome(200, "access_token=at-2&token_type=bearer")
                .unwrap()
                .access(),
            "at-2"
        );
    }

    #[test]
    fn refusals_and_garbage_give_no_token() {
        for (status, body) in [
            (400, r#"{"error":"invalid_grant"}"#),
            (200, r#"{"error":"bad_verification_code"}"#),
            (401, ""),
            (500, r#"{"access_token":"at-1"}"#),
            (200, ""),
            (200, "{}"),
            (200, "[]"),
            (200, r#"{"access_token":7}"#),
            (200, "<html>"),
        ] {
            let problem = outcome(status, body).unwrap_err();
            assert!(matches!(problem, Problem::Upstream(_)), "{status} {body}");
        }
    }

    #[test]
    fn names_and_secrets_with_colons_survive_the_header() {
        let header = basic("client:1", "s p/c");
        let decoded = STANDARD
            .decode(header.strip_prefix("Basic ").unwrap())
            .unwrap();
        assert_eq!(decoded, b"client%3A1:s+p%2Fc");
    }
}
