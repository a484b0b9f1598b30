//! Plain digests: salted SHA of LDAP, SHA and MD5 with a salt format, HMAC.

use ::hmac::{Hmac, KeyInit, Mac};
use md4::Md4;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::HashError;
use super::format::Format;
use super::notation::{lax, padded, parts, same};

/// `{SSHA…}` and base64 of digest and salt; the digest is over password and salt.
pub(super) fn salted_sha(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    read_salted_sha(password, encoded).ok_or(HashError::Malformed(Format::SaltedSha))
}

/// `$sha…$pf=<format>$<salt>$<digest>`; the digest is over the format with salt and password filled in.
pub(super) fn sha(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    read_sha(password, encoded).ok_or(HashError::Malformed(Format::Sha))
}

/// `$md5$<digest>` or `$md5$pf=<format>$<salt>$<digest>`.
pub(super) fn md5(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    read_md5(password, encoded).ok_or(HashError::Malformed(Format::Md5))
}

/// `$hmac-<alg>$<base64 of the digest in hexadecimal>$<key>`.
pub(super) fn hmac(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    read_hmac(password, encoded).ok_or(HashError::Malformed(Format::Hmac))
}

fn read_salted_sha(password: &[u8], encoded: &str) -> Option<bool> {
    let (name, text) = encoded.strip_prefix('{')?.split_once('}')?;
    let bytes = lax(text)?;
    let digest_bytes = match name {
        "SSHA" => 20,
        "SSHA256" => 32,
        "SSHA512" => 64,
        _ => return None,
    };
    let (stored, salt) = bytes.split_at_checked(digest_bytes)?;
    if salt.is_empty() {
        return None;
    }
    let message = [password, salt].concat();
    Some(match name {
        "SSHA" => same(stored, &Sha1::digest(message)),
        "SSHA256" => same(stored, &Sha256::digest(message)),
        _ => same(stored, &Sha512::digest(message)),
    })
}

fn read_sha(password: &[u8], encoded: &str) -> Option<bool> {
    let [_, name, format, salt, stored] = parts(encoded)?;
    let message = fill_format(format, &padded(salt)?, password)?;
    let stored = padded(stored)?;
    Some(match name {
        "sha1" => same(&stored, &Sha1::digest(message)),
        "sha256" => same(&stored, &Sha256::digest(message)),
        "sha512" => same(&stored, &Sha512::digest(message)),
        _ => return None,
    })
}

fn read_md5(password: &[u8], encoded: &str) -> Option<bool> {
    if let Some([_, _, stored]) = parts(encoded) {
        return Some(same(&padded(stored)?, &Md5::digest(password)));
    }
    let [_, _, format, salt, stored] = parts(encoded)?;
    let message = fill_format(format, &padded(salt)?, password)?;
    Some(same(&padded(stored)?, &Md5::digest(message)))
}

fn read_hmac(password: &[u8], encoded: &str) -> Option<bool> {
    let [_, name, stored, key] = parts(encoded)?;
    let (stored, key) = (padded(stored)?, padded(key)?);
    let digest = match name.strip_prefix("hmac-")? {
        "md4" => mac::<Hmac<Md4>>(&key, password),
        "md5" => mac::<Hmac<Md5>>(&key, password),
        "sha1" => mac::<Hmac<Sha1>>(&key, password),
        "sha224" => mac::<Hmac<Sha224>>(&key, password),
        "sha256" => mac::<Hmac<Sha256>>(&key, password),
        "sha384" => mac::<Hmac<Sha384>>(&key, password),
        "sha512" => mac::<Hmac<Sha512>>(&key, password),
        _ => None,
    }?;
    Some(same(&stored, digest.as_bytes()))
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Option<String> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(hex::encode(mac.finalize().into_bytes()))
}

/// The message of `pf=<base64>`: `{SALT}` and `{PASSWORD}` are replaced everywhere, in one pass, so that nothing in
/// a password is taken for a placeholder.
fn fill_format(field: &str, salt: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    let format = padded(
        field
            .strip_prefix("pf=")
            .filter(|format| !format.is_empty())?,
    )?;
    let mut message = Vec::new();
    let mut rest = format.as_slice();
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"{SALT}") {
            message.extend_from_slice(salt);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"{PASSWORD}") {
            message.extend_from_slice(password);
            rest = after;
        } else {
            message.push(*first);
            rest = after;
        }
    }
    Some(message)
}
