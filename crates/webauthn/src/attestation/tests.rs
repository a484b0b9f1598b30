//! Keys that somebody else vouches for: with certificates as their makers write them, and with wrong ones.

use coset::cbor::Value;
use serde_json::{Value as Json, json};
use x509_cert::der::Encode;
use x509_cert::der::asn1::ObjectIdentifier;

use crate::client_data::sha256;
use crate::soft_key::SoftKey;
use crate::{Algorithm, Creation, Expected, Fault, NewKey};

const MODEL: [u8; 16] = *b"model of the key";

fn options() -> Json {
    json!({"challenge": "Y2hhbGxlbmdl", "user": {"id": "YWNjb3VudC0x"}})
}

fn key() -> SoftKey {
    let mut key = SoftKey::new(Algorithm::Es256, "example.org", "https://example.org");
    key.aaguid = MODEL;
    key
}

fn registered(answer: &str) -> Result<NewKey, Fault> {
    let expected = Expected {
        rp_id: "example.org",
        origins: &["https://example.org".to_owned()],
        challenge: b"challenge",
        user_verification_required: false,
    };
    Creation::read(answer).unwrap().verify(&expected)
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x82);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    out.extend(content);
    out
}

fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new(text).unwrap().to_der().unwrap()
}

fn extension(id: &str, value: &[u8]) -> Vec<u8> {
    seq(&[oid(id), tlv(0x04, value)])
}

/// What a maker writes into a certificate.
struct Paper {
    version: u8,
    subject: Vec<(&'static str, &'static str)>,
    extensions: Vec<Vec<u8>>,
}

impl Paper {
    fn new() -> Paper {
        Paper {
            version: 2,
            subject: vec![
                ("2.5.4.6", "SE"),
                ("2.5.4.10", "A maker"),
                ("2.5.4.11", "Authenticator Attestation"),
                ("2.5.4.3", "A model"),
            ],
            extensions: vec![
                extension("2.5.29.19", &seq(&[])),
                extension("1.3.6.1.4.1.45724.1.1.4", &tlv(0x04, &MODEL)),
            ],
        }
    }

    /// The certificate of a key. Its own signature is of nobody, since nobody looks at it.
    fn of(&self, key: &SoftKey) -> Vec<u8> {
        let name = self
            .subject
            .iter()
            .map(|(id, text)| tlv(0x31, &seq(&[oid(id), tlv(0x0c, text.as_bytes())])));
        let name = seq(&name.collect::<Vec<_>>());
        let algorithm = seq(&[oid("1.2.840.10045.4.3.2")]);
        let date = tlv(0x17, b"250101000000Z");
        let certificate = seq(&[
            tlv(0xa0, &tlv(0x02, &[self.version])),
            tlv(0x02, &[1]),
            algorithm.clone(),
            name.clone(),
            seq(&[date.clone(), date]),
            name,
            key.subject_public_key_info(),
            tlv(0xa3, &seq(&self.extensions)),
        ]);
        seq(&[certificate, algorithm, tlv(0x03, &[0, 1, 2, 3])])
    }
}

