//! The format `fido-u2f` of keys from before this standard (section 8.6).

use super::Statement;
use super::certificate::Certificate;
use crate::Algorithm;

/// Signed with the key of the one certificate, over the parts in the old order.
pub(super) fn verify(statement: &Statement<'_>) -> Option<()> {
    let chain = statement.chain()?;
    let [certificate] = chain.as_slice() else {
        return None;
    };
    let certificate = Certificate::read(certificate)?;
    if statement.key.algorithm() != Algorithm::Es256 {
        return None;
    }
    let signed = [
        &[0],
        statement.rp_id_hash.as_slice(),
        statement.client_data_hash,
        &statement.attested.key_id,
        statement.key.point()?,
    ]
    .concat();
    certificate
        .verifies(Algorithm::Es256, &signed, statement.signature()?)
        .then_some(())
}
