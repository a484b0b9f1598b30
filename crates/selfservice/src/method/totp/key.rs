//! The key that an authenticator app and the server share.

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::RngCore;
use url::Url;
use zeroize::Zeroizing;

/// 160 bits, as RFC 4226 recommends.
const KEY_BYTES: usize = 20;

/// The most characters of an account's name: more would not fit into a QR code that a camera can read.
const ACCOUNT_CHARS: usize = 120;

/// What a URL keeps as it is; apps read account names with `@` and `:` unescaped.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b':');

/// A key; not empty.
pub(super) struct Key(Zeroizing<Vec<u8>>);

impl Key {
    /// A new random key.
    pub(super) fn random() -> Key {
        let mut bytes = Zeroizing::new(vec![0u8; KEY_BYTES]);
        rand::rng().fill_bytes(&mut bytes);
        Key(bytes)
    }

    /// The key in an `otpauth:` URL: its parameter `secret`, base32 in any case, with or without padding.
    pub(super) fn of_url(text: &str) -> Option<Key> {
        let url = Url::parse(text).ok()?;
        let (_, secret) = url.query_pairs().find(|(name, _)| name == "secret")?;
        let secret = Zeroizing::new(secret.trim().trim_end_matches('=').to_ascii_uppercase());
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(secret.as_bytes()).ok()?);
        (!bytes.is_empty()).then_some(Key(bytes))
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As a person types it: base32 without padding.
    pub(super) fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The URL that a QR code carries.
    pub(super) fn url(&self, issuer: &str, account: &str) -> String {
        let account: String = account.chars().take(ACCOUNT_CHARS).collect();
        let (issuer, account) = (
            utf8_percent_encode(issuer, KEPT),
            utf8_percent_encode(&account, KEPT),
        );
        let secret = self.text();
        format!(
            "otpauth://totp/{issuer}:{account}?algorithm=SHA1&digits=6&issuer={issuer}&period=30&secret={secret}"
        )
    }

    /// Names the key without giving it away: 64 hexadecimal characters.
    pub(super) fn fingerprint(&self) -> String {
        hex::encode(digest::digest(&digest::SHA256, &self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_own_url() {
        let key = Key::random();
        assert_eq!(key.bytes().len(), KEY_BYTES);
        let url = key.url("App & Sons", "user-1@example.org");
        assert!(url.starts_with("otpauth://totp/App%20%26%20Sons:user-1@example.org?algorithm=SHA1&digits=6&issuer=App%20%26"), "{url}");
        assert_eq!(Key::of_url(&url).unwrap().bytes(), key.bytes());
    }

    #[test]
    fn keys_of_other_servers_are_read_as_they_were_written() {
        for url in [
            "otpauth://totp/App:user?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq&issuer=App",
            "otpauth://totp/App:user?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ%3D%3D",
        ] {
            assert_eq!(Key::of_url(url).unwrap().bytes(), b"12345678901234567890");
        }
        for url in [
            "",
            "x",
            "otpauth://totp/App:user",
            "otpauth://totp/a?secret=",
            "otpauth://totp/a?secret=18",
        ] {
            assert!(Key::of_url(url).is_none(), "{url}");
        }
    }
}
