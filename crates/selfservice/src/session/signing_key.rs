//! Keys that sign JSON Web Tokens (RFC 7517 sets, RFC 7518 algorithms).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding};
use aws_lc_rs::{hmac, signature::EcdsaSigningAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// Why a key set signs nothing. No text holds a part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It is no key set.
    #[error("it is not a JSON Web Key Set")]
    NotASet,
    /// It is empty.
    #[error("it holds no key")]
    Empty,
    /// The first key names no algorithm, or an unknown one.
    #[error("its first key has no alg that is known")]
    Algorithm,
    /// Its private part is missing.
    #[error("its first key is a public one, which cannot sign")]
    Public,
    /// Its parts do not make a key of the algorithm.
    #[error("the parts of its first key do not make a key for its alg")]
    Parts,
}

/// A key with its algorithm.
pub struct SigningKey {
    id: Option<String>,
    algorithm: String,
    signer: Signer,
}

enum Signer {
    Hmac(Box<hmac::Key>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

/// The parts of a key, base64url each.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Jwk {
    kty: String,
    alg: String,
    kid: Option<String>,
    crv: String,
    x: String,
    y: String,
    #[serde(deserialize_with = "wiped")]
    d: Zeroizing<String>,
    #[serde(deserialize_with = "wiped")]
    k: Zeroizing<String>,
    n: String,
    e: String,
    #[serde(deserialize_with = "wiped")]
    p: Zeroizing<String>,
    #[serde(deserialize_with = "wiped")]
    q: Zeroizing<String>,
    #[serde(deserialize_with = "wiped")]
    dp: Zeroizing<String>,
    #[serde(deserialize_with = "wiped")]
    dq: Zeroizing<String>,
    #[serde(deserialize_with = "wiped")]
    qi: Zeroizing<String>,
}

/// A private part, wiped from memory after use.
fn wiped<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(d).map(Zeroizing::new)
}

