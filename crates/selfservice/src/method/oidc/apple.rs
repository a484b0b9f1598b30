//! What Apple has of its own: a client secret that is made anew each time, and names that come with the callback.

use std::borrow::Cow;

use bia_config::section::oidc::{OidcProvider, ProviderKind};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::claims::Claims;
use crate::cx::Cx;
use crate::problem::Problem;

/// How long a secret is good.
const LIFESPAN_SECONDS: i64 = 300;

/// The secret that the server shows at the provider: the configured one, or a JWT where the provider is Apple.
pub(super) fn secret_of<'p>(cx: &Cx, provider: &'p OidcProvider) -> Result<Cow<'p, str>, Problem> {
    if provider.kind != ProviderKind::Apple {
        return Ok(provider
            .client_secret
            .as_ref()
            .map_or(Cow::Borrowed(""), |s| Cow::Borrowed(s.expose())));
    }
    client_secret(provider, cx.now.unix_timestamp()).map(Cow::Owned)
}

fn client_secret(provider: &OidcProvider, now: i64) -> Result<String, Problem> {
    let unusable = |_| {
        Problem::Misconfigured(format!(
            "The key apple_private_key of the provider {:?} is not an EC key in PEM, as Apple hands it out.",
            provider.id
        ))
    };
    let pem = provider
        .apple_private_key
        .as_ref()
        .map(|k| k.expose())
        .unwrap_or_default();
    let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(unusable)?;
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(provider.apple_private_key_id.clone());
    let claims = json!({
        "iss": provider.apple_team_id, "iat": now, "exp": now + LIFESPAN_SECONDS,
        "aud": "https://appleid.apple.com", "sub": provider.client_id,
    });
    encode(&header, &claims, &key).map_err(unusable)
}

/// Fills in the name that Apple sends with the first callback only, beside the code.
pub(super) fn add_name(claims: &mut Claims, user: &str) {
    let user: Value = serde_json::from_str(user).unwrap_or_default();
    let part = |name: &str| {
        user.get("name")
            .and_then(|n| n.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    claims.fill("given_name", part("firstName"));
    claims.fill("family_name", part("lastName"));
    claims.fill("last_name", part("lastName"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_named_and_not_shown() {
        let provider: OidcProvider = serde_json::from_value(json!({
            "id": "apple", "provider": "apple", "apple_private_key": "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n",
        }))
        .unwrap();
        let Err(Problem::Misconfigured(reason)) = client_secret(&provider, 0) else {
            panic!("it was taken")
        };
        assert!(
            reason.contains("apple_private_key") && !reason.contains("hush"),
            "{reason}"
        );
    }

    #[test]
    fn the_callback_s_name_fills_gaps_only() {
        let mut claims = Claims::default();
        claims.set("given_name", "Augusta");
        add_name(
            &mut claims,
            r#"{"name":{"firstName":"Ada","lastName":"Lovelace"}}"#,
        );
        add_name(&mut claims, "not json");
        assert_eq!(
            (
                claims.text("given_name"),
                claims.text("last_name"),
                claims.text("family_name")
            ),
            ("Augusta", "Lovelace", "Lovelace")
        );
    }
}
