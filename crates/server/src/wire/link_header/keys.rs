//! Sealed page tokens: they tell nothing to who holds them, fit one list only, and live an hour.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use time::{Duration, OffsetDateTime};

use super::PagingError;

const LIFETIME: Duration = Duration::HOUR;

/// The keys of page tokens, from `secrets.pagination`: the first seals, all open.
pub struct PageKeys(Vec<RandomizedNonceKey>);

impl PageKeys {
    /// Derives the keys. Without a secret all servers share a known key: a token only names a place in a list that
    /// its holder may read anyway.
    pub fn new<S: AsRef<[u8]>>(secrets: &[S]) -> Self {
        let derive =
            |secret: &S| key(digest::digest(&digest::SHA512_256, secret.as_ref()).as_ref());
        let mut keys: Vec<_> = secrets.iter().filter_map(derive).collect();
        keys.extend(key(&[0; 32]));
        Self(keys)
    }

    /// A token for a place. `purpose` says for which list, so that no other token passes for one of its own.
    pub(super) fn seal(&self, purpose: &[u8], place: &[u8], now: OffsetDateTime) -> Option<String> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + 8 + place.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&(now + LIFETIME).unix_timestamp().to_be_bytes());
        sealed.extend_from_slice(place);
        let key = self.0.first()?;
        let nonce = key.seal_in_place_append_tag(Aad::from(purpose), &mut sealed);
        Some(URL_SAFE.encode([nonce.ok()?.as_ref().as_slice(), &sealed].concat()))
    }

    /// The place that a token of this purpose names.
    pub(super) fn open(
        &self,
        purpose: &[u8],
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<u8>, PagingError> {
        let bytes = URL_SAFE.decode(token).map_err(|_| PagingError::Token)?;
        let (nonce, sealed) = bytes
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(PagingError::Token)?;
        let open = |key: &RandomizedNonceKey| {
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let mut sealed = sealed.to_vec();
            let plain = key.open_in_place(nonce, Aad::from(purpose), &mut sealed);
            let (expires_at, place) = plain.ok()?.split_first_chunk()?;
            Some((i64::from_be_bytes(*expires_at), place.to_vec()))
        };
        let (expires_at, place) = self.0.iter().find_map(open).ok_or(PagingError::Token)?;
        if expires_at < now.unix_timestamp() {
            return Err(PagingError::ExpiredToken);
        }
        Ok(place)
    }
}

impl fmt::Debug for PageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageKeys({})", self.0.len())
    }
}

fn key(bytes: &[u8]) -> Option<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).ok()
}
