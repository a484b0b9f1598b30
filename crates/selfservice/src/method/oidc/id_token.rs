//! Verifying id_tokens (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Header, TokenData, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::remote;
use crate::cx::Cx;

/// Signed by the provider; never by a shared secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The longest id_token that is looked at.
const MAX_BYTES: usize = 64 * 1024;

/// How many keys of a set are tried for a token that does not name its key.
const MOST_KEYS: usize = 16;

/// Seconds by which clocks may differ.
const LEEWAY: f64 = 60.0;

/// What a token has to fulfil.
pub(super) struct Expected<'e> {
    /// Where the keys are.
    pub(super) jwks_uri: &'e str,
    /// Who made it.
    pub(super) issuer: &'e str,
    /// For whom it was made: one of these.
    pub(super) audiences: &'e [&'e str],
}

/// The claims of a token that holds. Errs with a sentence that says why it does not, without its contents.
pub(super) async fn verify(
    cx: &Cx,
    token: &str,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, String> {
    if token.len() > MAX_BYTES {
        return Err("The id_token is too long.".into());
    }
    let header =
        decode_header(token).map_err(|_| "The id_token is not a signed JWT.".to_owned())?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err("The id_token is signed in a way that is not accepted.".into());
    }
    let unavailable = |_| "The provider's keys cannot be read.".to_owned();
    let mut keys = remote::keys(cx, expected.jwks_uri, false)
        .await
        .map_err(unavailable)?;
    if candidates(&keys, &header).next().is_none() {
        keys = remote::keys(cx, expected.jwks_uri, true)
            .await
            .map_err(unavailable)?;
    }
    let claims = signed(token, &header, &keys)
        .ok_or("The id_token's signature does not belong to a key of the provider.")?;
    check(&claims, expected, cx.now.unix_timestamp())?;
    Ok(claims)
}

/// The keys that may have signed a token.
fn candidates<'k>(keys: &'k JwkSet, header: &'k Header) -> impl Iterator<Item = &'k Jwk> {
    let named = move |key: &&Jwk| match (&header.kid, &key.common.key_id) {
        (Some(wanted), Some(kid)) => wanted == kid,
        _ => true,
    };
    keys.keys.iter().filter(named).take(MOST_KEYS)
}

fn signed(token: &str, header: &Header, keys: &JwkSet) -> Option<Map<String, Value>> {
    let mut rules = Validation::new(header.alg);
    rules.required_spec_claims.clear();
    // Times and names are checked by `check`, against the server's own clock.
    rules.validate_exp = false;
    rules.validate_aud = false;
    candidates(keys, header).find_map(|key| {
        let key = DecodingKey::from_jwk(key).ok()?;
        let data: TokenData<Map<String, Value>> = decode(token, &key, &rules).ok()?;
        Some(data.claims)
    })
}

fn check(claims: &Map<String, Value>, expected: &Expected<'_>, now: i64) -> Result<(), String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err("The id_token was made by another issuer.".into());
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audiences.iter().any(|a| expected.audiences.contains(a)) {
        return Err("The id_token was made for somebody else.".into());
    }
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    let now = now as f64;
    if number("exp").is_none_or(|exp| exp + LEEWAY < now) {
        return Err("The id_token is out of date.".into());
    }
    if number("nbf").is_some_and(|nbf| nbf - LEEWAY > now) {
        return Err("The id_token is not valid yet.".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn verdict(changes: Value) -> Result<(), String> {
        let mut claims =
            json!({"iss": "https://idp.example.org", "aud": "client-1", "exp": NOW + 60});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let expected = Expected {
            jwks_uri: "",
            issuer: "https://idp.example.org",
            audiences: &["client-1", "app-1"],
        };
        check(claims.as_object().unwrap(), &expected, NOW)
    }

    #[test]
    fn a_token_counts_for_its_audience_its_issuer_and_its_time() {
        for good in [
            json!({}),
            json!({"aud": ["x", "app-1"]}),
            json!({"exp": NOW - 30}),
            json!({"nbf": NOW + 30}),
        ] {
            assert_eq!(verdict(good), Ok(()));
        }
        for bad in [
            json!({"iss": "https://idp.example.org/"}),
            json!({"iss": null}),
            json!({"aud": "client-2"}),
            json!({"aud": []}),
            json!({"aud": {"client-1": 1}}),
            json!({"exp": NOW - 61}),
            json!({"exp": null}),
            json!({"exp": "2030-01-01"}),
            json!({"nbf": NOW + 61}),
        ] {
            assert!(verdict(bad.clone()).is_err(), "{bad}");
        }
    }
}
