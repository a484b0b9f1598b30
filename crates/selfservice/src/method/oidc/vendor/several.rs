//! Vendors that have to be asked twice.

use bia_config::section::oidc::{OidcProvider, ProviderKind};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::picked;
use crate::cx::Cx;
use crate::method::oidc::claims::Claims;
use crate::method::oidc::remote::Ask;
use crate::method::oidc::token::Tokens;
use crate::problem::Problem;

/// GitHub tells addresses on a page of their own. An app asks for it always, others where they may.
pub(super) async fn github(
    cx: &Cx,
    provider: &OidcProvider,
    tokens: &Tokens,
) -> Result<Claims, Problem> {
    let read = |url: &'static str| Ask::get(url).bearer(tokens.access()).value(cx);
    let user = read("https://api.github.com/user").await?;
    let mut claims = picked(
        &user,
        &[
            ("sub", "/id"),
            ("name", "/name"),
            ("nickname", "/login"),
            ("website", "/blog"),
            ("picture", "/avatar_url"),
            ("profile", "/html_url"),
        ],
    );
    claims.set("iss", "https://github.com/login/oauth/access_token");
    let written = user
        .get("updated_at")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Ok(at) = OffsetDateTime::parse(written, &Rfc3339) {
        claims.set_number("updated_at", at.unix_timestamp());
    }
    let is_app = provider.kind == ProviderKind::GithubApp;
    if is_app
        || tokens
            .text("scope")
            .split(',')
            .any(|s| s.trim() == "user:email")
    {
        let emails = read("https://api.github.com/user/emails").await?;
        let emails = emails.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(email) = chosen(emails, is_app) {
            claims.set(
                "email",
                email
                    .get("email")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            );
            claims.set_flag(
                "email_verified",
                email.get("verified") == Some(&Value::Bool(true)),
            );
        }
    }
    Ok(claims)
}

/// The primary address; an app is content with the last one.
fn chosen(emails: &[Value], is_app: bool) -> Option<&Value> {
    let primary = emails
        .iter()
        .find(|e| e.get("primary") == Some(&Value::Bool(true)));
    primary.or_else(|| emails.last().filter(|_| is_app))
}

/// LinkedIn's old API: a profile, and the address beside it.
pub(super) async fn linkedin(cx: &Cx, tokens: &Tokens) -> Result<Claims, Problem> {
    let read = |url: &'static str| Ask::get(url).bearer(tokens.access()).value(cx);
    let profile = read(
        "https://api.linkedin.com/v2/me?projection=(id,localizedFirstName,localizedLastName,profilePicture(displayImage~digitalmediaAsset:playableStreams))",
    )
    .await?;
    let email =
        read("https://api.linkedin.com/v2/emailAddress?q=members&projection=(elements*(handle~))")
            .await?;
    let mut claims = picked(
        &profile,
        &[
            ("sub", "/id"),
            ("given_name", "/localizedFirstName"),
            ("last_name", "/localizedLastName"),
            // The third size.
            (
                "picture",
                "/profilePicture/displayImage~0/elements/2/identifiers/0/identifier",
            ),
        ],
    );
    claims.set("iss", "https://login.linkedin.com/");
    let address = email.pointer("/elements/0/handle~0/emailAddress");
    claims.set("email", address.and_then(Value::as_str).unwrap_or_default());
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_primary_address_counts_and_an_app_is_content_with_the_last() {
        let mail = |address: &str, primary: bool| json!({"email": address, "primary": primary});
        let without = [
            mail("user-1@example.org", false),
            mail("user-2@example.org", false),
        ];
        assert_eq!(chosen(&without, false), None);
        assert_eq!(chosen(&without, true), without.last());
        let with = [
            mail("user-1@example.org", true),
            mail("user-2@example.org", false),
        ];
        assert_eq!(chosen(&with, true), with.first());
        assert_eq!(chosen(&[], true), None);
    }
}
