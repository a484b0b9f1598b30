//! The certificate of whoever made a key (X.509, RFC 5280).

use aws_lc_rs::signature::UnparsedPublicKey;
use der::Decode;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use x509_cert::certificate::{CertificateInner, Rfc5280, Version};
use x509_cert::der;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage};

use crate::Algorithm;

/// The extension that names the model of a key (section 8.2.1).
const MODEL: &str = "1.3.6.1.4.1.45724.1.1.4";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const USAGES: &str = "2.5.29.37";
/// The usage of a chip's key for attestation (tcg-kp-AIKCertificate).
const CHIP: &str = "2.23.133.8.3";
const COUNTRY: &str = "2.5.4.6";
const ORGANIZATION: &str = "2.5.4.10";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";
const COMMON_NAME: &str = "2.5.4.3";

/// What the subject's organizational unit has to be.
const UNIT: &[u8] = b"Authenticator Attestation";

/// The longest certificate that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// A certificate, read. Nothing says that anybody trusts it.
pub(super) struct Certificate(CertificateInner<Rfc5280>);

impl Certificate {
    /// Reads DER.
    pub(super) fn read(bytes: &[u8]) -> Option<Certificate> {
        if bytes.len() > MAX_BYTES {
            return None;
        }
        CertificateInner::from_der(bytes).ok().map(Certificate)
    }

    /// The bits of the public key: a point, or a PKCS #1 key.
    pub(super) fn key(&self) -> &[u8] {
        let info = self.0.tbs_certificate().subject_public_key_info();
        info.subject_public_key.raw_bytes()
    }

    /// Whether a signature is of the certificate's key.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(algorithm.verifier(), self.key())
            .verify(message, signature)
            .is_ok()
    }

    /// The value of an extension.
    pub(super) fn extension(&self, id: &str) -> Option<&[u8]> {
        let id = ObjectIdentifier::new(id).ok()?;
        let all = self.0.tbs_certificate().extensions()?;
        let found = all.iter().find(|e| e.extn_id == id)?;
        Some(found.extn_value.as_bytes())
    }

    /// Whether it is a certificate of today's version that issues no others.
    fn is_leaf(&self) -> bool {
        let issues_none = self
            .extension(BASIC_CONSTRAINTS)
            .and_then(|value| BasicConstraints::from_der(value).ok())
            .is_some_and(|constraints| !constraints.ca);
        self.0.tbs_certificate().version() == Version::V3 && issues_none
    }

    /// The requirements of section 8.2.1, but for the model.
    pub(super) fn is_for_attestation(&self) -> bool {
        self.is_leaf()
            && self.names(COUNTRY, |name| name.len() == 2)
            && self.names(ORGANIZATION, |name| !name.is_empty())
            && self.names(ORGANIZATIONAL_UNIT, |name| name == UNIT)
            && self.names(COMMON_NAME, |name| !name.is_empty())
    }

    /// The requirements of section 8.3.1, but for the model and the chip's name.
    pub(super) fn is_of_chip(&self) -> bool {
        let usages = self
            .extension(USAGES)
            .and_then(|value| ExtendedKeyUsage::from_der(value).ok());
        self.is_leaf() && usages.is_some_and(|u| u.0.iter().any(|id| id.to_string() == CHIP))
    }

    /// Whether it is for a model, or for none in particular. `None` when what it says cannot be read.
    pub(super) fn is_of_model(&self, aaguid: &[u8; 16]) -> Option<bool> {
        let Some(value) = self.extension(MODEL) else {
            return Some(true);
        };
        let named = <&OctetStringRef>::from_der(value).ok()?;
        Some(named.as_bytes() == aaguid)
    }

    fn names(&self, attribute: &str, fits: impl Fn(&[u8]) -> bool) -> bool {
        let Ok(id) = ObjectIdentifier::new(attribute) else {
            return false;
        };
        let subject = self.0.tbs_certificate().subject();
        let mut found = subject.iter().filter(|a| a.oid == id);
        found.any(|a| fits(a.value.value()))
    }
}
