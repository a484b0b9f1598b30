//! Secrets of identities at rest, in the reference's own format (spec: storage.md §4).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use bia_config::Config;
use bia_config::section::secrets::CipherAlgorithm;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngCore;
use zeroize::Zeroizing;

use crate::problem::Problem;

const XNONCE_BYTES: usize = 24;

/// Encrypts with the first of `secrets.cipher`, decrypts with any of them.
pub struct Cipher<'c> {
    algorithm: CipherAlgorithm,
    keys: Vec<&'c [u8]>,
}

impl<'c> Cipher<'c> {
    /// As the configuration says.
    pub fn new(config: &'c Config) -> Cipher<'c> {
        Cipher {
            algorithm: config.ciphers.algorithm,
            keys: config.secrets.cipher.iter().map(|s| s.as_bytes()).collect(),
        }
    }

    /// What is stored for a text: hexadecimal digits; an empty text stays empty.
    ///
    /// # Errors
    /// [`Problem::Misconfigured`] when there is no key of 32 bytes.
    pub fn seal(&self, text: &str) -> Result<String, Problem> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let mut random = [0u8; XNONCE_BYTES];
        rand::rng().fill_bytes(&mut random);
        self.seal_with(text, random)
            .map(hex::encode)
            .ok_or_else(|| {
                Problem::Misconfigured(
                    "secrets.cipher has no key of exactly 32 characters, so that nothing can be encrypted.".into(),
                )
            })
    }

    fn seal_with(&self, text: &str, random: [u8; XNONCE_BYTES]) -> Option<Vec<u8>> {
        match self.algorithm {
            CipherAlgorithm::Noop => Some(text.as_bytes().to_vec()),
            CipherAlgorithm::Aes => seal_aes(self.keys.first()?, text, &random),
            CipherAlgorithm::XChaCha20Poly1305 => seal_xchacha(self.keys.first()?, text, random),
        }
    }

    /// The text that was stored; `None` when no key opens it, or it is no text.
    pub fn open(&self, stored: &str) -> Option<Zeroizing<String>> {
        let bytes = hex::decode(stored).ok()?;
        let text = match self.algorithm {
            CipherAlgorithm::Noop => Some(bytes),
            _ if bytes.is_empty() => Some(bytes),
            CipherAlgorithm::Aes => self.keys.iter().find_map(|key| open_aes(key, &bytes)),
            CipherAlgorithm::XChaCha20Poly1305 => {
                self.keys.iter().find_map(|key| open_xchacha(key, &bytes))
            }
        };
        Some(Zeroizing::new(String::from_utf8(text?).ok()?))
    }
}

fn aes(key: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key)
        .ok()
        .map(LessSafeKey::new)
}

fn seal_aes(key: &[u8], text: &str, random: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE_LEN] = random.get(..NONCE_LEN)?.try_into().ok()?;
    let mut sealed = text.as_bytes().to_vec();
    aes(key)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut sealed,
        )
        .ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

fn open_aes(key: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = stored.split_at_checked(NONCE_LEN)?;
    let mut sealed = sealed.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let text = aes(key)?
        .open_in_place(nonce, Aad::empty(), &mut sealed)
        .ok()?;
    Some(text.to_vec())
}

fn seal_xchacha(key: &[u8], text: &str, nonce: [u8; XNONCE_BYTES]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    let sealed = cipher.encrypt(&XNonce::from(nonce), text.as_bytes()).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

fn open_xchacha(key: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = stored.split_at_checked(XNONCE_BYTES)?;
    let nonce: [u8; XNONCE_BYTES] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    cipher.decrypt(&XNonce::from(nonce), sealed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8; 32] = b"32-LONG-SECRET-NOT-SECURE-AT-ALL";
    const OTHER: &[u8; 32] = b"another-key-of-32-characters-000";
    const TEXT: &str = "access-token-1";

    fn cipher<'k>(algorithm: CipherAlgorithm, keys: &[&'k [u8]]) -> Cipher<'k> {
        let keys = keys.to_vec();
        Cipher { algorithm, keys }
    }

    fn counting() -> [u8; XNONCE_BYTES] {
        std::array::from_fn(|i| u8::try_from(i).unwrap())
    }

    #[test]
    fn the_reference_opens_what_is_sealed_and_the_other_way_round() {
        let vectors = [
            (
                CipherAlgorithm::XChaCha20Poly1305,
                "000102030405060708090a0b0c0d0e0f1011121314151617cd061c545a84c1832c8489823fae974a7721aa4ac0a99661fc0f84257144",
            ),
            (
                CipherAlgorithm::Aes,
                "000102030405060708090a0b2157db188cf7aff6b1002555383c339c930524513c12cbfcaaf9cdc0a494",
            ),
            (CipherAlgorithm::Noop, "6163636573732d746f6b656e2d31"),
        ];
        for (algorithm, stored) in vectors {
            let cipher = cipher(algorithm, &[KEY]);
            assert_eq!(
                hex::encode(cipher.seal_with(TEXT, counting()).unwrap()),
                stored
            );
            assert_eq!(cipher.open(stored).unwrap().as_str(), TEXT);
        }
    }

    #[test]
    fn a_rotated_key_still_opens_and_a_foreign_one_does_not() {
        for algorithm in [CipherAlgorithm::Aes, CipherAlgorithm::XChaCha20Poly1305] {
            let stored = cipher(algorithm, &[KEY]).seal(TEXT).unwrap();
            assert_eq!(
                cipher(algorithm, &[OTHER, KEY])
                    .open(&stored)
                    .unwrap()
                    .as_str(),
                TEXT
            );
            assert!(cipher(algorithm, &[OTHER]).open(&stored).is_none());
            assert!(cipher(algorithm, &[KEY]).open(&stored[2..]).is_none());
            assert_eq!(cipher(algorithm, &[KEY]).seal("").unwrap(), "");
            assert_eq!(cipher(algorithm, &[KEY]).open("").unwrap().as_str(), "");
            assert!(cipher(algorithm, &[]).seal(TEXT).is_err());
        }
    }
}
