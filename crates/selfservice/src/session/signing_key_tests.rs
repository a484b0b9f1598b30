use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;

/// The keys of RFC 7515 §A.3 and RFC 8037 §A.1.
fn es256() -> Value {
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "es-1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})
}

fn eddsa() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})
}

fn set(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

fn without(mut key: Value, part: &str) -> Value {
    key.as_object_mut().unwrap().remove(part);
    key
}

fn verifies(token: &str, algorithm: &'static dyn VerificationAlgorithm, public: &[u8]) -> bool {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(algorithm, public)
        .verify(signed.as_bytes(), &signature)
        .is_ok()
}

#[test]
fn the_first_key_signs_and_the_public_part_verifies() {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!("user-1"));
    let key = SigningKey::first_of(&set(&[es256(), eddsa()])).unwrap();
    let token = key.sign(&claims).unwrap();
    let head = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let head: Value = serde_json::from_slice(&head).unwrap();
    assert_eq!(head, json!({"alg": "ES256", "kid": "es-1", "typ": "JWT"}));
    let mut point = vec![4];
    for part in ["x", "y"] {
        let part = es256()[part].as_str().unwrap().to_owned();
        point.extend(URL_SAFE_NO_PAD.decode(part).unwrap());
    }
    assert!(verifies(&token, &ECDSA_P256_SHA256_FIXED, &point));
    let token = SigningKey::first_of(&set(&[eddsa()]))
        .unwrap()
        .sign(&claims)
        .unwrap();
    let public = URL_SAFE_NO_PAD
        .decode(eddsa()["x"].as_str().unwrap())
        .unwrap();
    assert!(verifies(&token, &ED25519, &public));
    assert!(!verifies(&token.replacen('.', ".e", 1), &ED25519, &public));
}

#[test]
fn what_cannot_sign_says_why_without_showing_the_key() {
    let check = |set: &[u8], expected: KeyFault| {
        let fault = SigningKey::first_of(set).err().unwrap();
        assert_eq!(fault, expected);
        assert!(!fault.to_string().contains("jpsQ"));
    };
    check(b"hunter2", KeyFault::NotASet);
    check(&set(&[]), KeyFault::Empty);
    check(&set(&[without(es256(), "alg")]), KeyFault::Algorithm);
    check(&set(&[without(es256(), "d"), es256()]), KeyFault::Public);
    check(&set(&[without(es256(), "y")]), KeyFault::Parts);
    let mut other = es256();
    other["d"] = eddsa()["d"].clone();
    check(&set(&[other]), KeyFault::Parts);
    let mut none = eddsa();
    none["alg"] = json!("none");
    check(&set(&[none]), KeyFault::Algorithm);
}

#[test]
fn numbers_are_written_as_der_wants_them() {
    let number = |bytes: &[u8]| rsa_private_key(&[Zeroizing::new(bytes.to_vec())]).to_vec();
    assert_eq!(number(&[0]), [0x30, 3, 2, 1, 0]);
    assert_eq!(number(&[0, 0x7f]), [0x30, 3, 2, 1, 0x7f]);
    assert_eq!(number(&[0x80]), [0x30, 4, 2, 2, 0, 0x80]);
    let long = number(&[1; 200]);
    assert_eq!(long.get(..6), Some(&[0x30, 0x81, 203, 2, 0x81, 200][..]));
}
