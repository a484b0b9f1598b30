//! The format `tpm` (section 8.3; TPM 2.0 Library, part 2): the chip of a computer describes the new key, and signs
//! that it has it.

use aws_lc_rs::digest::{self, digest};

use super::Statement;
use super::certificate::Certificate;
use crate::{Algorithm, PublicKey};

/// What the chip writes before everything that it signs of its own accord (TPM_GENERATED_VALUE).
const GENERATED: [u8; 4] = [0xff, b'T', b'C', b'G'];

/// TPM_ST_ATTEST_CERTIFY: it certifies that it has a key.
const CERTIFY: u16 = 0x8017;

/// The chip's certificate signed a description of the new key together with the digest of this answer.
pub(super) fn verify(statement: &Statement<'_>) -> Option<()> {
    let algorithm = statement.algorithm()?;
    let area = statement.member("pubArea")?.as_bytes()?;
    let info = statement.member("certInfo")?.as_bytes()?;
    let certificate = Certificate::read(statement.chain()?.first()?)?;
    let signed = statement.signed();
    let vouches = statement.member("ver")?.as_text()? == "2.0"
        && describes(area, statement.key)?
        && certifies(info, area, digest(hash_of(algorithm), &signed).as_ref())?
        && certificate.is_of_chip()
        && certificate.is_of_model(&statement.attested.aaguid)?
        && certificate.verifies(algorithm, info, statement.signature()?);
    vouches.then_some(())
}

/// The hash function of a signature algorithm.
fn hash_of(algorithm: Algorithm) -> &'static digest::Algorithm {
    match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => &digest::SHA256,
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => &digest::SHA384,
        Algorithm::Es512 | Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => {
            &digest::SHA512
        }
    }
}

/// The hash function with a number among the TPM's (TPM_ALG_ID).
fn hash_of_number(number: u16) -> Option<&'static digest::Algorithm> {
    match number {
        0x000b => Some(&digest::SHA256),
        0x000c => Some(&digest::SHA384),
        0x000d => Some(&digest::SHA512),
        _ => None,
    }
}

/// Bytes that are read from the front. Numbers are big endian.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        let (number, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*number))
    }

    /// A length of two bytes, and as many bytes (TPM2B).
    fn sized(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(usize::from(length))
    }
}

/// Whether a public area (TPMT_PUBLIC) is of this key.
fn describes(area: &[u8], key: &PublicKey) -> Option<bool> {
    const RSA: u16 = 0x0001;
    const ECC: u16 = 0x0023;
    const NULL: u16 = 0x0010;
    let mut area = Reader(area);
    let (kind, _name_hash, _attributes) = (area.number()?, area.number()?, area.take(4)?);
    let _policy = area.sized()?;
    if area.number()? != NULL {
        // A symmetric algorithm belongs to keys that encrypt.
        return Some(false);
    }
    if area.number()? != NULL {
        let _scheme_hash = area.number()?;
    }
    let is_key = match kind {
        RSA => {
            let (_bits, exponent) = (area.number()?, area.take(4)?);
            let exponent = match exponent {
                [0, 0, 0, 0] => &[1, 0, 1],
                given => given,
            };
            key.is_rsa(area.sized()?, exponent)
        }
        ECC => {
            let (_curve, derivation) = (area.number()?, area.number()?);
            if derivation != NULL {
                return Some(false);
            }
            let point = [&[4], area.sized()?, area.sized()?].concat();
            key.is(&point)
        }
        _ => false,
    };
    Some(is_key && area.0.is_empty())
}

/// Whether an attestation (TPMS_ATTEST) certifies the key of a public area, for this answer.
fn certifies(info: &[u8], area: &[u8], answer: &[u8]) -> Option<bool> {
    let mut info = Reader(info);
    let (magic, kind) = (info.take(4)?, info.number()?);
    let (_signer, extra) = (info.sized()?, info.sized()?);
    // Clock (17 bytes) and firmware version (8 bytes).
    info.take(17 + 8)?;
    let name = info.sized()?;
    let (name_hash, named) = name.split_first_chunk::<2>()?;
    let hash = hash_of_number(u16::from_be_bytes(*name_hash))?;
    let right = magic == GENERATED
        && kind == CERTIFY
        && extra == answer
        && named == digest(hash, area).as_ref();
    Some(right)
}
