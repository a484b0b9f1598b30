//! Who it is, asked of each kind of provider (spec: oidc.md §1).

mod page;
mod several;

use bia_config::section::oidc::{ClaimsSource, OidcProvider, ProviderKind as Kind, SubjectSource};
use jsonwebtoken::dangerous::insecure_decode_claims;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::claims::Claims;
use super::id_token::{self, Expected};
use super::remote::{self, Ask, Discovery};
use super::token::Tokens;
use super::{apple, provider as rules};
use crate::cx::Cx;
use crate::problem::Problem;

/// The claims that a provider makes for somebody who came back with tokens.
pub(super) async fn claims(
    cx: &Cx,
    provider: &OidcProvider,
    tokens: &Tokens,
) -> Result<Claims, Problem> {
    check_granted(provider, tokens)?;
    let mut claims = match provider.kind {
        Kind::Generic if provider.claims_source == ClaimsSource::Userinfo => {
            userinfo(cx, provider, tokens).await?
        }
        Kind::LinkedinV2 => userinfo(cx, provider, tokens).await?,
        Kind::Generic | Kind::Google | Kind::Line => signed(cx, provider, tokens).await?,
        Kind::Apple => {
            let mut claims = signed(cx, provider, tokens).await?;
            apple::add_name(&mut claims, cx.request.query("user").unwrap_or_default());
            claims
        }
        Kind::Microsoft => microsoft(cx, provider, tokens).await?,
        Kind::Netid => netid(cx, provider, tokens).await?,
        Kind::Github | Kind::GithubApp => several::github(cx, provider, tokens).await?,
        Kind::Linkedin => several::linkedin(cx, tokens).await?,
        _ => page::claims(cx, provider, tokens).await?,
    };
    if claims.text("iss").is_empty()
        && matches!(provider.kind, Kind::Gitlab | Kind::Auth0 | Kind::Salesforce)
    {
        claims.set("iss", rules::issuer(provider));
    }
    claims.check()?;
    Ok(claims)
}

/// Some vendors let people take scopes away.
fn check_granted(provider: &OidcProvider, tokens: &Tokens) -> Result<(), Problem> {
    let Some(separator) = rules::granted_separator(provider.kind) else {
        return Ok(());
    };
    let granted: Vec<&str> = tokens
        .text("scope")
        .split(separator)
        .map(str::trim)
        .collect();
    if provider.scope.iter().all(|s| granted.contains(&s.as_str())) {
        return Ok(());
    }
    Err(Problem::BadRequest(
        "The provider was not allowed to tell everything that is needed here. Try again, and allow all of it.".into(),
    ))
}

fn raw_token(tokens: &Tokens) -> Result<&str, Problem> {
    let raw = tokens.id_token();
    if raw.is_empty() {
        return Err(Problem::BadRequest(
            "The provider did not send an id_token. Its entry needs the scope openid.".into(),
        ));
    }
    Ok(raw)
}

async fn verified(
    cx: &Cx,
    provider: &OidcProvider,
    discovery: &Discovery,
    token: &str,
) -> Result<Map<String, Value>, Problem> {
    let expected = Expected {
        jwks_uri: &discovery.jwks_uri,
        issuer: &discovery.issuer,
        audiences: &[&provider.client_id],
    };
    id_token::verify(cx, token, &expected)
        .await
        .map_err(Problem::BadRequest)
}

async fn signed(cx: &Cx, provider: &OidcProvider, tokens: &Tokens) -> Result<Claims, Problem> {
    let raw = raw_token(tokens)?;
    let discovery = remote::discover(cx, rules::issuer(provider)).await?;
    Ok(Claims::of_document(
        verified(cx, provider, &discovery, raw).await?,
    ))
}

