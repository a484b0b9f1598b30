//! Public keys in COSE form (RFC 9052, section 7; RFC 8230; Web Authentication, section 5.8.5).

use aws_lc_rs::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use coset::cbor::Value;
use coset::iana::{
    Ec2KeyParameter, EllipticCurve, EnumI64, KeyType, OkpKeyParameter, RsaKeyParameter,
};
use coset::{AsCborValue, CoseKey, KeyType as CoseKeyType, Label};

use crate::{Algorithm, Fault, cbor};

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    /// An uncompressed point: `04`, x, y.
    Ec(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// The longest RSA modulus, in bytes: 8192 bits.
const MAX_MODULUS: usize = 1024;

impl PublicKey {
    /// Reads a key in COSE form. Errs with [`Fault::Algorithm`] when it is not one of [`Algorithm::ALL`], or its
    /// parts do not fit its algorithm.
    pub fn from_cose(bytes: &[u8]) -> Result<PublicKey, Fault> {
        let item = cbor::only(bytes).map_err(|_| Fault::Algorithm)?;
        let key = CoseKey::from_cbor_value(item).map_err(|_| Fault::Algorithm)?;
        let algorithm = algorithm_of(&key).ok_or(Fault::Algorithm)?;
        let material = material_of(&key, algorithm).ok_or(Fault::Algorithm)?;
        Ok(PublicKey {
            algorithm,
            material,
        })
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether a signature of a message is of this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ec(point) | Material::Ed25519(point) => {
                UnparsedPublicKey::new(self.algorithm.verifier(), point)
                    .verify(message, signature)
                    .is_ok()
            }
            Material::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                self.algorithm
                    .rsa()
                    .is_some_and(|how| key.verify(how, message, signature).is_ok())
            }
        }
    }

    /// The uncompressed point of a key on an elliptic curve of the NIST.
    pub(crate) fn point(&self) -> Option<&[u8]> {
        match &self.material {
            Material::Ec(point) => Some(point),
            Material::Ed25519(_) | Material::Rsa { .. } => None,
        }
    }

    /// Whether this is the RSA key of a modulus and an exponent.
    pub(crate) fn is_rsa(&self, n: &[u8], e: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { modulus, exponent } => {
                modulus == without_zeros(n) && exponent == without_zeros(e)
            }
            Material::Ec(_) | Material::Ed25519(_) => false,
        }
    }

    /// Whether the bits of a certificate's public key are this key.
    pub(crate) fn is(&self, bits: &[u8]) -> bool {
        match &self.material {
            Material::Ec(point) | Material::Ed25519(point) => point == bits,
            // Keys that are vouched for together with their own certificate are on elliptic curves.
            Material::Rsa { .. } => false,
        }
    }
}

fn algorithm_of(key: &CoseKey) -> Option<Algorithm> {
    match key.alg.as_ref()? {
        coset::Algorithm::Assigned(id) => Algorithm::of_cose_id(id.to_i64()),
        coset::Algorithm::PrivateUse(_) | coset::Algorithm::Text(_) => None,
    }
}

fn material_of(key: &CoseKey, algorithm: Algorithm) -> Option<Material> {
    match (algorithm, &key.kty) {
        (Algorithm::Es256, CoseKeyType::Assigned(KeyType::EC2)) => {
            point_of(key, EllipticCurve::P_256, 32)
        }
        (Algorithm::Es384, CoseKeyType::Assigned(KeyType::EC2)) => {
            point_of(key, EllipticCurve::P_384, 48)
        }
        (Algorithm::Es512, CoseKeyType::Assigned(KeyType::EC2)) => {
            point_of(key, EllipticCurve::P_521, 66)
        }
        (Algorithm::EdDsa, CoseKeyType::Assigned(KeyType::OKP)) => ed25519_of(key),
        (_, CoseKeyType::Assigned(KeyType::RSA)) if algorithm.rsa().is_some() => rsa_of(key),
        _ => None,
    }
}

/// Compressed points are not allowed in Web Authentication.
fn point_of(key: &CoseKey, curve: EllipticCurve, length: usize) -> Option<Material> {
    is_on(key, Ec2KeyParameter::Crv.to_i64(), curve)?;
    let x = bytes(key, Ec2KeyParameter::X.to_i64())?;
    let y = bytes(key, Ec2KeyParameter::Y.to_i64())?;
    let fits = x.len() == length && y.len() == length;
    fits.then(|| Material::Ec([&[4], x, y].concat()))
}

fn ed25519_of(key: &CoseKey) -> Option<Material> {
    is_on(key, OkpKeyParameter::Crv.to_i64(), EllipticCurve::Ed25519)?;
    let x = bytes(key, OkpKeyParameter::X.to_i64())?;
    (x.len() == 32).then(|| Material::Ed25519(x.to_vec()))
}

fn rsa_of(key: &CoseKey) -> Option<Material> {
    let modulus = without_zeros(bytes(key, RsaKeyParameter::N.to_i64())?);
    let exponent = without_zeros(bytes(key, RsaKeyParameter::E.to_i64())?);
    let fits = modulus.len() <= MAX_MODULUS && (1..=8).contains(&exponent.len());
    fits.then(|| Material::Rsa {
        modulus: modulus.to_vec(),
        exponent: exponent.to_vec(),
    })
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn is_on(key: &CoseKey, label: i64, curve: EllipticCurve) -> Option<()> {
    let found = param(key, label)?.as_integer()?;
    (i128::from(found) == i128::from(curve.to_i64())).then_some(())
}

fn bytes(key: &CoseKey, label: i64) -> Option<&[u8]> {
    param(key, label)?.as_bytes().map(Vec::as_slice)
}

fn param(key: &CoseKey, label: i64) -> Option<&Value> {
    let found = key.params.iter().find(|(l, _)| *l == Label::Int(label));
    found.map(|(_, value)| value)
}