fn statement(members: Vec<(&str, Value)>) -> Value {
    Value::Map(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
}

fn chain(certificate: Vec<u8>) -> (&'static str, Value) {
    ("x5c", Value::Array(vec![Value::Bytes(certificate)]))
}

fn packed(key: &mut SoftKey, maker: &SoftKey, certificate: Vec<u8>) -> Result<NewKey, Fault> {
    registered(&key.create_with(&options(), "packed", |data, hash| {
        statement(vec![
            ("alg", (-7).into()),
            ("sig", Value::Bytes(maker.sign(&[data, hash].concat()))),
            chain(certificate),
        ])
    }))
}

#[test]
fn a_maker_vouches_for_a_key_of_its_model() {
    let (mut new, maker) = (key(), key());
    let certificate = Paper::new().of(&maker);
    let kept = packed(&mut new, &maker, certificate.clone()).unwrap();
    assert_eq!(
        (kept.attestation_format.as_str(), kept.aaguid),
        ("packed", MODEL)
    );
    assert_eq!(
        packed(&mut new, &key(), certificate.clone()),
        Err(Fault::Attestation)
    );
    new.aaguid = [0; 16];
    assert_eq!(
        packed(&mut new, &maker, certificate),
        Err(Fault::Attestation)
    );
}

#[test]
fn a_paper_that_is_not_for_vouching_is_refused() {
    type Spoil = fn(&mut Paper);
    let spoils: [Spoil; 6] = [
        |p| p.version = 1,
        |p| p.subject[2].1 = "Marketing",
        |p| p.subject[0].1 = "Sweden",
        |p| p.subject.truncate(3),
        |p| p.extensions = p.extensions.split_off(1),
        |p| p.extensions[0] = extension("2.5.29.19", &seq(&[tlv(0x01, &[0xff])])),
    ];
    for (at, spoil) in spoils.into_iter().enumerate() {
        let (mut new, maker) = (key(), key());
        let mut paper = Paper::new();
        spoil(&mut paper);
        let certificate = paper.of(&maker);
        assert_eq!(
            packed(&mut new, &maker, certificate),
            Err(Fault::Attestation),
            "{at}"
        );
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let (mut new, maker) = (key(), key());
    let whole = Paper::new().of(&maker);
    for bad in [
        vec![],
        vec![0x30],
        whole[..whole.len() - 1].to_vec(),
        vec![0; 20_000],
    ] {
        assert_eq!(packed(&mut new, &maker, bad), Err(Fault::Attestation));
    }
}

/// An answer of the old format, signed over a name of the key.
fn old(new: &mut SoftKey, maker: &SoftKey, named: &[u8]) -> Result<NewKey, Fault> {
    let cose = new.public_key();
    // x and y stand at fixed places of a P-256 key in COSE form.
    let point = [&[4], &cose[10..42], &cose[45..77]].concat();
    let certificate = Paper::new().of(maker);
    registered(&new.create_with(&options(), "fido-u2f", |data, hash| {
        let signed = [&[0], &data[..32], hash, named, &point].concat();
        statement(vec![
            ("sig", Value::Bytes(maker.sign(&signed))),
            chain(certificate),
        ])
    }))
}

#[test]
fn a_key_from_before_this_standard_is_vouched_for() {
    let (mut new, maker) = (key(), key());
    new.aaguid = [0; 16];
    let name = new.id.clone();
    assert_eq!(
        old(&mut new, &maker, &name).unwrap().attestation_format,
        "fido-u2f"
    );
    assert_eq!(old(&mut new, &maker, b"another"), Err(Fault::Attestation));
}

#[test]
fn a_paper_made_for_this_answer_is_about_this_answer_and_this_key() {
    for (own_key, own_answer) in [(true, true), (true, false), (false, true)] {
        let mut new = key();
        // The digest has to be known before the certificate is made: the same answer comes twice.
        let mut signed = Vec::new();
        new.create_with(&options(), "apple", |data, hash| {
            signed = [data, hash].concat();
            Value::Map(Vec::new())
        });
        if !own_answer {
            signed.push(0);
        }
        let nonce = seq(&[tlv(0xa1, &tlv(0x04, &sha256(&signed)))]);
        let paper = Paper {
            extensions: vec![extension("1.2.840.113635.100.8.2", &nonce)],
            ..Paper::new()
        };
        let certificate = if own_key {
            paper.of(&new)
        } else {
            paper.of(&key())
        };
        let answer = new.create_with(&options(), "apple", |_, _| {
            statement(vec![chain(certificate)])
        });
        assert_eq!(registered(&answer).is_ok(), own_key && own_answer);
    }
}

#[test]
fn a_phone_vouches_for_the_key_that_it_made_for_this_answer() {
    for (own_key, own_answer) in [(true, true), (true, false), (false, true)] {
        let mut new = key();
        let (mut signed, mut hash) = (Vec::new(), Vec::new());
        new.create_with(&options(), "android-key", |d, h| {
            (signed, hash) = ([d, h].concat(), h.to_vec());
            Value::Map(Vec::new())
        });
        if !own_answer {
            hash[0] ^= 1;
        }
        let number = tlv(0x02, &[3]);
        let level = tlv(0x0a, &[1]);
        let description = seq(&[
            number.clone(),
            level.clone(),
            number,
            level,
            tlv(0x04, &hash),
            tlv(0x04, &[]),
            seq(&[]),
            seq(&[]),
        ]);
        let paper = Paper {
            extensions: vec![extension("1.3.6.1.4.1.11129.2.1.17", &description)],
            ..Paper::new()
        };
        let other = key();
        let (certificate, signature) = if own_key {
            (paper.of(&new), new.sign(&signed))
        } else {
            (paper.of(&other), other.sign(&signed))
        };
        let answer = new.create_with(&options(), "android-key", |_, _| {
            statement(vec![
                ("alg", (-7).into()),
                ("sig", Value::Bytes(signature)),
                chain(certificate),
            ])
        });
        assert_eq!(registered(&answer).is_ok(), own_key && own_answer);
    }
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend(bytes);
    out
}

/// What a chip says about a P-256 key (TPMT_PUBLIC).
fn public_area(key: &SoftKey) -> Vec<u8> {
    let cose = key.public_key();
    let head = [
        0x00, 0x23, 0x00, 0x0b, 0, 6, 4, 0x72, 0, 0, 0, 0x10, 0, 0x10, 0, 3, 0, 0x10,
    ];
    [head.to_vec(), sized(&cose[10..42]), sized(&cose[45..77])].concat()
}

/// What it certifies (TPMS_ATTEST): the key of a public area, for an answer.
fn certified(magic: u8, area: &[u8], answer: &[u8]) -> Vec<u8> {
    let name = [&[0, 0x0b], sha256(area).as_slice()].concat();
    [
        vec![magic, b'T', b'C', b'G', 0x80, 0x17],
        sized(&[]),
        sized(&sha256(answer)),
        vec![0; 25],
        sized(&name),
        sized(&[]),
    ]
    .concat()
}

#[test]
fn a_chip_vouches_for_the_key_that_it_has_and_for_this_answer() {
    // What is wrong: nothing, the key, the answer, the kind of statement, the signature, the certificate.
    for wrong in 0..6 {
        let (mut new, chip) = (key(), key());
        let area = if wrong == 1 {
            public_area(&key())
        } else {
            public_area(&new)
        };
        let mut paper = Paper::new();
        let usage = if wrong == 5 {
            "1.3.6.1.5.5.7.3.1"
        } else {
            "2.23.133.8.3"
        };
        paper
            .extensions
            .push(extension("2.5.29.37", &seq(&[oid(usage)])));
        let certificate = paper.of(&chip);
        let answer = new.create_with(&options(), "tpm", |data, hash| {
            let mut signed = [data, hash].concat();
            if wrong == 2 {
                signed.push(0);
            }
            let info = certified(if wrong == 3 { 0xfe } else { 0xff }, &area, &signed);
            let signature = if wrong == 4 {
                key().sign(&info)
            } else {
                chip.sign(&info)
            };
            statement(vec![
                ("ver", "2.0".into()),
                ("alg", (-7).into()),
                ("sig", Value::Bytes(signature)),
                ("pubArea", Value::Bytes(area.clone())),
                ("certInfo", Value::Bytes(info)),
                chain(certificate),
            ])
        });
        assert_eq!(registered(&answer).is_ok(), wrong == 0, "{wrong}");
    }
}
