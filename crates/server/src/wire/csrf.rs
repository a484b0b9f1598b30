//! Anti-CSRF tokens (`spec/flows.md` §6): the cookie, and the form token that has to match it.
//!
//! The form token is masked anew on every page, so that compression of a response reveals nothing about it.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngCore;
use subtle::ConstantTimeEq;

/// How long the browser keeps the cookie, in seconds (one year).
pub const CSRF_COOKIE_MAX_AGE_SECONDS: u32 = 31_536_000;

/// The form field, and the name of the hidden node.
pub const CSRF_FIELD: &str = "csrf_token";

/// The header that the middleware takes instead of the form field.
pub const CSRF_HEADER: &str = "x-csrf-token";

const TOKEN_BYTES: usize = 32;

/// The cookie's name: `csrf_token_` and the SHA-256 of the public base URL exactly as configured.
pub fn cookie_name(public_base_url: &str) -> String {
    let hash = digest::digest(&digest::SHA256, public_base_url.as_bytes());
    format!("csrf_token_{}", hex::encode(hash))
}

/// The random value in the cookie, to which form tokens are compared.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken([u8; TOKEN_BYTES]);

impl CsrfToken {
    /// A new token for a browser that has none.
    pub fn generate(rng: &mut impl RngCore) -> Self {
        let mut token = [0; TOKEN_BYTES];
        rng.fill_bytes(&mut token);
        Self(token)
    }

    /// The token in a cookie value; `None` when the value is not the base64 of 32 bytes.
    pub fn from_cookie(value: &str) -> Option<Self> {
        Some(Self(STANDARD.decode(value).ok()?.try_into().ok()?))
    }

    /// The value of the cookie; also the raw form that [`Self::matches`] takes.
    pub fn cookie_value(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// A form token: base64 of a random key and of the token under this key. Differs on every call.
    pub fn mask(&self, rng: &mut impl RngCore) -> String {
        let mut masked = [0; 2 * TOKEN_BYTES];
        rng.fill_bytes(&mut masked[..TOKEN_BYTES]);
        let (key, hidden) = masked.split_at_mut(TOKEN_BYTES);
        for ((hidden, key), token) in hidden.iter_mut().zip(key).zip(self.0) {
            *hidden = *key ^ token;
        }
        STANDARD.encode(masked)
    }

    /// Whether `sent` is this token, masked or raw: the check of reading and submitting a flow, in constant time.
    pub fn matches(&self, sent: &str) -> bool {
        let Ok(bytes) = STANDARD.decode(sent) else {
            return false;
        };
        let token = <[u8; TOKEN_BYTES]>::try_from(bytes.as_slice())
            .ok()
            .or_else(|| unmask(&bytes));
        token.is_some_and(|token| self.0.ct_eq(&token).into())
    }

    /// Whether `sent` is this token in its masked form, the only one that the middleware takes.
    pub fn matches_masked(&self, sent: &str) -> bool {
        let token = STANDARD.decode(sent).ok().and_then(|bytes| unmask(&bytes));
        token.is_some_and(|token| self.0.ct_eq(&token).into())
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(…)")
    }
}

/// What the CSRF cookies of a request amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CsrfCookie {
    /// One valid cookie.
    Valid(CsrfToken),
    /// Several cookies of the name (an old path or domain): this token counts for the request, a new cookie is due.
    Ambiguous(CsrfToken),
    /// No cookie, or none with a valid value: a new cookie is due.
    Missing,
}

