//! A key in software, for tests: it answers both ceremonies as a device would, or wrongly in one point.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use coset::cbor::{Value, ser};
use serde_json::{Value as Json, json};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{self, Decode, Reader, SliceReader};

use crate::Algorithm;
use crate::client_data::{CREATE, GET, sha256};

/// The flags of authenticator data (section 6.1).
pub const UP: u8 = 0x01;
/// The user was verified.
pub const UV: u8 = 0x04;
/// The key can be copied.
pub const BE: u8 = 0x08;
/// The key was copied.
pub const BS: u8 = 0x10;
const AT: u8 = 0x40;

enum Secret {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// One key of one device, for one account. Its members may be changed between two answers.
pub struct SoftKey {
    secret: Secret,
    algorithm: Algorithm,
    /// Its name.
    pub id: Vec<u8>,
    /// What it knows the account by; learnt from creation options, sent where it is there.
    pub user_handle: Option<Vec<u8>>,
    /// The site that it says it is used on.
    pub origin: String,
    /// The relying party id that it is asked for.
    pub rp_id: String,
    /// The flags that it sends.
    pub flags: u8,
    /// The counter that it sends.
    pub counter: u32,
    /// Its model.
    pub aaguid: [u8; 16],
}

impl SoftKey {
    /// A key with a random name.
    pub fn new(algorithm: Algorithm, rp_id: &str, origin: &str) -> SoftKey {
        SoftKey {
            secret: secret(algorithm),
            algorithm,
            id: random(),
            user_handle: None,
            origin: origin.to_owned(),
            rp_id: rp_id.to_owned(),
            flags: UP | UV,
            counter: 0,
            aaguid: [0; 16],
        }
    }

    /// A key that was made before, of its PKCS #8 form; on an elliptic curve of NIST.
    pub fn kept(algorithm: Algorithm, pkcs8: &[u8], rp_id: &str, origin: &str) -> SoftKey {
        let how = match algorithm {
            Algorithm::Es384 => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            Algorithm::Es512 => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
            _ => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        };
        let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8).expect("the key is of that curve");
        SoftKey {
            secret: Secret::Ec(pair),
            ..SoftKey::new(algorithm, rp_id, origin)
        }
    }

    /// The public key in COSE form.
    pub fn public_key(&self) -> Vec<u8> {
        let alg = self.algorithm.cose_id();
        let map = match &self.secret {
            Secret::Ec(pair) => {
                let point = pair.public_key().as_ref().split_at(1).1;
                let (x, y) = point.split_at(point.len() / 2);
                let curve = match self.algorithm {
                    Algorithm::Es384 => 2,
                    Algorithm::Es512 => 3,
                    _ => 1,
                };
                vec![
                    (1, 2.into()),
                    (3, alg.into()),
                    (-1, curve.into()),
                    (-2, bytes(x)),
                    (-3, bytes(y)),
                ]
            }
            Secret::Ed(pair) => {
                let x = pair.public_key().as_ref();
                vec![
                    (1, 1.into()),
                    (3, alg.into()),
                    (-1, 6.into()),
                    (-2, bytes(x)),
                ]
            }
            Secret::Rsa(pair) => {
                let (n, e) = rsa_parts(pair.public_key().as_ref());
                vec![(1, 3.into()), (3, alg.into()), (-1, n), (-2, e)]
            }
        };
        let map = map.into_iter().map(|(k, v)| (Value::from(k), v));
        written(&Value::Map(map.collect()))
    }

    /// The answer to creation options (the member `publicKey`), without attestation.
    pub fn create(&mut self, options: &Json) -> String {
        self.create_with(options, "none", |_, _| Value::Map(Vec::new()))
    }

    /// As [`SoftKey::create`], with an attestation of a format: `statement` makes it of the authenticator data
    /// and the hash of the client data.
    pub fn create_with(
        &mut self,
        options: &Json,
        format: &str,
        statement: impl FnOnce(&[u8], &[u8]) -> Value,
    ) -> String {
        self.user_handle = options["user"]["id"].as_str().map(unarmoured);
        let client_data = self.client_data(CREATE, options);
        let data = self.authenticator_data(true);
        let statement = statement(&data, &sha256(&client_data));
        let object = Value::Map(vec![
            ("fmt".into(), format.into()),
            ("attStmt".into(), statement),
            ("authData".into(), bytes(&data)),
        ]);
        self.answer(json!({
            "attestationObject": armoured(&written(&object)),
            "clientDataJSON": armoured(&client_data),
            "transports": ["usb"],
        }))
    }

    /// The answer to request options (the member `publicKey`).
    pub fn get(&self, options: &Json) -> String {
        let client_data = self.client_data(GET, options);
        let data = self.authenticator_data(false);
        let signed = [data.as_slice(), &sha256(&client_data)].concat();
        let mut response = json!({
            "authenticatorData": armoured(&data),
            "clientDataJSON": armoured(&client_data),
            "signature": armoured(&self.sign(&signed)),
        });
        if let Some(handle) = &self.user_handle {
            response["userHandle"] = armoured(handle).into();
        }
        self.answer(response)
    }

    /// A signature of a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.secret {
            Secret::Ec(pair) => pair
                .sign(&random, message)
                .expect("a new pair signs")
                .as_ref()
                .to_vec(),
            Secret::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Secret::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let how = rsa_encoding(self.algorithm);
                pair.sign(how, &random, message, &mut out)
                    .expect("a new pair signs");
                out
            }
        }
    }

    /// The public key as certificates hold it.
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match &self.secret {
            Secret::Ec(pair) => pair.public_key().as_der(),
            Secret::Ed(pair) => pair.public_key().as_der(),
            Secret::Rsa(pair) => pair.public_key().as_der(),
        }
        .expect("a public key can be written");
        der.as_ref().to_vec()
    }

    fn client_data(&self, ceremony: &str, options: &Json) -> Vec<u8> {
        let data = json!({
            "type": ceremony,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, with_key: bool) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(if with_key {
            self.flags | AT
        } else {
            self.flags
        });
        data.extend(self.counter.to_be_bytes());
        if with_key {
            data.extend(self.aaguid);
            data.extend(
                u16::try_from(self.id.len())
                    .unwrap_or(u16::MAX)
                    .to_be_bytes(),
            );
            data.extend(&self.id);
            data.extend(self.public_key());
        }
        data
    }

    fn answer(&self, response: Json) -> String {
        let id = armoured(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response}).to_string()
    }
}

fn secret(algorithm: Algorithm) -> Secret {
    let ec = |how| Secret::Ec(EcdsaKeyPair::generate(how).expect("keys can be made"));
    match algorithm {
        Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
        Algorithm::EdDsa => Secret::Ed(Ed25519KeyPair::generate().expect("keys can be made")),
        _ => Secret::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("keys can be made")),
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn signature::RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

/// Modulus and exponent of a PKCS #1 key.
fn rsa_parts(key: &[u8]) -> (Value, Value) {
    let mut reader = SliceReader::new(key).expect("a key is short");
    let parts: Result<_, der::Error> = reader.sequence(|inner| {
        let (n, e) = (UintRef::decode(inner)?, UintRef::decode(inner)?);
        Ok((bytes(n.as_bytes()), bytes(e.as_bytes())))
    });
    parts.expect("a public key is PKCS #1")
}

fn random() -> Vec<u8> {
    let mut id = vec![0; 16];
    aws_lc_rs::rand::fill(&mut id).expect("the system has random numbers");
    id
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ser::into_writer(value, &mut out).expect("a list takes all bytes");
    out
}

fn armoured(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unarmoured(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
}
