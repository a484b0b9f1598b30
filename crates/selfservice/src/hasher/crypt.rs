//! crypt(3): md5-crypt, sha256-crypt and sha512-crypt, with the identifier written out
//! (`$sha256-crypt$rounds=<n>$<salt>$<hash>`).
//!
//! Sources: P.-H. Kamp's md5-crypt of FreeBSD; U. Drepper, "Unix crypt using SHA-256 and SHA-512".

use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

use super::HashError;
use super::cost::Cost;
use super::format::Format;
use super::notation::same;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const MD5_SALT_BYTES: usize = 8;
const SHA_SALT_BYTES: usize = 16;
const MD5_ROUNDS: u32 = 1000;
const SHA_DEFAULT_ROUNDS: u32 = 5000;
const SHA_MIN_ROUNDS: u32 = 1000;

/// The most rounds that are done; crypt(3) itself allows a hundred times more, which takes minutes.
const SHA_MAX_ROUNDS: u32 = 10_000_000;

/// The order in which md5-crypt writes its bytes, three to four characters.
const MD5_ORDER: &[&[usize]] = &[
    &[0, 6, 12],
    &[1, 7, 13],
    &[2, 8, 14],
    &[3, 9, 15],
    &[4, 10, 5],
    &[11],
];

const SHA256_ORDER: &[&[usize]] = &[
    &[0, 10, 20],
    &[21, 1, 11],
    &[12, 22, 2],
    &[3, 13, 23],
    &[24, 4, 14],
    &[15, 25, 5],
    &[6, 16, 26],
    &[27, 7, 17],
    &[18, 28, 8],
    &[9, 19, 29],
    &[31, 30],
];

const SHA512_ORDER: &[&[usize]] = &[
    &[0, 21, 42],
    &[22, 43, 1],
    &[44, 2, 23],
    &[3, 24, 45],
    &[25, 46, 4],
    &[47, 5, 26],
    &[6, 27, 48],
    &[28, 49, 7],
    &[50, 8, 29],
    &[9, 30, 51],
    &[31, 52, 10],
    &[53, 11, 32],
    &[12, 33, 54],
    &[34, 55, 13],
    &[56, 14, 35],
    &[15, 36, 57],
    &[37, 58, 16],
    &[59, 17, 38],
    &[18, 39, 60],
    &[40, 61, 19],
    &[62, 20, 41],
    &[63],
];

/// `$md5-crypt$<salt>$<hash>`.
pub(super) fn md5(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    let malformed = HashError::Malformed(Format::Md5Crypt);
    let rest = encoded
        .strip_prefix("$md5-crypt$")
        .ok_or(malformed.clone())?;
    let (salt, stored) = rest.split_once('$').ok_or(malformed)?;
    let digest = md5_crypt(password, cut(salt, MD5_SALT_BYTES));
    Ok(same(stored.as_bytes(), &write(&digest, MD5_ORDER)))
}

/// `$sha256-crypt$[rounds=<n>$]<salt>$<hash>`.
pub(super) fn sha256(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    let hash = ShaCrypt::read(password, encoded, "$sha256-crypt$", Format::Sha256Crypt)?;
    let digest = sha_crypt::<Sha256>(password, hash.salt, hash.rounds);
    Ok(same(hash.stored, &write(&digest, SHA256_ORDER)))
}

/// `$sha512-crypt$[rounds=<n>$]<salt>$<hash>`.
pub(super) fn sha512(password: &[u8], encoded: &str) -> Result<bool, HashError> {
    let hash = ShaCrypt::read(password, encoded, "$sha512-crypt$", Format::Sha512Crypt)?;
    let digest = sha_crypt::<Sha512>(password, hash.salt, hash.rounds);
    Ok(same(hash.stored, &write(&digest, SHA512_ORDER)))
}

/// Whether an imported hash can be compared in bearable time; other faults show when it is.
pub(super) fn check_cost(encoded: &str, format: Format) -> Result<(), HashError> {
    match sha_cost(&[], encoded, format) {
        Err(costly @ HashError::TooCostly { .. }) => Err(costly),
        _ => Ok(()),
    }
}

/// What comparing a password with a SHA-crypt hash takes.
pub(super) fn sha_cost(password: &[u8], encoded: &str, format: Format) -> Result<Cost, HashError> {
    let prefix = match format {
        Format::Sha256Crypt => "$sha256-crypt$",
        _ => "$sha512-crypt$",
    };
    let hash = ShaCrypt::read(password, encoded, prefix, format)?;
    Ok(Cost::repeated_digest(work(hash.rounds, password.len())))
}

struct ShaCrypt<'a> {
    rounds: u32,
    salt: &'a [u8],
    stored: &'a [u8],
}

