//! Vendors with one page that says who it is.

use aws_lc_rs::hmac;
use bia_config::section::oidc::{OidcProvider, ProviderKind as Kind};
use http::{HeaderName, header};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{picked, spelled};
use crate::cx::Cx;
use crate::method::oidc::claims::Claims;
use crate::method::oidc::provider as rules;
use crate::method::oidc::remote::{self, Ask};
use crate::method::oidc::token::Tokens;
use crate::problem::Problem;

type Places = &'static [(&'static str, &'static str)];

const DISCORD: Places = &[
    ("sub", "/id"),
    ("nickname", "/username"),
    ("preferred_username", "/username"),
    ("email", "/email"),
    ("locale", "/locale"),
];
const SLACK: Places = &[
    ("sub", "/user/id"),
    ("name", "/user/name"),
    ("nickname", "/user/name"),
    ("preferred_username", "/user/name"),
    ("email", "/user/email"),
    ("picture", "/user/image_512"),
    ("team", "/team/id"),
];
const FACEBOOK: Places = &[
    ("sub", "/id"),
    ("name", "/name"),
    ("given_name", "/first_name"),
    ("family_name", "/last_name"),
    ("middle_name", "/middle_name"),
    ("nickname", "/name"),
    ("preferred_username", "/name"),
    ("picture", "/picture/data/url"),
    ("email", "/email"),
    ("gender", "/gender"),
    ("birthdate", "/birthday"),
];
const VK: Places = &[
    ("sub", "/response/0/id"),
    ("given_name", "/response/0/first_name"),
    ("family_name", "/response/0/last_name"),
    ("nickname", "/response/0/nickname"),
    ("picture", "/response/0/photo_200"),
    ("birthdate", "/response/0/bdate"),
];
const YANDEX: Places = &[
    ("sub", "/id"),
    ("given_name", "/first_name"),
    ("family_name", "/last_name"),
    ("email", "/default_email"),
    ("gender", "/sex"),
    ("birthdate", "/birthday"),
];
const SPOTIFY: Places = &[
    ("sub", "/id"),
    ("name", "/display_name"),
    ("nickname", "/display_name"),
    ("email", "/email"),
    ("picture", "/images/0/url"),
    ("profile", "/external_urls/spotify"),
    ("birthdate", "/birthdate"),
];
const DINGTALK: Places = &[
    ("sub", "/openId"),
    ("name", "/nick"),
    ("nickname", "/nick"),
    ("picture", "/avatarUrl"),
    ("email", "/email"),
];
const PATREON: Places = &[
    ("sub", "/data/id"),
    ("name", "/data/attributes/full_name"),
    ("email", "/data/attributes/email"),
    ("given_name", "/data/attributes/first_name"),
    ("family_name", "/data/attributes/last_name"),
    ("last_name", "/data/attributes/last_name"),
    ("picture", "/data/attributes/image_url"),
];
const LARK: Places = &[
    ("sub", "/open_id"),
    ("name", "/name"),
    ("nickname", "/name"),
    ("picture", "/avatar_url"),
    ("email", "/email"),
    ("phone_number", "/mobile"),
];
const AMAZON: Places = &[
    ("sub", "/user_id"),
    ("name", "/name"),
    ("email", "/email"),
    ("zoneinfo", "/postal_code"),
];
const UAEPASS: Places = &[
    ("sub", "/sub"),
    ("email", "/email"),
    ("name", "/fullnameEN"),
    ("given_name", "/firstnameEN"),
    ("last_name", "/lastnameEN"),
];

const GRAPH: &str = "https://graph.facebook.com/me?fields=id,name,first_name,last_name,middle_name,email,picture,birthday,gender&appsecret_proof=";
const LARK_PAGE: &str = "https://passport.feishu.cn/suite/passport/oauth/userinfo";
const DINGTALK_PAGE: &str = "https://api.dingtalk.com/v1.0/contact/users/me";

