//! Texts that leave the server's hands for a while (in a URL, in a flow, in a container) and that nobody else may read
//! or change.
//!
//! A sealed text is base64url of a salt and of AES-256-GCM under a key of that salt, so no key seals twice.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore;
use zeroize::Zeroizing;

use crate::problem::Problem;

const SALT_BYTES: usize = 16;

/// What a sealed text is for, and what it is about. Both have to be the same when it is opened.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'s> {
    /// A name of the caller's own.
    pub purpose: &'s str,
    /// What the text belongs to, such as the id of a flow; may be empty.
    pub about: &'s [u8],
}

impl Seal<'_> {
    /// Seals a text with a secret.
    ///
    /// # Errors
    /// Only when the cryptographic library fails.
    pub fn close(&self, secret: &[u8], text: &[u8]) -> Result<String, Problem> {
        let failed = || Problem::Internal("a text could not be sealed".into());
        let mut salt = [0u8; SALT_BYTES];
        rand::rng().fill_bytes(&mut salt);
        let mut sealed = text.to_vec();
        self.cipher(secret, &salt)
            .ok_or_else(failed)?
            .seal_in_place_append_tag(nonce(), Aad::from(self.about), &mut sealed)
            .map_err(|_| failed())?;
        let mut whole = salt.to_vec();
        whole.extend_from_slice(&sealed);
        Ok(URL_SAFE_NO_PAD.encode(whole))
    }

    /// Opens a sealed text with the one of the secrets that it was sealed with. `None` for anything else.
    pub fn open<'k>(
        &self,
        secrets: impl IntoIterator<Item = &'k [u8]>,
        sealed: &str,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let whole = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (salt, sealed) = whole.split_at_checked(SALT_BYTES)?;
        secrets.into_iter().find_map(|secret| {
            let mut text = Zeroizing::new(sealed.to_vec());
            let length = self
                .cipher(secret, salt)?
                .open_in_place(nonce(), Aad::from(self.about), &mut text)
                .ok()?
                .len();
            text.truncate(length);
            Some(text)
        })
    }

    fn cipher(&self, secret: &[u8], salt: &[u8]) -> Option<LessSafeKey> {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
        for part in [b"bia sealed text", self.purpose.as_bytes(), salt] {
            context.update(&u64::try_from(part.len()).ok()?.to_be_bytes());
            context.update(part);
        }
        let key = UnboundKey::new(&AES_256_GCM, context.sign().as_ref()).ok()?;
        Some(LessSafeKey::new(key))
    }
}

/// Each key seals one text only, so that the nonce may be the same for all.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: Seal<'static> = Seal {
        purpose: "state",
        about: b"flow-1",
    };

    #[test]
    fn a_rotated_secret_still_opens_what_it_sealed() {
        let sealed = STATE.close(b"old", b"verifier").unwrap();
        let secrets: [&[u8]; 2] = [b"new", b"old"];
        assert_eq!(
            STATE.open(secrets, &sealed).unwrap().as_slice(),
            b"verifier"
        );
        assert!(STATE.open([b"new".as_slice()], &sealed).is_none());
    }

    #[test]
    fn nothing_opens_for_another_purpose_another_flow_or_when_changed() {
        let sealed = STATE.close(b"key", b"verifier").unwrap();
        let key = [b"key".as_slice()];
        let others = [
            Seal {
                purpose: "claims",
                ..STATE
            },
            Seal {
                about: b"flow-2",
                ..STATE
            },
        ];
        for other in others {
            assert!(other.open(key, &sealed).is_none(), "{other:?}");
        }
        for wrong in [
            "",
            "AAAA",
            "not base64!",
            &sealed[1..],
            &format!("{sealed}AA"),
        ] {
            assert!(STATE.open(key, wrong).is_none(), "{wrong}");
        }
        assert_ne!(sealed, STATE.close(b"key", b"verifier").unwrap());
    }
}