/// The user-info document of the one whom the id_token names (OpenID Connect Core 1.0, 5.3.2).
async fn userinfo(cx: &Cx, provider: &OidcProvider, tokens: &Tokens) -> Result<Claims, Problem> {
    let raw = raw_token(tokens)?;
    let discovery = remote::discover(cx, rules::issuer(provider)).await?;
    let token = Claims::known(&verified(cx, provider, &discovery, raw).await?);
    let mut document = Ask::get(&discovery.userinfo_endpoint)
        .bearer(tokens.access())
        .json(cx)
        .await?;
    if provider.kind == Kind::LinkedinV2 {
        flatten_locale(&mut document);
    }
    let mut claims = Claims::of_document(document);
    if claims.subject() != token.subject() {
        return Err(Problem::BadRequest(
            "The provider's answers are about two different people, so neither counts.".into(),
        ));
    }
    claims.fill("iss", token.text("iss"));
    Ok(claims)
}

/// LinkedIn gives a locale in two parts.
fn flatten_locale(document: &mut Map<String, Value>) {
    let part = |name: &str| {
        let part = document.get("locale").and_then(|l| l.get(name));
        part.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (language, country) = (part("language"), part("country"));
    if !language.is_empty() {
        let flat = if country.is_empty() {
            language
        } else {
            format!("{language}-{country}")
        };
        document.insert("locale".into(), flat.into());
    }
}

/// The issuer of a Microsoft token is the tenant of its owner, whatever tenant was asked.
async fn microsoft(cx: &Cx, provider: &OidcProvider, tokens: &Tokens) -> Result<Claims, Problem> {
    let raw = raw_token(tokens)?;
    let unverified: Map<String, Value> = insecure_decode_claims(raw)
        .map_err(|_| Problem::BadRequest("The id_token is not a signed JWT.".into()))?;
    let tid = unverified
        .get("tid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if Uuid::try_parse(tid).is_err() {
        return Err(Problem::BadRequest(
            "The id_token names no tenant: its claim tid is not a UUID.".into(),
        ));
    }
    let issuer = format!("https://login.microsoftonline.com/{tid}/v2.0");
    let discovery = remote::discover(cx, &issuer).await?;
    let mut claims = Claims::of_document(verified(cx, provider, &discovery, raw).await?);
    match provider.subject_source {
        SubjectSource::Userinfo => {}
        SubjectSource::Oid => {
            let oid = claims.text("oid").to_owned();
            claims.set("sub", oid);
        }
        SubjectSource::Me => {
            let me = Ask::get("https://graph.microsoft.com/v1.0/me")
                .bearer(tokens.access())
                .json(cx)
                .await?;
            claims.set(
                "sub",
                me.get("id").and_then(Value::as_str).unwrap_or_default(),
            );
        }
    }
    Ok(claims)
}

/// What names somebody at Microsoft where `subject_source` says something else now: the token's own subject.
pub(super) fn earlier_subject(provider: &OidcProvider, claims: &Claims) -> Option<String> {
    if provider.kind != Kind::Microsoft || provider.subject_source == SubjectSource::Userinfo {
        return None;
    }
    let json = claims.to_json();
    let subject = json.pointer("/raw_claims/sub")?.as_str()?;
    (!subject.is_empty() && subject != claims.subject()).then(|| subject.to_owned())
}

async fn netid(cx: &Cx, provider: &OidcProvider, tokens: &Tokens) -> Result<Claims, Problem> {
    let token = signed(cx, provider, tokens).await?;
    let document = Ask::get("https://broker.netid.de/userinfo")
        .bearer(tokens.access())
        .json(cx)
        .await?;
    let mut claims = Claims::known(&document);
    claims.set("iss", token.text("iss"));
    claims.set("sub", token.subject());
    Ok(claims)
}

/// A value as a text, also a number: some vendors count people.
fn spelled(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Claims of a document's texts: pairs of a claim and the place of its value.
pub(super) fn picked(document: &Value, places: &[(&str, &str)]) -> Claims {
    let mut claims = Claims::default();
    for (name, place) in places {
        if let Some(text) = document.pointer(place).and_then(spelled) {
            claims.set(name, text);
        }
    }
    claims
}
