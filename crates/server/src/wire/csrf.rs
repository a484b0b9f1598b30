//! The anti-CSRF cookie (`spec/flows.md` §6). What its token is, and which form tokens match it, is
//! decided in [`bia_selfservice::csrf`].

use aws_lc_rs::digest;
use bia_selfservice::csrf;

/// How long the browser keeps the cookie, in seconds (one year).
pub const CSRF_COOKIE_MAX_AGE_SECONDS: u32 = 31_536_000;

/// The header by which a client may send the token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// The cookie's name: `csrf_token_` and the SHA-256 of the public base URL exactly as configured.
pub fn cookie_name(public_base_url: &str) -> String {
    let hash = digest::digest(&digest::SHA256, public_base_url.as_bytes());
    format!("csrf_token_{}", hex::encode(hash))
}

/// What the CSRF cookies of a request amount to.
#[derive(Clone, PartialEq, Eq)]
pub enum CsrfCookie {
    /// One valid cookie.
    Valid(String),
    /// Several cookies of the name (an old path or domain): this token counts for the request, a new cookie is due.
    Ambiguous(String),
    /// No cookie, or none with a valid value: a new cookie is due.
    Missing,
}

impl CsrfCookie {
    /// Judges all `values` that the request carries under the cookie's name; among several, the token that the
    /// client sent chooses.
    pub fn judge<'a>(values: impl IntoIterator<Item = &'a str>, sent: Option<&str>) -> Self {
        let mut tokens: Vec<&str> = Vec::new();
        let mut seen = 0_usize;
        for value in values {
            seen += 1;
            tokens.extend(Some(value).filter(|value| csrf::is_token(value)));
        }
        let chosen = sent
            .and_then(|sent| tokens.iter().find(|token| csrf::matches(token, sent)))
            .or(tokens.first());
        match chosen {
            None => Self::Missing,
            Some(token) if seen == 1 => Self::Valid((*token).to_owned()),
            Some(token) => Self::Ambiguous((*token).to_owned()),
        }
    }

    /// The token to compare with, if there is one.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Valid(token) | Self::Ambiguous(token) => Some(token),
            Self::Missing => None,
        }
    }

    /// Whether the answer has to set a new cookie (unless the path is one that sets none).
    pub fn needs_new_cookie(&self) -> bool {
        !matches!(self, Self::Valid(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_named_by_the_url_as_it_is_written() {
        let name = cookie_name("http://127.0.0.1:4455/");
        assert_eq!(name.len(), "csrf_token_".len() + 64);
        assert_eq!(name, cookie_name("http://127.0.0.1:4455/"));
        assert_ne!(name, cookie_name("http://127.0.0.1:4455"));
        // sha256("https://example.org/")
        assert_eq!(
            cookie_name("https://example.org/"),
            "csrf_token_8198d1bac40a1033653a78e48800cefc9e6b974ff075c66e5548b5c1e145a2b0"
        );
    }

    #[test]
    fn among_two_cookies_the_sent_token_chooses_and_a_new_cookie_is_due() {
        let (old, new) = (csrf::new_token(), csrf::new_token());
        let both = [old.as_str(), new.as_str()];
        let sent = csrf::mask(&new);
        assert!(CsrfCookie::judge(both, Some(&sent)) == CsrfCookie::Ambiguous(new.clone()));
        assert!(CsrfCookie::judge(both, None) == CsrfCookie::Ambiguous(old.clone()));
        assert!(CsrfCookie::judge([old.as_str()], Some(&sent)) == CsrfCookie::Valid(old.clone()));
        assert!(CsrfCookie::judge(["not base64"], None) == CsrfCookie::Missing);
        assert!(CsrfCookie::judge([], None).needs_new_cookie());
    }
}
