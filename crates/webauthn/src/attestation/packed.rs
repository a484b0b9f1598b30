//! The format `packed` (section 8.2).

use super::Statement;
use super::certificate::Certificate;

/// Signed with the key of a certificate, or with the new key itself.
pub(super) fn verify(statement: &Statement<'_>) -> Option<()> {
    let (algorithm, signature) = (statement.algorithm()?, statement.signature()?);
    let signed = statement.signed();
    if statement.member("x5c").is_none() {
        // The third way of older editions, ECDAA, is gone from the standard.
        let is_self = statement.member("ecdaaKeyId").is_none()
            && algorithm == statement.key.algorithm()
            && statement.key.verifies(&signed, signature);
        return is_self.then_some(());
    }
    let certificate = Certificate::read(statement.chain()?.first()?)?;
    let vouches = certificate.is_for_attestation()
        && certificate.is_of_model(&statement.attested.aaguid)?
        && certificate.verifies(algorithm, &signed, signature);
    vouches.then_some(())
}
