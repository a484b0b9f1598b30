//! scrypt (`$scrypt$ln=<N>,r=<r>,p=<p>$<salt>$<hash>`) and the variant of Firebase
//! (`$firescrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<hash>$<separator>$<signer key>`).

use ::scrypt::Params;
use aes::Aes256;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;

use super::HashError;
use super::cost::Cost;
use super::format::Format;
use super::notation::{key, numbers, padded, parts, same};

const MAX_N: u32 = 1 << 17;
const MAX_LOG_N: u32 = 17;
const MAX_R: u32 = 8;
const MAX_P: u32 = 10;

/// A well-formed hash within the limits. N need not be a power of two; if it is not, nothing matches.
pub(super) struct Parsed {
    n: u32,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Parsed {
    pub(super) fn new(encoded: &str) -> Result<Self, HashError> {
        let parsed = Self::read(encoded).ok_or(HashError::Malformed(Format::Scrypt))?;
        within("ln", parsed.n, 1, MAX_N)?;
        within("r", parsed.r, 1, MAX_R)?;
        within("p", parsed.p, 1, MAX_P)?;
        Ok(parsed)
    }

    fn read(encoded: &str) -> Option<Self> {
        let [_, _, costs, salt, hash] = parts(encoded)?;
        let [n, r, p] = numbers(costs, ["ln=", ",r=", ",p="])?;
        Some(Self {
            n,
            r,
            p,
            salt: padded(salt)?,
            hash: key(padded(hash)?)?,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::scrypt(self.n, self.r, self.p)
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        if self.n < 2 || !self.n.is_power_of_two() || self.hash.is_empty() {
            return Err(HashError::Malformed(Format::Scrypt));
        }
        let mut derived = vec![0; self.hash.len()];
        derive(
            password,
            &self.salt,
            [self.n.ilog2(), self.r, self.p],
            &mut derived,
        )
        .ok_or(HashError::Malformed(Format::Scrypt))?;
        Ok(same(&self.hash, &derived))
    }
}

/// A well-formed Firebase hash within the limits.
pub(super) struct ParsedFirebase {
    log_n: u32,
    r: u32,
    p: u32,
    /// The user's salt and the project's separator.
    salt: Vec<u8>,
    hash: Vec<u8>,
    signer_key: Vec<u8>,
}

impl ParsedFirebase {
    pub(super) fn new(encoded: &str) -> Result<Self, HashError> {
        let parsed = Self::read(encoded).ok_or(HashError::Malformed(Format::FirebaseScrypt))?;
        within("ln", parsed.log_n, 0, MAX_LOG_N)?;
        within("r", parsed.r, 1, MAX_R)?;
        within("p", parsed.p, 1, MAX_P)?;
        Ok(parsed)
    }

    fn read(encoded: &str) -> Option<Self> {
        let [_, _, costs, salt, hash, separator, signer_key] = parts(encoded)?;
        let [log_n, r, p] = numbers(costs, ["ln=", ",r=", ",p="])?;
        let mut salt = padded(salt)?;
        salt.extend(padded(separator)?);
        Some(Self {
            log_n,
            r,
            p,
            salt,
            hash: padded(hash)?,
            signer_key: padded(signer_key)?,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::scrypt(1 << self.log_n, self.r, self.p)
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        if self.log_n == 0 {
            return Err(HashError::Malformed(Format::FirebaseScrypt));
        }
        let mut derived = [0; 32];
        derive(
            password,
            &self.salt,
            [self.log_n, self.r, self.p],
            &mut derived,
        )
        .ok_or(HashError::Malformed(Format::FirebaseScrypt))?;
        let mut sealed = self.signer_key.clone();
        Ctr128BE::<Aes256>::new(&derived.into(), &[0; 16].into()).apply_keystream(&mut sealed);
        Ok(same(&self.hash, &sealed))
    }
}

fn derive(password: &[u8], salt: &[u8], [log_n, r, p]: [u32; 3], out: &mut [u8]) -> Option<()> {
    let params = Params::new(u8::try_from(log_n).ok()?, r, p).ok()?;
    ::scrypt::scrypt(password, salt, &params, out).ok()
}

fn within(parameter: &'static str, value: u32, min: u32, max: u32) -> Result<(), HashError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(HashError::TooCostly {
        parameter,
        value: value.into(),
        max: max.into(),
    })
}