impl SigningKey {
    /// The first key of a set.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn first_of(set: &[u8]) -> Result<SigningKey, KeyFault> {
        let set: Set = serde_json::from_slice(set).map_err(|_| KeyFault::NotASet)?;
        let key = set.keys.into_iter().next().ok_or(KeyFault::Empty)?;
        let signer = signer(&key)?;
        Ok(SigningKey {
            id: key.kid.filter(|id| !id.is_empty()),
            algorithm: key.alg,
            signer,
        })
    }

    /// A token with these claims, in the compact form of RFC 7515. `None` when the key refuses to sign.
    pub fn sign(&self, claims: &Map<String, Value>) -> Option<String> {
        let mut header = json!({"alg": self.algorithm, "typ": "JWT"});
        if let (Some(header), Some(id)) = (header.as_object_mut(), &self.id) {
            header.insert("kid".into(), json!(id));
        }
        let claims = serde_json::to_vec(claims).ok()?;
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signer.sign(signed.as_bytes())?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Signer {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Signer::Hmac(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
            Signer::Ecdsa(key) => Some(key.sign(&random, message).ok()?.as_ref().to_vec()),
            Signer::Ed25519(key) => Some(key.sign(message).as_ref().to_vec()),
            Signer::Rsa(key, padding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*padding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

fn signer(key: &Jwk) -> Result<Signer, KeyFault> {
    match (key.alg.as_str(), key.kty.as_str()) {
        ("HS256", "oct") => shared(key, hmac::HMAC_SHA256),
        ("HS384", "oct") => shared(key, hmac::HMAC_SHA384),
        ("HS512", "oct") => shared(key, hmac::HMAC_SHA512),
        ("ES256", "EC") => ecdsa(
            key,
            "P-256",
            32,
            &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        ),
        ("ES384", "EC") => ecdsa(
            key,
            "P-384",
            48,
            &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        ),
        ("ES512", "EC") => ecdsa(
            key,
            "P-521",
            66,
            &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        ),
        ("EdDSA", "OKP") => ed25519(key),
        ("RS256", "RSA") => rsa(key, &signature::RSA_PKCS1_SHA256),
        ("RS384", "RSA") => rsa(key, &signature::RSA_PKCS1_SHA384),
        ("RS512", "RSA") => rsa(key, &signature::RSA_PKCS1_SHA512),
        ("PS256", "RSA") => rsa(key, &signature::RSA_PSS_SHA256),
        ("PS384", "RSA") => rsa(key, &signature::RSA_PSS_SHA384),
        ("PS512", "RSA") => rsa(key, &signature::RSA_PSS_SHA512),
        _ => Err(KeyFault::Algorithm),
    }
}

fn shared(key: &Jwk, algorithm: hmac::Algorithm) -> Result<Signer, KeyFault> {
    let secret = secret(&key.k)?;
    Ok(Signer::Hmac(Box::new(hmac::Key::new(algorithm, &secret))))
}

fn ecdsa(
    key: &Jwk,
    curve: &str,
    bytes: usize,
    algorithm: &'static EcdsaSigningAlgorithm,
) -> Result<Signer, KeyFault> {
    if key.crv != curve {
        return Err(KeyFault::Parts);
    }
    let secret = padded(&secret(&key.d)?, bytes).ok_or(KeyFault::Parts)?;
    let mut point = vec![4];
    for part in [&key.x, &key.y] {
        let part = decoded(part).and_then(|part| padded(&part, bytes));
        point.extend_from_slice(&part.ok_or(KeyFault::Parts)?);
    }
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &secret, &point);
    pair.map(Signer::Ecdsa).map_err(|_| KeyFault::Parts)
}

fn ed25519(key: &Jwk) -> Result<Signer, KeyFault> {
    if key.crv != "Ed25519" {
        return Err(KeyFault::Parts);
    }
    let (seed, public) = (secret(&key.d)?, decoded(&key.x).ok_or(KeyFault::Parts)?);
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
    pair.map(Signer::Ed25519).map_err(|_| KeyFault::Parts)
}

fn rsa(key: &Jwk, padding: &'static dyn RsaEncoding) -> Result<Signer, KeyFault> {
    let d = secret(&key.d)?;
    let part = |text: &str| {
        decoded(text)
            .filter(|p| !p.is_empty())
            .ok_or(KeyFault::Parts)
    };
    let parts = [
        Zeroizing::new(vec![0]),
        part(&key.n)?,
        part(&key.e)?,
        d,
        part(&key.p)?,
        part(&key.q)?,
        part(&key.dp)?,
        part(&key.dq)?,
        part(&key.qi)?,
    ];
    let der = rsa_private_key(&parts);
    let pair = RsaKeyPair::from_der(&der).map_err(|_| KeyFault::Parts)?;
    Ok(Signer::Rsa(Box::new(pair), padding))
}

/// An `RSAPrivateKey` of RFC 8017 §A.1.2: a sequence of its numbers.
fn rsa_private_key(parts: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let mut numbers = Zeroizing::new(Vec::new());
    for part in parts {
        let start = part.iter().take_while(|byte| **byte == 0).count();
        let significant = part.get(start..).unwrap_or_default();
        // DER numbers are signed: one more byte keeps the first bit from meaning a minus.
        let plus = significant.first().is_none_or(|byte| *byte >= 0x80);
        der_head(&mut numbers, 0x02, significant.len() + usize::from(plus));
        if plus {
            numbers.push(0);
        }
        numbers.extend_from_slice(significant);
    }
    let mut der = Zeroizing::new(Vec::with_capacity(numbers.len() + 8));
    der_head(&mut der, 0x30, numbers.len());
    der.extend_from_slice(&numbers);
    der
}

fn der_head(der: &mut Vec<u8>, tag: u8, length: usize) {
    der.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => der.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let skipped = bytes.iter().take_while(|byte| **byte == 0).count();
            let significant = bytes.get(skipped..).unwrap_or_default();
            // A length has at most 8 bytes.
            der.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            der.extend_from_slice(significant);
        }
    }
}

/// A private part; a key without one is public.
fn secret(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    if text.is_empty() {
        return Err(KeyFault::Public);
    }
    decoded(text).ok_or(KeyFault::Parts)
}

fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    Some(Zeroizing::new(bytes))
}

/// With zeros in front up to a length; `None` for what is longer.
fn padded(bytes: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let missing = length.checked_sub(bytes.len())?;
    let mut all = Zeroizing::new(vec![0; missing]);
    all.extend_from_slice(bytes);
    Some(all)
}

#[cfg(test)]
#[path = "signing_key_tests.rs"]
mod tests;
