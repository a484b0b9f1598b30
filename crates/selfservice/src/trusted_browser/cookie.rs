//! The cookie by which a browser is known again, one for each person: its name, its token, how that fits what is kept.

use bia_config::section::bia::BiaTrustedBrowser;
use bia_store::trusted_browser::TrustedBrowser;
use time::OffsetDateTime;
use uuid::Uuid;

use super::enabled;
use crate::cx::Cx;

/// A cookie that a browser gets, or loses.
#[derive(Clone)]
pub struct TrustCookie {
    /// Its name.
    pub name: String,
    /// Its value, a secret; `None` takes it away.
    pub value: Option<String>,
    /// Until when it counts.
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for TrustCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrustCookie")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The name of an identity's cookie. It tells nobody whose it is.
pub(super) fn cookie_name(cx: &Cx, section: &BiaTrustedBrowser, identity: Uuid) -> String {
    let about = cx
        .runtime
        .keys
        .stored_code(&format!("trusted browser of {identity}"));
    let short = about.get(..16).unwrap_or(&about);
    format!("{}_{short}", section.cookie_name)
}

/// What is hashed of a token: it is of use for one identity and nothing else.
pub(super) fn hashed(identity: Uuid, token: &str) -> String {
    format!("trusted browser\n{identity}\n{token}")
}

/// What the request's browser has for an identity.
pub(super) fn presented(cx: &Cx, identity: Uuid) -> Option<(String, String)> {
    let section = enabled(cx.config())?;
    let name = cookie_name(cx, section, identity);
    let value = (*cx.request.cookies.by_name().get(name.as_str())?).to_owned();
    (!value.is_empty() && value.len() <= 64).then_some((name, value))
}

/// How a browser's token fits what is kept.
pub(super) enum Fit {
    Current,
    /// It was the one before.
    Before,
    None,
}

pub(super) fn fit(cx: &Cx, browser: &TrustedBrowser, token: &str) -> Fit {
    let text = hashed(browser.identity_id, token);
    let keys = &cx.runtime.keys;
    let before = browser.previous_hash.as_deref();
    if keys.code_matches(&browser.token_hash, &text) {
        Fit::Current
    } else if before.is_some_and(|before| keys.code_matches(before, &text)) {
        Fit::Before
    } else {
        Fit::None
    }
}

pub(super) fn give(cx: &Cx, name: String, value: String, expires_at: OffsetDateTime) {
    let value = Some(value);
    let cookie = TrustCookie {
        name,
        value,
        expires_at,
    };
    cx.effect(|e| e.trusted_browser = Some(cookie));
}

pub(super) fn take_away(cx: &Cx, name: &str) {
    let cookie = TrustCookie {
        name: name.to_owned(),
        value: None,
        expires_at: OffsetDateTime::UNIX_EPOCH,
    };
    cx.effect(|e| e.trusted_browser = Some(cookie));
}
