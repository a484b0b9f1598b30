//! The format `android-key` (section 8.4): a certificate for the new key, made by the phone for this one answer.

use x509_cert::der::asn1::{AnyRef, OctetStringRef};
use x509_cert::der::{self, Decode, Reader, SliceReader};

use super::Statement;
use super::certificate::Certificate;

/// The extension that says what the phone knows about the key.
const DESCRIPTION: &str = "1.3.6.1.4.1.11129.2.1.17";

/// The certificate is about the new key and this answer, and signed it. What it says about the phone would matter
/// to somebody who trusts phones by their makers.
pub(super) fn verify(statement: &Statement<'_>) -> Option<()> {
    let certificate = Certificate::read(statement.chain()?.first()?)?;
    let signed = statement.signed();
    let vouches = certificate.verifies(statement.algorithm()?, &signed, statement.signature()?)
        && statement.key.is(certificate.key())
        && challenge(certificate.extension(DESCRIPTION)?)? == statement.client_data_hash;
    vouches.then_some(())
}

/// The fifth member of the description, after two versions and their security levels.
fn challenge(description: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(description).ok()?;
    let found: Result<&[u8], der::Error> = reader.sequence(|inner| {
        for _ in 0..4 {
            AnyRef::decode(inner)?;
        }
        let challenge = <&OctetStringRef>::decode(inner)?;
        while !inner.is_finished() {
            AnyRef::decode(inner)?;
        }
        Ok(challenge.as_bytes())
    });
    found.ok()
}
