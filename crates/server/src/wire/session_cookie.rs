//! The encrypted cookies: session and continuity (`spec/storage.md` §7, the "securecookie" container).
//!
//! A cookie is `base64url(ts|val|mac)`: `ts` Unix seconds, `val` the base64url of `iv ‖ AES-CTR(gob)`, `mac` the
//! HMAC-SHA-256 of `name|ts|val`. The first secret encodes, every secret decodes, so secrets can be rotated and a
//! cookie that another server issued with the same secret stays valid.

use std::fmt;

use aes::cipher::{KeyIvInit, StreamCipher};
use aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ctr::Ctr128BE;
use rand::{Rng, RngCore};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::gob;

/// The longest cookie text that is written or read, in bytes.
pub const MAX_COOKIE_BYTES: usize = 4096;

/// The name of the continuity cookie.
pub const CONTINUITY_COOKIE: &str = "ory_kratos_continuity";

/// How old a continuity cookie, or a session cookie that is not persistent, may be.
pub const DEFAULT_MAX_AGE: Duration = Duration::days(30);

const IV_BYTES: usize = 16;
const NONCE_LETTERS: usize = 8;

/// Why a cookie could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CookieError {
    /// No usable secret is configured.
    #[error("no secret to protect cookies with; set secrets.cookie or secrets.default")]
    NoSecret,
    /// The encoded text would be longer than [`MAX_COOKIE_BYTES`].
    #[error("the cookie would have {0} bytes, more than browsers take")]
    TooLong(usize),
}

/// Writes and reads one kind of encrypted cookie.
pub struct CookieCodec {
    name: String,
    keys: Vec<KeyPair>,
    max_age: Duration,
}

impl CookieCodec {
    /// The session cookie `name`.
    ///
    /// `secrets` are `secrets.cookie`, newest first. Cookies older than `max_age` are refused: the session lifespan
    /// when `session.cookie.persistent` is on, else [`DEFAULT_MAX_AGE`]; zero means no limit.
    pub fn session<S: AsRef<[u8]>>(name: &str, secrets: &[S], max_age: Duration) -> Self {
        Self {
            name: name.to_owned(),
            keys: derived_pairs(secrets),
            max_age,
        }
    }

    /// The continuity cookie, whose entries are container ids by container name.
    ///
    /// Older servers took the raw secrets as (sign, encrypt) pairs; those cookies are still read.
    pub fn continuity<S: AsRef<[u8]>>(secrets: &[S]) -> Self {
        let mut keys = derived_pairs(secrets);
        keys.extend(raw_pairs(secrets));
        Self {
            name: CONTINUITY_COOKIE.to_owned(),
            keys,
            max_age: DEFAULT_MAX_AGE,
        }
    }

    /// The cookie's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cookie text that holds `values`, made at `now`.
    pub fn encode(
        &self,
        values: &[(&str, &str)],
        now: OffsetDateTime,
        rng: &mut impl RngCore,
    ) -> Result<String, CookieError> {
        let key = self.keys.first().ok_or(CookieError::NoSecret)?;
        let mut iv = [0; IV_BYTES];
        rng.fill_bytes(&mut iv);
        let value = URL_SAFE.encode(key.seal(iv, gob::encode(values)));
        let signed = format!("{}|{}|{value}", self.name, now.unix_timestamp());
        let mac = hmac::sign(&key.sign, signed.as_bytes());
        // The name is signed but not sent: the browser sends it beside the value.
        let mut text = signed.into_bytes().split_off(self.name.len() + 1);
        text.push(b'|');
        text.extend_from_slice(mac.as_ref());
        let cookie = URL_SAFE.encode(text);
        if cookie.len() > MAX_COOKIE_BYTES {
            return Err(CookieError::TooLong(cookie.len()));
        }
        Ok(cookie)
    }

    /// The values of a cookie text, in the order in which they were written.
    ///
    /// `None` when the text is damaged, too long, too old at `now`, or protected with another secret or name.
    pub fn decode(&self, cookie: &str, now: OffsetDateTime) -> Option<Vec<(String, String)>> {
        if cookie.len() > MAX_COOKIE_BYTES {
            return None;
        }
        let text = URL_SAFE.decode(cookie).ok()?;
        let parts = Parts::split(&text)?;
        if self.is_too_old(parts.issued_at, now) {
            return None;
        }
        let mut signed = format!("{}|", self.name).into_bytes();
        signed.extend_from_slice(parts.signed);
        self.keys.iter().find_map(|key| {
            hmac::verify(&key.sign, &signed, parts.mac).ok()?;
            gob::decode(&key.open(URL_SAFE.decode(parts.value).ok()?)?)
        })
    }

    fn is_too_old(&self, issued_at: i64, now: OffsetDateTime) -> bool {
        let max_age = self.max_age.whole_seconds();
        max_age != 0 && issued_at < now.unix_timestamp().saturating_sub(max_age)
    }
}

impl fmt::Debug for CookieCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieCodec")
            .field("name", &self.name)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// What a session cookie holds.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCookie {
    /// The session token; with it anybody is the user.
    pub session_token: String,
    /// When the session expired at the time the cookie was written; `None` in a cookie without it.
    pub expires_at: Option<OffsetDateTime>,
}

