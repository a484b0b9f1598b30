//! Secrets that the server hands out, and how they are kept (spec: sessions.md §2, storage.md §5).

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng;
use uuid::Uuid;

/// What every session token begins with.
pub const SESSION_TOKEN_PREFIX: &str = "ory_st_";
/// What every logout token begins with.
pub const LOGOUT_TOKEN_PREFIX: &str = "ory_lo_";
/// What a stored session token begins with when it is a hash. Nothing with this beginning is ever taken for a token, so
/// that a leaked row is of no use; nor at the reference on the same database, which would look it up as it is: no header
/// can carry a line feed, and every collation tells it from nothing.
const STORED_PREFIX: &str = "ory_sh\n";

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `length` random letters and digits.
pub fn alphanumeric(length: usize) -> String {
    pick(ALPHANUMERIC, length)
}

/// `length` random decimal digits; leading zeros are as likely as any other digit.
pub fn digits(length: usize) -> String {
    pick(b"0123456789", length)
}

fn pick(alphabet: &[u8], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .filter_map(|_| alphabet.get(rng.random_range(0..alphabet.len())))
        .map(|b| char::from(*b))
        .collect()
}

/// A new session token.
pub fn session_token() -> String {
    format!("{SESSION_TOKEN_PREFIX}{}", alphanumeric(32))
}

/// A new logout token.
pub fn logout_token() -> String {
    format!("{LOGOUT_TOKEN_PREFIX}{}", alphanumeric(32))
}

/// The keys that session tokens and codes are hashed with: the first one hashes, all are tried.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<hmac::Key>,
    store_plain: bool,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeys")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl TokenKeys {
    /// Keys from `secrets.cookie` (or its fallback). With `store_plain` session tokens are stored as
    /// the reference stores them, so that it can run on the same database.
    pub fn new<'a>(secrets: impl Iterator<Item = &'a [u8]>, store_plain: bool) -> TokenKeys {
        TokenKeys {
            keys: secrets
                .map(|s| hmac::Key::new(hmac::HMAC_SHA256, s))
                .collect(),
            store_plain,
        }
    }

    /// What is stored for a new session token; it fits the column's 39 characters.
    pub fn stored_session_token(&self, token: &str) -> String {
        match self.keys.first() {
            Some(key) if !self.store_plain => hash_session_token(key, token),
            _ => token.to_owned(),
        }
    }

    /// Everything that may be stored for a token that a client presents: its hash under each key, and
    /// the token itself, as the reference stores it.
    pub fn session_token_candidates(&self, token: &str) -> Vec<String> {
        if token.is_empty() || token.len() > 64 || token.starts_with(STORED_PREFIX) {
            return Vec::new();
        }
        let mut all: Vec<String> = self
            .keys
            .iter()
            .map(|key| hash_session_token(key, token))
            .collect();
        all.push(token.to_owned());
        all
    }

    /// What is stored for a new code or link token: 64 hexadecimal characters.
    pub fn stored_code(&self, code: &str) -> String {
        self.keys
            .first()
            .map(|key| hash_code(key, code))
            .unwrap_or_default()
    }

    /// Everything that may be stored for a code or link token: its hash under each key.
    pub fn code_candidates(&self, code: &str) -> Vec<String> {
        self.keys.iter().map(|key| hash_code(key, code)).collect()
    }

    /// The id of the counter of something that is not to be kept itself: 128 bits of a keyed hash. Other parts, or
    /// the same ones cut elsewhere, give another id.
    pub fn counter_id(&self, parts: &[&str]) -> Uuid {
        let mut text = String::from("bia.counter");
        for part in parts {
            text.push_str(&format!("\0{}\0{part}", part.len()));
        }
        let tag = match self.keys.first() {
            Some(key) => hmac::sign(key, text.as_bytes()),
            None => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[]), text.as_bytes()),
        };
        let short = tag.as_ref().first_chunk::<16>();
        Uuid::from_bytes(short.copied().unwrap_or_default())
    }

    /// Whether a stored text belongs to a code, in constant time per key.
    pub fn code_matches(&self, stored: &str, code: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.keys
            .iter()
            .fold(subtle::Choice::from(0), |found, key| {
                found | hash_code(key, code).as_bytes().ct_eq(stored.as_bytes())
            })
            .into()
    }
}

fn hash_session_token(key: &hmac::Key, token: &str) -> String {
    let tag = hmac::sign(key, token.as_bytes());
    // 24 bytes are 32 characters: 192 bits of the hash, more than the token itself has.
    let short = tag.as_ref().get(..24).unwrap_or_default();
    format!("{STORED_PREFIX}{}", URL_SAFE_NO_PAD.encode(short))
}

fn hash_code(key: &hmac::Key, code: &str) -> String {
    hex::encode(hmac::sign(key, code.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(store_plain: bool) -> TokenKeys {
        TokenKeys::new(
            [
                b"first-secret-16b".as_slice(),
                b"older-secret-16b".as_slice(),
            ]
            .into_iter(),
            store_plain,
        )
    }

    #[test]
    fn a_stored_token_fits_the_column_and_is_found_again() {
        let token = session_token();
        let stored = keys(false).stored_session_token(&token);
        assert_eq!(stored.len(), 39);
        assert!(
            keys(false)
                .session_token_candidates(&token)
                .contains(&stored)
        );
        assert!(
            keys(false)
                .session_token_candidates(&token)
                .contains(&token)
        );
    }

    #[test]
    fn a_stored_token_is_not_a_token() {
        let stored = keys(false).stored_session_token(&session_token());
        assert!(keys(false).session_token_candidates(&stored).is_empty());
    }

    #[test]
    fn a_counter_has_one_id_for_each_thing_and_key() {
        let id = |parts: &[&str]| keys(false).counter_id(parts);
        assert_eq!(id(&["password", "ann"]), id(&["password", "ann"]));
        for other in [
            &["password", "bob"][..],
            &["passworda", "nn"],
            &["password\0ann"],
        ] {
            assert_ne!(id(&["password", "ann"]), id(other));
        }
        let older = TokenKeys::new([b"older-secret-16b".as_slice()].into_iter(), false);
        assert_ne!(
            id(&["password", "ann"]),
            older.counter_id(&["password", "ann"])
        );
    }

    #[test]
    fn a_code_is_found_under_an_older_secret() {
        let old = TokenKeys::new([b"older-secret-16b".as_slice()].into_iter(), false)
            .stored_code("012345");
        assert_eq!(old.len(), 64);
        assert!(keys(false).code_matches(&old, "012345"));
        assert!(!keys(false).code_matches(&old, "012346"));
    }
}
