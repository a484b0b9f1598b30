//! The two halves of the anti-CSRF token (spec: flows.md §6): the cookie's 32 bytes, and the form's 64,
//! a random key and the cookie's bytes under that key, so that no two forms carry the same text.

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::RngCore;
use subtle::ConstantTimeEq;

const TOKEN_BYTES: usize = 32;

/// A new token for the cookie: standard base64 of 32 random bytes.
pub fn new_token() -> String {
    STANDARD.encode(random_bytes())
}

/// Whether a cookie's text is a token.
pub fn is_token(text: &str) -> bool {
    decode_token(text).is_some()
}

/// A form's text for a cookie's token; empty when that is none.
pub fn mask(token: &str) -> String {
    let Some(token) = decode_token(token) else {
        return String::new();
    };
    let key = random_bytes();
    let mut masked = [0u8; 2 * TOKEN_BYTES];
    for (i, (k, t)) in key.iter().zip(token.iter()).enumerate() {
        if let Some(byte) = masked.get_mut(i) {
            *byte = *k;
        }
        if let Some(byte) = masked.get_mut(i + TOKEN_BYTES) {
            *byte = k ^ t;
        }
    }
    STANDARD.encode(masked)
}

/// Whether a sent text, masked or raw, belongs to a cookie's token. In constant time for texts of the right length.
pub fn matches(token: &str, sent: &str) -> bool {
    let (Some(token), Some(sent)) = (decode_token(token), unmask(sent)) else {
        return false;
    };
    token.ct_eq(&sent).into()
}

fn unmask(sent: &str) -> Option<[u8; TOKEN_BYTES]> {
    let bytes = STANDARD.decode(sent).ok()?;
    if let Ok(raw) = <[u8; TOKEN_BYTES]>::try_from(bytes.as_slice()) {
        return Some(raw);
    }
    let (key, masked) = bytes.split_at_checked(TOKEN_BYTES)?;
    let mut token = [0u8; TOKEN_BYTES];
    if masked.len() != TOKEN_BYTES {
        return None;
    }
    for (t, (k, m)) in token.iter_mut().zip(key.iter().zip(masked)) {
        *t = k ^ m;
    }
    Some(token)
}

fn decode_token(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn random_bytes() -> [u8; TOKEN_BYTES] {
    let mut bytes = [0u8; TOKEN_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masked_and_raw_forms_match_their_token_and_no_other() {
        let token = new_token();
        let masked = mask(&token);
        assert_ne!(masked, mask(&token));
        assert_eq!(STANDARD.decode(&masked).unwrap().len(), 2 * TOKEN_BYTES);
        assert!(is_token(&token) && !is_token(&masked));
        assert!(matches(&token, &masked));
        assert!(matches(&token, &token));
        assert!(!matches(&new_token(), &masked));
        assert!(!matches(&new_token(), &token));
    }

    #[test]
    fn nonsense_matches_nothing() {
        for sent in ["", "x", "AAAA", &"A".repeat(4096)] {
            assert!(!matches(&new_token(), sent));
        }
        assert!(!matches("", ""));
        assert_eq!(mask("nonsense"), "");
    }

    proptest! {
        #[test]
        fn garbage_never_matches(sent in ".{0,120}", cookie in ".{0,60}") {
            prop_assert!(!matches(&new_token(), &sent));
            prop_assert!(!is_token(&cookie));
        }

        #[test]
        fn one_changed_byte_does_not_match(at in 0_usize..2 * TOKEN_BYTES, bit in 0_u32..8) {
            let token = new_token();
            let mut masked = STANDARD.decode(mask(&token)).unwrap();
            masked[at] ^= 1 << bit;
            prop_assert!(!matches(&token, &STANDARD.encode(masked)));
        }
    }
}