/// The claims of a vendor's page.
pub(super) async fn claims(
    cx: &Cx,
    provider: &OidcProvider,
    tokens: &Tokens,
) -> Result<Claims, Problem> {
    let access = tokens.access();
    let read = |url: &str| Ask::get(url).bearer(access).value(cx);
    match provider.kind {
        Kind::Gitlab => {
            document(read(&format!("{}/oauth/userinfo", rules::gitlab(provider))).await?)
        }
        Kind::Auth0 => document(read(&below(provider, "/userinfo")).await?),
        Kind::Salesforce => document(read(&below(provider, "/services/oauth2/userinfo")).await?),
        Kind::Discord => Ok(discord(
            &read("https://discord.com/api/v9/users/@me").await?,
        )),
        Kind::Slack => slack(&read("https://slack.com/api/users.identity").await?),
        Kind::Facebook => facebook(cx, provider, access).await,
        Kind::Vk => vk(cx, tokens).await,
        Kind::Yandex => yandex(cx, access).await,
        Kind::Spotify => Ok(by(
            SPOTIFY,
            &read("https://api.spotify.com/v1/me").await?,
            "https://accounts.spotify.com/api/token",
        )),
        Kind::Dingtalk => {
            let header = HeaderName::from_static("x-acs-dingtalk-access-token");
            let page = Ask::get(DINGTALK_PAGE)
                .header(header, access)
                .public_only()
                .value(cx)
                .await?;
            Ok(by(DINGTALK, &page, DINGTALK_PAGE))
        }
        Kind::Patreon => {
            let url = "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=first_name,last_name,url,full_name,email,image_url";
            Ok(by(PATREON, &read(url).await?, "https://www.patreon.com/"))
        }
        Kind::Lark => Ok(by(
            LARK,
            &Ask::get(LARK_PAGE)
                .bearer(access)
                .public_only()
                .value(cx)
                .await?,
            LARK_PAGE,
        )),
        Kind::Amazon => {
            let header = HeaderName::from_static("x-amz-access-token");
            let page = Ask::get("https://api.amazon.com/user/profile")
                .bearer(access)
                .header(header, access)
                .value(cx)
                .await?;
            Ok(by(AMAZON, &page, "https://api.amazon.com/auth/o2/token"))
        }
        Kind::Uaepass => uaepass(
            provider,
            read(&format!("{}/idshub/userinfo", rules::uaepass(provider))).await?,
        ),
        _ => Err(Problem::Internal(
            "a provider without a page was asked for it".into(),
        )),
    }
}

fn below(provider: &OidcProvider, path: &str) -> String {
    format!("{}{path}", rules::issuer(provider).trim_end_matches('/'))
}

fn by(places: Places, page: &Value, issuer: &str) -> Claims {
    let mut claims = picked(page, places);
    claims.set("iss", issuer);
    claims
}

fn object(page: Value) -> Result<Map<String, Value>, Problem> {
    match page {
        Value::Object(object) => Ok(object),
        _ => Err(remote::garbage()),
    }
}

/// A page that has the claims' own names. A time that is written out is counted in seconds.
fn document(page: Value) -> Result<Claims, Problem> {
    let mut page = object(page)?;
    let written = page.get("updated_at").and_then(Value::as_str);
    if let Some(at) = written.and_then(|t| OffsetDateTime::parse(t, &Rfc3339).ok()) {
        page.insert("updated_at".into(), at.unix_timestamp().into());
    }
    Ok(Claims::of_document(page))
}

fn discord(page: &Value) -> Claims {
    let mut claims = by(DISCORD, page, "https://discord.com/api/v9/oauth2/");
    let text = |name: &str| page.get(name).and_then(spelled).unwrap_or_default();
    claims.set(
        "name",
        format!("{}#{}", text("username"), text("discriminator")),
    );
    claims.set("picture", avatar(&text("id"), &text("avatar")));
    claims.set_flag(
        "email_verified",
        page.get("verified") == Some(&Value::Bool(true)),
    );
    claims
}