impl CsrfCookie {
    /// Judges all `values` that the request carries under the cookie's name; among several, the token that the
    /// client sent chooses.
    pub fn judge<'a>(values: impl IntoIterator<Item = &'a str>, sent: Option<&str>) -> Self {
        let mut tokens: Vec<CsrfToken> = Vec::new();
        let mut seen = 0_usize;
        for value in values {
            seen += 1;
            tokens.extend(CsrfToken::from_cookie(value));
        }
        let chosen = sent
            .and_then(|sent| tokens.iter().position(|token| token.matches(sent)))
            .unwrap_or(0);
        match tokens.into_iter().nth(chosen) {
            None => Self::Missing,
            Some(token) if seen == 1 => Self::Valid(token),
            Some(token) => Self::Ambiguous(token),
        }
    }

    /// The token to compare with, if there is one.
    pub fn token(&self) -> Option<&CsrfToken> {
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

fn unmask(bytes: &[u8]) -> Option<[u8; TOKEN_BYTES]> {
    let (key, hidden) = bytes.split_first_chunk::<TOKEN_BYTES>()?;
    let mut token = <[u8; TOKEN_BYTES]>::try_from(hidden).ok()?;
    for (byte, key) in token.iter_mut().zip(key) {
        *byte ^= key;
    }
    Some(token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn rng() -> StdRng {
        StdRng::seed_from_u64(3)
    }

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
    fn masked_tokens_differ_and_both_match() {
        let mut rng = rng();
        let token = CsrfToken::generate(&mut rng);
        let (first, second) = (token.mask(&mut rng), token.mask(&mut rng));
        assert_ne!(first, second);
        assert_eq!(STANDARD.decode(&first).unwrap().len(), 64);
        for sent in [first, second] {
            assert!(token.matches(&sent));
            assert!(token.matches_masked(&sent));
        }
    }

    #[test]
    fn the_raw_token_is_good_for_flows_and_not_for_the_middleware() {
        let token = CsrfToken::generate(&mut rng());
        assert!(token.matches(&token.cookie_value()));
        assert!(!token.matches_masked(&token.cookie_value()));
        assert_eq!(CsrfToken::from_cookie(&token.cookie_value()), Some(token));
    }

    #[test]
    fn another_browsers_token_does_not_match() {
        let mut rng = rng();
        let (mine, theirs) = (CsrfToken::generate(&mut rng), CsrfToken::generate(&mut rng));
        assert!(!mine.matches(&theirs.mask(&mut rng)));
        assert!(!mine.matches(&theirs.cookie_value()));
        assert!(!mine.matches(""));
        assert!(!mine.matches_masked(""));
    }

    #[test]
    fn among_two_cookies_the_sent_token_chooses_and_a_new_cookie_is_due() {
        let mut rng = rng();
        let (old, new) = (CsrfToken::generate(&mut rng), CsrfToken::generate(&mut rng));
        let (old_value, new_value) = (old.cookie_value(), new.cookie_value());
        let both = [old_value.as_str(), new_value.as_str()];
        let sent = new.mask(&mut rng);
        assert_eq!(
            CsrfCookie::judge(both, Some(&sent)),
            CsrfCookie::Ambiguous(new)
        );
        assert_eq!(
            CsrfCookie::judge(both, None),
            CsrfCookie::Ambiguous(old.clone())
        );
        assert_eq!(
            CsrfCookie::judge([old_value.as_str()], Some(&sent)),
            CsrfCookie::Valid(old)
        );
        assert_eq!(CsrfCookie::judge(["not base64"], None), CsrfCookie::Missing);
        assert!(CsrfCookie::judge([], None).needs_new_cookie());
    }

    proptest! {
        #[test]
        fn garbage_never_matches(sent in ".{0,120}", cookie in ".{0,60}") {
            let token = CsrfToken::generate(&mut rng());
            prop_assert!(!token.matches(&sent));
            prop_assert!(!token.matches_masked(&sent));
            prop_assert!(CsrfToken::from_cookie(&cookie).is_none());
        }

        #[test]
        fn one_changed_byte_does_not_match(at in 0_usize..64, bit in 0_u32..8) {
            let token = CsrfToken::generate(&mut rng());
            let mut masked = STANDARD.decode(token.mask(&mut rng())).unwrap();
            masked[at] ^= 1 << bit;
            prop_assert!(!token.matches(&STANDARD.encode(masked)));
        }
    }
}
