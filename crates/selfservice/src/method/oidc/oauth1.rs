//! OAuth 1 (RFC 5849), which X has kept.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_config::section::oidc::OidcProvider;
use http::header;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::claims::Claims;
use super::provider as rules;
use super::remote::{self, Ask};
use super::start::Away;
use super::vendor::picked;
use crate::cx::Cx;
use crate::problem::Problem;
use crate::token;

const REQUEST_TOKEN: &str = "https://api.twitter.com/oauth/request_token";
const AUTHENTICATE: &str = "https://api.twitter.com/oauth/authenticate";
const ACCESS_TOKEN: &str = "https://api.twitter.com/oauth/access_token";
const CREDENTIALS: &str = "https://api.twitter.com/1.1/account/verify_credentials.json";

/// What RFC 5849 (3.6) leaves as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A token and its secret; both empty where there is none yet.
#[derive(Default)]
struct Token {
    name: String,
    secret: String,
}

/// Asks for a request token and gives the address to which the browser has to go with it.
pub(super) async fn begin(cx: &Cx, provider: &OidcProvider, state: &str) -> Result<Away, Problem> {
    // The callback is read like all others, so it gets what they have.
    let back = crate::return_to::query(&[("state", state), ("code", "unused")]);
    let callback = format!("{}?{back}", rules::redirect_uri(cx.config(), provider));
    let token = ask(
        cx,
        provider,
        REQUEST_TOKEN,
        &Token::default(),
        ("oauth_callback", &callback),
    )
    .await?;
    let query = crate::return_to::query(&[("oauth_token", &token.name)]);
    Ok(Away {
        url: format!("{AUTHENTICATE}?{query}"),
        request_secret: Some(token.secret),
    })
}

/// The claims for somebody who came back with a verifier.
pub(super) async fn claims(
    cx: &Cx,
    provider: &OidcProvider,
    request_secret: &str,
) -> Result<Claims, Problem> {
    let sent = |name: &str| cx.request.query(name).unwrap_or_default();
    if !sent("denied").is_empty() {
        return Err(Problem::BadRequest(
            "Signing in was refused at the provider.".into(),
        ));
    }
    let request = Token {
        name: sent("oauth_token").to_owned(),
        secret: request_secret.to_owned(),
    };
    let access = ask(
        cx,
        provider,
        ACCESS_TOKEN,
        &request,
        ("oauth_verifier", sent("oauth_verifier")),
    )
    .await?;
    let with_email = provider.scope.iter().any(|s| s == "email");
    let query: &[(&str, &str)] = if with_email {
        &[("include_email", "true")]
    } else {
        &[]
    };
    let header = authorization(cx, provider, ("GET", CREDENTIALS), &access, query, &[]);
    let url = if with_email {
        format!("{CREDENTIALS}?include_email=true")
    } else {
        CREDENTIALS.to_owned()
    };
    let page = Ask::get(&url)
        .header(header::AUTHORIZATION, &header)
        .value(cx)
        .await?;
    let mut claims = of_page(&page);
    claims.set("iss", url);
    claims.check()?;
    Ok(claims)
}

fn of_page(page: &Value) -> Claims {
    picked(
        page,
        &[
            ("sub", "/id_str"),
            ("name", "/name"),
            ("picture", "/profile_image_url_https"),
            ("email", "/email"),
            ("preferred_username", "/screen_name"),
            ("website", "/url"),
        ],
    )
}

async fn ask(
    cx: &Cx,
    provider: &OidcProvider,
    url: &str,
    token: &Token,
    more: (&str, &str),
) -> Result<Token, Problem> {
    let header = authorization(cx, provider, ("POST", url), token, &[], &[more]);
    let answer = Ask::post(url, &[])
        .header(header::AUTHORIZATION, &header)
        .send(cx)
        .await?;
    if !answer.status.is_success() {
        return Err(remote::refused(answer.status));
    }
    let found = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(&answer.body);
        pairs
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    match (found("oauth_token"), found("oauth_token_secret")) {
        (Some(name), Some(secret)) if !name.is_empty() => Ok(Token { name, secret }),
        _ => Err(remote::garbage()),
    }
}

/// The header of a signed request.
fn authorization(
    cx: &Cx,
    provider: &OidcProvider,
    target: (&str, &str),
    token: &Token,
    query: &[(&str, &str)],
    more: &[(&str, &str)],
) -> String {
    let mut own = vec![
        ("oauth_consumer_key", provider.client_id.clone()),
        ("oauth_nonce", token::alphanumeric(32)),
        ("oauth_signature_method", "HMAC-SHA1".to_owned()),
        ("oauth_timestamp", cx.now.unix_timestamp().to_string()),
        ("oauth_version", "1.0".to_owned()),
    ];
    if !token.name.is_empty() {
        own.push(("oauth_token", token.name.clone()));
    }
    own.extend(more.iter().map(|(n, v)| (*n, (*v).to_owned())));
    let secret = provider
        .client_secret
        .as_ref()
        .map(|s| s.expose())
        .unwrap_or_default();
    let all = own
        .iter()
        .map(|(n, v)| (*n, v.as_str()))
        .chain(query.iter().copied());
    let signature = sign(target, all, (secret, &token.secret));
    own.push(("oauth_signature", signature));
    let parts: Vec<String> = own
        .iter()
        .map(|(n, v)| format!("{n}=\"{}\"", escape(v)))
        .collect();
    format!("OAuth {}", parts.join(", "))
}

/// HMAC-SHA1 over the request, under both secrets (RFC 5849, 3.4).
fn sign<'p>(
    (method, url): (&str, &str),
    parameters: impl Iterator<Item = (&'p str, &'p str)>,
    (client, token): (&str, &str),
) -> String {
    let mut pairs: Vec<(String, String)> =
        parameters.map(|(n, v)| (escape(n), escape(v))).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(n, v)| format!("{n}={v}")).collect();
    let base = format!("{method}&{}&{}", escape(url), escape(&pairs.join("&")));
    let key = format!("{}&{}", escape(client), escape(token));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, base.as_bytes()))
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_the_vendor_s_own_example_is() {
        let parameters = [
            (
                "status",
                "Hello Ladies + Gentlemen, a signed OAuth request!",
            ),
            ("include_entities", "true"),
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            (
                "oauth_token",
                "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            ),
            ("oauth_version", "1.0"),
        ];
        let secrets = (
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        );
        let target = ("POST", "https://api.twitter.com/1.1/statuses/update.json");
        assert_eq!(
            sign(target, parameters.into_iter(), secrets),
            "hCtSmYh+iHYCEqBWrE7C7hYmtUk="
        );
    }
}