impl<'a> ShaCrypt<'a> {
    fn read(
        password: &[u8],
        encoded: &'a str,
        prefix: &str,
        format: Format,
    ) -> Result<Self, HashError> {
        let malformed = HashError::Malformed(format);
        let mut rest = encoded.strip_prefix(prefix).ok_or(malformed.clone())?;
        let mut rounds = SHA_DEFAULT_ROUNDS;
        if let Some((number, after)) = rest
            .strip_prefix("rounds=")
            .and_then(|rest| rest.split_once('$'))
        {
            rounds = number.parse().map_err(|_| malformed.clone())?;
            rest = after;
        }
        // The section of an empty salt may be left out.
        let (salt, stored) = rest.split_once('$').unwrap_or(("", rest));
        if rounds < SHA_MIN_ROUNDS || stored.contains('$') {
            return Err(malformed);
        }
        bound_work(rounds, password.len())?;
        Ok(Self {
            rounds,
            salt: cut(salt, SHA_SALT_BYTES),
            stored: stored.as_bytes(),
        })
    }
}

/// Each round hashes the password again, so a long one counts as more rounds.
fn work(rounds: u32, password_bytes: usize) -> u64 {
    u64::from(rounds).saturating_mul(1 + password_bytes as u64 / 64)
}

fn bound_work(rounds: u32, password_bytes: usize) -> Result<(), HashError> {
    if work(rounds, password_bytes) > u64::from(SHA_MAX_ROUNDS) {
        return Err(HashError::TooCostly {
            parameter: "rounds",
            value: rounds.into(),
            max: SHA_MAX_ROUNDS.into(),
        });
    }
    Ok(())
}

/// crypt(3) uses no more of a salt.
fn cut(salt: &str, max_bytes: usize) -> &[u8] {
    salt.as_bytes().get(..max_bytes).unwrap_or(salt.as_bytes())
}

fn md5_crypt(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let inner = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut start = Md5::new()
        .chain_update(password)
        .chain_update(b"$1$")
        .chain_update(salt);
    start.update(repeat(&inner, password.len()));
    // For each bit of the length a zero byte or the first of the password: an accident that became the standard.
    let mut length = password.len();
    while length > 0 {
        start.update(if length & 1 == 1 {
            &[0]
        } else {
            password.get(..1).unwrap_or_default()
        });
        length >>= 1;
    }
    let mut digest = start.finalize();
    for round in 0..MD5_ROUNDS {
        digest = mix::<Md5>(round, &digest, password, salt);
    }
    digest.to_vec()
}

fn sha_crypt<D: Digest>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let inner = D::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut start = D::new().chain_update(password).chain_update(salt);
    start.update(repeat(&inner, password.len()));
    let mut length = password.len();
    while length > 0 {
        start.update(if length & 1 == 1 {
            inner.as_slice()
        } else {
            password
        });
        length >>= 1;
    }
    let mut digest = start.finalize();
    let password_times = std::iter::repeat_n(password, password.len());
    let p = repeat(
        &password_times
            .fold(D::new(), Digest::chain_update)
            .finalize(),
        password.len(),
    );
    let salt_times = std::iter::repeat_n(
        salt,
        16 + usize::from(digest.first().copied().unwrap_or_default()),
    );
    let s = repeat(
        &salt_times.fold(D::new(), Digest::chain_update).finalize(),
        salt.len(),
    );
    for round in 0..rounds {
        digest = mix::<D>(round, &digest, &p, &s);
    }
    digest.to_vec()
}

/// One round of either algorithm.
fn mix<D: Digest>(
    round: u32,
    digest: &[u8],
    password: &[u8],
    salt: &[u8],
) -> sha2::digest::Output<D> {
    let odd = round & 1 == 1;
    let mut next = D::new();
    next.update(if odd { password } else { digest });
    if !round.is_multiple_of(3) {
        next.update(salt);
    }
    if !round.is_multiple_of(7) {
        next.update(password);
    }
    next.update(if odd { digest } else { password });
    next.finalize()
}

/// `bytes` again and again, `length` bytes in all.
fn repeat(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

/// Writes a digest in crypt's base64: groups of up to three bytes, lowest six bits first.
fn write(digest: &[u8], order: &[&[usize]]) -> Vec<u8> {
    let mut text = Vec::new();
    for group in order {
        let byte = |index: &usize| u32::from(digest.get(*index).copied().unwrap_or_default());
        let mut bits = group.iter().fold(0, |bits, index| bits << 8 | byte(index));
        for _ in 0..=group.len() {
            text.extend(ALPHABET.get((bits & 0x3f) as usize));
            bits >>= 6;
        }
    }
    text
}
