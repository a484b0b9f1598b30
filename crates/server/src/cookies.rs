//! The cookies that the server sets (spec: config.md §7).

use bia_config::Config;
use bia_config::section::cookies::SameSite;
use bia_selfservice::outcome::IssuedSession;
use bia_selfservice::trusted_browser::TrustCookie;
use cookie::{Cookie, CookieBuilder};
use http::HeaderValue;
use time::OffsetDateTime;

use crate::wire::csrf::{CSRF_COOKIE_MAX_AGE_SECONDS, cookie_name};
use crate::wire::session_cookie::{CookieCodec, CookieError, DEFAULT_MAX_AGE, SessionCookie};

/// How long a browser keeps the continuity cookie.
const CONTINUITY_MAX_AGE: time::Duration = time::Duration::days(30);

/// Reads and writes session cookies.
pub(crate) fn session_codec(config: &Config) -> CookieCodec {
    let cookie = &config.session.cookie;
    let lifespan = time::Duration::try_from(config.session.lifespan).unwrap_or(time::Duration::MAX);
    let max_age = if cookie.persistent {
        lifespan
    } else {
        DEFAULT_MAX_AGE
    };
    CookieCodec::session(&cookie.name, &cookie_secrets(config), max_age)
}

/// Reads and writes continuity cookies.
pub(crate) fn continuity_codec(config: &Config) -> CookieCodec {
    CookieCodec::continuity(&cookie_secrets(config))
}

fn cookie_secrets(config: &Config) -> Vec<&[u8]> {
    config
        .secrets
        .sessions()
        .iter()
        .map(|s| s.expose().as_bytes())
        .collect()
}

/// The cookie of a session.
pub(crate) fn session(
    config: &Config,
    issued: &IssuedSession,
    now: OffsetDateTime,
) -> Result<HeaderValue, CookieError> {
    let expires_at = issued.session.expires_at;
    let content = SessionCookie {
        session_token: issued.token.clone(),
        expires_at: Some(expires_at),
    };
    let value = content.encode(&session_codec(config), now, &mut rand::rng())?;
    let mut built = session_attributes(config, value);
    if config.session.cookie.persistent {
        let left = expires_at - now;
        built = built
            .max_age(time::Duration::seconds(left.whole_seconds()))
            .expires(expires_at);
    }
    Ok(header(built))
}

/// What takes the session cookie away.
pub(crate) fn no_session(config: &Config) -> HeaderValue {
    let built = session_attributes(config, String::new());
    header(
        built
            .max_age(time::Duration::ZERO)
            .expires(OffsetDateTime::UNIX_EPOCH),
    )
}

/// The cookie of a browser that somebody trusts, with the attributes of the session cookie; or what takes it away.
pub(crate) fn trusted_browser(
    config: &Config,
    cookie: TrustCookie,
    now: OffsetDateTime,
) -> HeaderValue {
    let session = &config.session.cookie;
    let left = match cookie.value {
        Some(_) => time::Duration::seconds((cookie.expires_at - now).whole_seconds()),
        None => time::Duration::ZERO,
    };
    let built = attributes(
        cookie.name,
        cookie.value.unwrap_or_default(),
        &session.path,
        session.domain.as_deref(),
        session.same_site,
        session.secure,
    );
    header(built.max_age(left).expires(cookie.expires_at))
}

fn session_attributes(config: &Config, value: String) -> CookieBuilder<'static> {
    let cookie = &config.session.cookie;
    attributes(
        cookie.name.clone(),
        value,
        &cookie.path,
        cookie.domain.as_deref(),
        cookie.same_site,
        cookie.secure,
    )
}

/// The anti-CSRF cookie.
pub(crate) fn csrf(config: &Config, token: &str) -> HeaderValue {
    let cookies = &config.cookies;
    let name = cookie_name(&config.serve.public.base_url_text);
    // Browsers refuse SameSite=None on cookies that are not Secure.
    let same_site = if cookies.secure {
        cookies.same_site
    } else {
        SameSite::Lax
    };
    let built = attributes(
        name,
        token.to_owned(),
        &cookies.path,
        cookies.domain.as_deref(),
        same_site,
        cookies.secure,
    );
    header(built.max_age(time::Duration::seconds(CSRF_COOKIE_MAX_AGE_SECONDS.into())))
}

/// The continuity cookie with what a browser was doing, by purpose.
pub(crate) fn continuity(
    config: &Config,
    values: &[(String, String)],
    now: OffsetDateTime,
) -> Result<HeaderValue, CookieError> {
    let pairs: Vec<(&str, &str)> = values
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let codec = continuity_codec(config);
    let value = codec.encode(&pairs, now, &mut rand::rng())?;
    let built = attributes(
        codec.name().to_owned(),
        value,
        "/",
        None,
        SameSite::Lax,
        config.cookies.secure,
    );
    Ok(header(
        built
            .max_age(CONTINUITY_MAX_AGE)
            .expires(now + CONTINUITY_MAX_AGE),
    ))
}

fn attributes(
    name: String,
    value: String,
    path: &str,
    domain: Option<&str>,
    same_site: SameSite,
    secure: bool,
) -> CookieBuilder<'static> {
    let same_site = match same_site {
        SameSite::Lax => cookie::SameSite::Lax,
        SameSite::Strict => cookie::SameSite::Strict,
        SameSite::None => cookie::SameSite::None,
    };
    let built = Cookie::build((name, value))
        .path(path.to_owned())
        .same_site(same_site)
        .secure(secure)
        .http_only(true);
    match domain {
        Some(domain) if !domain.is_empty() => built.domain(domain.to_owned()),
        _ => built,
    }
}

fn header(built: CookieBuilder<'static>) -> HeaderValue {
    HeaderValue::from_str(&built.build().to_string())
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}
