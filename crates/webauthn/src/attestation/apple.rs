//! The format `apple` (section 8.8): a certificate for the new key, made for this one answer.

use x509_cert::der::asn1::{ContextSpecific, OctetStringRef};
use x509_cert::der::{self, Decode, Reader, SliceReader};

use super::Statement;
use super::certificate::Certificate;
use crate::client_data::sha256;

/// The extension that holds the digest of the answer.
const NONCE: &str = "1.2.840.113635.100.8.2";

/// The certificate holds the digest of the answer, and is about the new key.
pub(super) fn verify(statement: &Statement<'_>) -> Option<()> {
    let certificate = Certificate::read(statement.chain()?.first()?)?;
    let nonce = nonce(certificate.extension(NONCE)?)?;
    let vouches = nonce == sha256(&statement.signed()) && statement.key.is(certificate.key());
    vouches.then_some(())
}

/// `SEQUENCE { [1] EXPLICIT OCTET STRING }`
fn nonce(extension: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(extension).ok()?;
    let found: Result<&[u8], der::Error> = reader.sequence(|inner| {
        let tagged = ContextSpecific::<&OctetStringRef>::decode(inner)?;
        Ok(tagged.value.as_bytes())
    });
    found.ok()
}