impl SessionCookie {
    /// The cookie text for this session.
    pub fn encode(
        &self,
        codec: &CookieCodec,
        now: OffsetDateTime,
        rng: &mut impl RngCore,
    ) -> Result<String, CookieError> {
        let nonce: String = (0..NONCE_LETTERS).map(|_| letter(rng)).collect();
        let expires_at = self
            .expires_at
            .and_then(|at| at.to_offset(UtcOffset::UTC).format(&Rfc3339).ok());
        let mut values = vec![("session_token", self.session_token.as_str())];
        values.extend(expires_at.as_deref().map(|at| ("expires_at", at)));
        values.push(("nonce", &nonce));
        codec.encode(&values, now, rng)
    }

    /// Reads a session cookie. `None` when [`CookieCodec::decode`] refuses it or it holds no token.
    pub fn decode(codec: &CookieCodec, cookie: &str, now: OffsetDateTime) -> Option<Self> {
        let values = codec.decode(cookie, now)?;
        let value = |name: &str| {
            values
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, text)| text.as_str())
        };
        let session_token = value("session_token")
            .filter(|token| !token.is_empty())?
            .to_owned();
        let expires_at =
            value("expires_at").and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        Some(Self {
            session_token,
            expires_at,
        })
    }
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCookie")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

fn letter(rng: &mut impl RngCore) -> char {
    let index = rng.random_range(0..52_u8);
    char::from(if index < 26 {
        b'a' + index
    } else {
        b'A' + index - 26
    })
}

/// The three parts of a decoded cookie text.
struct Parts<'a> {
    issued_at: i64,
    value: &'a [u8],
    mac: &'a [u8],
    /// `ts|val`, as it was signed.
    signed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(text: &'a [u8]) -> Option<Self> {
        let mut parts = text.splitn(3, |byte| *byte == b'|');
        let (time, value, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let signed = text.get(..time.len() + 1 + value.len())?;
        let issued_at = std::str::from_utf8(time).ok()?.parse().ok()?;
        Some(Self {
            issued_at,
            value,
            mac,
            signed,
        })
    }
}

/// A key to sign with and, but for one kind of very old cookie, one to encrypt with.
struct KeyPair {
    sign: hmac::Key,
    encrypt: Option<BlockKey>,
}

impl KeyPair {
    fn seal(&self, iv: [u8; IV_BYTES], mut plain: Vec<u8>) -> Vec<u8> {
        let Some(encrypt) = &self.encrypt else {
            return plain;
        };
        encrypt.apply(iv, &mut plain);
        let mut sealed = iv.to_vec();
        sealed.extend_from_slice(&plain);
        sealed
    }

    fn open(&self, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let Some(encrypt) = &self.encrypt else {
            return Some(sealed);
        };
        let iv = *sealed.first_chunk::<IV_BYTES>()?;
        let mut plain = sealed.split_off(IV_BYTES);
        encrypt.apply(iv, &mut plain);
        Some(plain)
    }
}

/// An AES key; its length chooses the variant.
enum BlockKey {
    Aes128([u8; 16]),
    Aes192([u8; 24]),
    Aes256([u8; 32]),
}

impl BlockKey {
    fn from_raw(key: &[u8]) -> Option<Self> {
        let (k16, k24, k32) = (key.try_into(), key.try_into(), key.try_into());
        let aes128 = k16.ok().map(Self::Aes128);
        let aes192 = k24.ok().map(Self::Aes192);
        aes128.or(aes192).or(k32.ok().map(Self::Aes256))
    }

    /// Encrypts or decrypts: counter mode is its own inverse.
    fn apply(&self, iv: [u8; IV_BYTES], data: &mut [u8]) {
        match self {
            Self::Aes128(key) => {
                Ctr128BE::<Aes128>::new(key.into(), &iv.into()).apply_keystream(data)
            }
            Self::Aes192(key) => {
                Ctr128BE::<Aes192>::new(key.into(), &iv.into()).apply_keystream(data)
            }
            Self::Aes256(key) => {
                Ctr128BE::<Aes256>::new(key.into(), &iv.into()).apply_keystream(data)
            }
        }
    }
}

/// One pair per secret: signed with the secret, encrypted with its SHA-256.
fn derived_pairs<S: AsRef<[u8]>>(secrets: &[S]) -> Vec<KeyPair> {
    let pair = |secret: &S| {
        let encrypt = BlockKey::from_raw(digest::digest(&digest::SHA256, secret.as_ref()).as_ref());
        KeyPair {
            sign: signing_key(secret.as_ref()),
            encrypt,
        }
    };
    secrets
        .iter()
        .filter(|secret| !secret.as_ref().is_empty())
        .map(pair)
        .collect()
}

/// The secrets two by two as (sign, encrypt); a pair whose second secret is no AES key never worked.
fn raw_pairs<S: AsRef<[u8]>>(secrets: &[S]) -> Vec<KeyPair> {
    secrets
        .chunks(2)
        .filter_map(|pair| {
            let sign = signing_key(pair.first()?.as_ref());
            match pair.get(1) {
                None => Some(KeyPair {
                    sign,
                    encrypt: None,
                }),
                Some(key) => Some(KeyPair {
                    sign,
                    encrypt: Some(BlockKey::from_raw(key.as_ref())?),
                }),
            }
        })
        .collect()
}

fn signing_key(secret: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret)
}

#[cfg(test)]
mod tests;