/// Animated pictures have names that begin with `a_`.
fn avatar(id: &str, avatar: &str) -> String {
    if avatar.is_empty() {
        return String::new();
    }
    let kind = if avatar.starts_with("a_") {
        "gif"
    } else {
        "png"
    };
    format!("https://cdn.discordapp.com/avatars/{id}/{avatar}.{kind}")
}

fn slack(page: &Value) -> Result<Claims, Problem> {
    if page.get("ok") != Some(&Value::Bool(true)) {
        return Err(remote::garbage());
    }
    let mut claims = by(SLACK, page, "https://slack.com/oauth/");
    claims.set_flag("email_verified", true);
    Ok(claims)
}

async fn facebook(cx: &Cx, provider: &OidcProvider, access: &str) -> Result<Claims, Problem> {
    let secret = provider
        .client_secret
        .as_ref()
        .map(|s| s.as_bytes())
        .unwrap_or_default();
    let proof = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        access.as_bytes(),
    );
    let url = format!("{GRAPH}{}", hex::encode(proof.as_ref()));
    let page = Ask::get(&url).bearer(access).value(cx).await?;
    let mut claims = by(FACEBOOK, &page, &url);
    let has_mail = !claims.text("email").is_empty();
    claims.set_flag("email_verified", has_mail);
    Ok(claims)
}

/// VK takes the token in the URL, and tells the mail address with it.
async fn vk(cx: &Cx, tokens: &Tokens) -> Result<Claims, Problem> {
    const PAGE: &str = "https://api.vk.com/method/users.get";
    let query = crate::return_to::query(&[
        ("fields", "photo_200,nickname,bdate,sex"),
        ("access_token", tokens.access()),
        ("v", "5.103"),
    ]);
    let page = Ask::get(&format!("{PAGE}?{query}")).value(cx).await?;
    let mut claims = by(VK, &page, PAGE);
    claims.set("email", tokens.text("email"));
    let gender = match page.pointer("/response/0/sex").and_then(Value::as_i64) {
        Some(1) => "female",
        Some(2) => "male",
        _ => "",
    };
    claims.set("gender", gender);
    Ok(claims)
}

async fn yandex(cx: &Cx, access: &str) -> Result<Claims, Problem> {
    const PAGE: &str = "https://login.yandex.ru/info";
    let ask = Ask::get(&format!("{PAGE}?format=json"))
        .header(header::AUTHORIZATION, &format!("OAuth {access}"));
    let page = ask.value(cx).await?;
    let mut claims = by(YANDEX, &page, PAGE);
    let picture = page
        .get("default_avatar_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if page.get("is_avatar_empty") != Some(&Value::Bool(true)) && !picture.is_empty() {
        claims.set(
            "picture",
            format!("https://avatars.yandex.net/get-yapic/{picture}/islands-200"),
        );
    }
    Ok(claims)
}

fn uaepass(provider: &OidcProvider, page: Value) -> Result<Claims, Problem> {
    let mut claims = by(UAEPASS, &page, rules::uaepass(provider));
    claims.set_raw(object(page)?);
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_written_time_is_counted() {
        for (written, seconds) in [
            (json!("2024-01-02T03:04:05Z"), Some(1_704_164_645)),
            (json!(1_700_000_000), Some(1_700_000_000)),
            (json!("soon"), None),
        ] {
            let claims = document(json!({"sub": "s", "updated_at": written})).unwrap();
            assert_eq!(
                claims.to_json().get("updated_at").and_then(Value::as_i64),
                seconds
            );
        }
    }

    #[test]
    fn numbers_name_people_and_missing_parts_are_left_out() {
        let page = json!({"response": [{"id": 17, "first_name": "Ada"}]});
        let claims = by(VK, &page, "https://api.vk.com/method/users.get");
        assert_eq!(
            (
                claims.subject(),
                claims.text("given_name"),
                claims.text("nickname")
            ),
            ("17", "Ada", "")
        );
        assert_eq!(by(VK, &json!({"response": []}), "x").subject(), "");
        assert_eq!(
            avatar("8", "a_b"),
            "https://cdn.discordapp.com/avatars/8/a_b.gif"
        );
    }
}
