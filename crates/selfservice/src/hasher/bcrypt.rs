//! bcrypt: `$2a$CC$<22 characters salt><31 characters hash>`.

use ::bcrypt::Version;
use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::cost::Cost;
use super::format::Format;
use super::notation::same;
use super::{BCRYPT_MAX_PASSWORD_BYTES, HashError, Limits, random};

const MIN_COST: u32 = 4;
const SALT_BYTES: usize = 16;
const SALT_CHARACTERS: usize = 22;
const HASH_CHARACTERS: usize = 31;

/// The last character of a salt carries four bits that some programs do not clear.
const ALPHABET: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Hashes a password, whose length the caller has checked.
pub(super) fn hash(password: &[u8], cost: u32) -> Result<String, HashError> {
    let mut salt = [0; SALT_BYTES];
    random(&mut salt)?;
    let parts =
        ::bcrypt::hash_with_salt(password, cost, salt).map_err(|_| HashError::Misconfigured)?;
    Ok(parts.format_for_version(Version::TwoA))
}

/// A hash of this cost that no password has: its last character has bits that an encoder never sets.
pub(super) fn unmatchable(cost: u32) -> String {
    format!(
        "$2a${cost:02}${:.<SALT_CHARACTERS$}{:z<HASH_CHARACTERS$}",
        "", ""
    )
}

/// A well-formed hash within the limits.
pub(super) struct Parsed<'a> {
    cost: u32,
    salt: [u8; SALT_BYTES],
    hash: &'a str,
}

impl<'a> Parsed<'a> {
    pub(super) fn new(encoded: &'a str, limits: &Limits) -> Result<Self, HashError> {
        let parsed = Self::read(encoded).ok_or(HashError::Malformed(Format::Bcrypt))?;
        let max = limits.bcrypt_cost;
        if parsed.cost > max {
            return Err(HashError::TooCostly {
                parameter: "cost",
                value: parsed.cost.into(),
                max: max.into(),
            });
        }
        Ok(parsed)
    }

    fn read(encoded: &'a str) -> Option<Self> {
        let (_, rest) = encoded.strip_prefix('$')?.split_once('$')?;
        let (cost, rest) = rest.split_once('$')?;
        let two_digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = two_digits.then(|| cost.parse().ok())??;
        let (salt, hash) = rest.split_at_checked(SALT_CHARACTERS)?;
        let salt = ALPHABET.decode(salt).ok()?.try_into().ok()?;
        (cost >= MIN_COST && hash.len() == HASH_CHARACTERS).then_some(Self { cost, salt, hash })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::bcrypt(self.cost)
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        if password.len() > BCRYPT_MAX_PASSWORD_BYTES {
            return false;
        }
        // bcrypt hashes the password with the zero byte that ends a C string, up to 72 bytes in all.
        let mut key = zeroize::Zeroizing::new(password.to_vec());
        key.push(0);
        key.truncate(BCRYPT_MAX_PASSWORD_BYTES);
        let derived = ::bcrypt::bcrypt(self.cost, self.salt, &key);
        // The last of the 24 bytes is not part of the encoding.
        let (derived, _) = derived.split_at(derived.len() - 1);
        same(self.hash.as_bytes(), ALPHABET.encode(derived).as_bytes())
    }
}
