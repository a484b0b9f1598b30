//! Which family a stored hash belongs to, and what may be imported.

use std::fmt;

use super::cost::Cost;
use super::{HashError, Limits, argon2, bcrypt, crypt, digest, pbkdf2, scrypt};

/// The longest stored hash that is looked at, in bytes.
const MAX_ENCODED_BYTES: usize = 4096;

/// A family of password hashes, named as in `spec/hashes.md` §1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `$md5-crypt$`
    Md5Crypt,
    /// `$2$`, `$2a$`, `$2b$`, `$2y$`, `$2z$`
    Bcrypt,
    /// `$sha256-crypt$`
    Sha256Crypt,
    /// `$sha512-crypt$`
    Sha512Crypt,
    /// `$argon2id$`
    Argon2id,
    /// `$argon2i$`
    Argon2i,
    /// `$pbkdf2-sha…$`
    Pbkdf2,
    /// `$scrypt$`
    Scrypt,
    /// `{SSHA}`, `{SSHA256}`, `{SSHA512}`
    SaltedSha,
    /// `$sha1$`, `$sha256$`, `$sha512$`
    Sha,
    /// `$firescrypt$`
    FirebaseScrypt,
    /// `$md5$`
    Md5,
    /// `$hmac-…$`
    Hmac,
}

impl Format {
    /// The family that the start of `encoded` names, exactly and in this case; `None` for all others.
    #[must_use]
    pub fn of(encoded: &str) -> Option<Self> {
        if ["{SSHA}", "{SSHA256}", "{SSHA512}"]
            .iter()
            .any(|prefix| encoded.starts_with(prefix))
        {
            return Some(Self::SaltedSha);
        }
        let (name, _) = encoded.strip_prefix('$')?.split_once('$')?;
        Some(match name {
            "md5-crypt" => Self::Md5Crypt,
            "2" | "2a" | "2b" | "2y" | "2z" => Self::Bcrypt,
            "sha256-crypt" => Self::Sha256Crypt,
            "sha512-crypt" => Self::Sha512Crypt,
            "argon2id" => Self::Argon2id,
            "argon2i" => Self::Argon2i,
            "scrypt" => Self::Scrypt,
            "sha1" | "sha256" | "sha512" => Self::Sha,
            "firescrypt" => Self::FirebaseScrypt,
            "md5" => Self::Md5,
            "hmac-md4" | "hmac-md5" | "hmac-sha1" | "hmac-sha224" | "hmac-sha256"
            | "hmac-sha384" | "hmac-sha512" => Self::Hmac,
            other => return is_pbkdf2(other).then_some(Self::Pbkdf2),
        })
    }

    /// The name as it is spoken.
    fn name(self) -> &'static str {
        match self {
            Self::Md5Crypt => "md5-crypt",
            Self::Bcrypt => "bcrypt",
            Self::Sha256Crypt => "sha256-crypt",
            Self::Sha512Crypt => "sha512-crypt",
            Self::Argon2id => "argon2id",
            Self::Argon2i => "argon2i",
            Self::Pbkdf2 => "PBKDF2",
            Self::Scrypt => "scrypt",
            Self::SaltedSha => "salted SHA",
            Self::Sha => "SHA",
            Self::FirebaseScrypt => "Firebase scrypt",
            Self::Md5 => "MD5",
            Self::Hmac => "HMAC",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether `encoded` names a known family. It need not be well-formed.
#[must_use]
pub fn is_supported(encoded: &str) -> bool {
    Format::of(encoded).is_some()
}

/// The check of an imported hash (`spec/hashes.md` §2): a known family, and for bcrypt, Argon2, PBKDF2, scrypt and
/// Firebase scrypt also well-formed and within the cost limits; of sha-crypt the rounds. What else there is is taken as it is.
///
/// # Errors
/// [`HashError::UnknownFormat`], [`HashError::Malformed`], [`HashError::TooCostly`].
pub fn check_import(encoded: &str) -> Result<(), HashError> {
    let format = format(encoded)?;
    match format {
        Format::Bcrypt => bcrypt::Parsed::new(encoded, &Limits::IMPORT).map(drop),
        Format::Argon2id | Format::Argon2i => {
            argon2::Parsed::new(encoded, format, &Limits::IMPORT).map(drop)
        }
        Format::Pbkdf2 => pbkdf2::Parsed::new(encoded).map(drop),
        Format::Scrypt => scrypt::Parsed::new(encoded).map(drop),
        Format::FirebaseScrypt => scrypt::ParsedFirebase::new(encoded).map(drop),
        Format::Sha256Crypt | Format::Sha512Crypt => crypt::check_cost(encoded, format),
        Format::Md5Crypt | Format::SaltedSha | Format::Sha | Format::Md5 | Format::Hmac => Ok(()),
    }
}

/// Whether `password` matches `encoded`.
pub(super) fn verify(password: &[u8], encoded: &str, limits: &Limits) -> Result<bool, HashError> {
    let format = format(encoded)?;
    match format {
        Format::Bcrypt => Ok(bcrypt::Parsed::new(encoded, limits)?.matches(password)),
        Format::Argon2id | Format::Argon2i => {
            argon2::Parsed::new(encoded, format, limits)?.matches(password)
        }
        Format::Pbkdf2 => pbkdf2::Parsed::new(encoded)?.matches(password),
        Format::Scrypt => scrypt::Parsed::new(encoded)?.matches(password),
        Format::FirebaseScrypt => scrypt::ParsedFirebase::new(encoded)?.matches(password),
        Format::Md5Crypt => crypt::md5(password, encoded),
        Format::Sha256Crypt => crypt::sha256(password, encoded),
        Format::Sha512Crypt => crypt::sha512(password, encoded),
        Format::SaltedSha => digest::salted_sha(password, encoded),
        Format::Sha => digest::sha(password, encoded),
        Format::Md5 => digest::md5(password, encoded),
        Format::Hmac => digest::hmac(password, encoded),
    }
}

/// What verifying takes; nothing where the hash is refused unread or costs too little to count.
pub(super) fn cost(password: &[u8], encoded: &str, limits: &Limits) -> Cost {
    let cost = || {
        let format = format(encoded)?;
        Ok::<Cost, HashError>(match format {
            Format::Bcrypt => bcrypt::Parsed::new(encoded, limits)?.cost(),
            Format::Argon2id | Format::Argon2i => {
                argon2::Parsed::new(encoded, format, limits)?.cost()
            }
            Format::Pbkdf2 => pbkdf2::Parsed::new(encoded)?.cost(),
            Format::Scrypt => scrypt::Parsed::new(encoded)?.cost(),
            Format::FirebaseScrypt => scrypt::ParsedFirebase::new(encoded)?.cost(),
            Format::Sha256Crypt | Format::Sha512Crypt => {
                crypt::sha_cost(password, encoded, format)?
            }
            Format::Md5Crypt | Format::SaltedSha | Format::Sha | Format::Md5 | Format::Hmac => {
                Cost::default()
            }
        })
    };
    cost().unwrap_or_default()
}

fn format(encoded: &str) -> Result<Format, HashError> {
    let format = Format::of(encoded).ok_or(HashError::UnknownFormat)?;
    if encoded.len() > MAX_ENCODED_BYTES {
        return Err(HashError::Malformed(format));
    }
    Ok(format)
}

/// `pbkdf2-sha` and one to three digits.
fn is_pbkdf2(name: &str) -> bool {
    name.strip_prefix("pbkdf2-sha").is_some_and(|digits| {
        (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}
