//! Whole ceremonies with keys in software: right ones, and ones that are wrong in one point.

use coset::cbor::Value;
use serde_json::{Value as Json, json};

use crate::soft_key::{BE, BS, SoftKey, UP, UV};
use crate::{Algorithm, Assertion, Counter, Creation, Expected, Fault, NewKey, StoredKey, Use};

const RP: &str = "example.org";
const SITE: &str = "https://login.example.org";
const CHALLENGE: &[u8] = b"a challenge of thirty-two bytes!";

fn origins() -> Vec<String> {
    vec![SITE.into(), "https://www.example.org".into()]
}

fn expected(origins: &[String]) -> Expected<'_> {
    Expected {
        rp_id: RP,
        origins,
        challenge: CHALLENGE,
        user_verification_required: false,
    }
}

/// Options as browsers get them, for both ceremonies.
fn options() -> Json {
    json!({
        "challenge": "YSBjaGFsbGVuZ2Ugb2YgdGhpcnR5LXR3byBieXRlcyE",
        "user": {"id": "YWNjb3VudC0x"},
    })
}

fn key(algorithm: Algorithm) -> SoftKey {
    SoftKey::new(algorithm, RP, SITE)
}

fn registered(answer: &str) -> Result<NewKey, Fault> {
    Creation::read(answer)
        .unwrap()
        .verify(&expected(&origins()))
}

fn used(key: &SoftKey, stored: &NewKey) -> Result<Use, Fault> {
    let stored = StoredKey {
        id: &stored.id,
        public_key: &stored.public_key,
        backup_eligible: Some(stored.flags.backup_eligible),
    };
    Assertion::read(&key.get(&options())).unwrap().verify(
        &expected(&origins()),
        b"account-1",
        &stored,
    )
}

#[test]
fn a_key_of_every_algorithm_is_registered_and_used() {
    for algorithm in Algorithm::ALL {
        let mut key = key(algorithm);
        key.counter = 3;
        let new = registered(&key.create(&options())).unwrap();
        assert_eq!(new.id, key.id, "{algorithm:?}");
        assert_eq!(new.public_key, key.public_key());
        assert_eq!(
            (new.sign_count, new.attestation_format.as_str()),
            (3, "none")
        );
        assert_eq!(new.transports, ["usb"]);
        key.counter = 4;
        assert_eq!(used(&key, &new).unwrap().sign_count, 4, "{algorithm:?}");
    }
}

#[test]
fn a_signature_of_another_key_is_refused_whatever_the_algorithm() {
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Es512,
        Algorithm::EdDsa,
        Algorithm::Ps256,
    ] {
        let mut owner = key(algorithm);
        let new = registered(&owner.create(&options())).unwrap();
        let mut thief = key(algorithm);
        thief.id.clone_from(&owner.id);
        assert_eq!(used(&thief, &new), Err(Fault::Signature), "{algorithm:?}");
    }
}

/// One thing that a key does wrong.
type Wrong = fn(&mut SoftKey);

const WRONGS: [(Wrong, Fault); 5] = [
    (
        |key| key.origin = "https://login.example.org.evil.example".into(),
        Fault::Origin,
    ),
    (
        |key| key.origin = "https://login.example.org:8443".into(),
        Fault::Origin,
    ),
    (|key| key.rp_id = "evil.example".into(), Fault::RelyingParty),
    (|key| key.flags = UV, Fault::UserPresence),
    (|key| key.flags = UP | BS, Fault::Backup),
];

#[test]
fn an_answer_that_is_wrong_in_one_point_is_refused_for_it() {
    for (wrong, fault) in WRONGS {
        let mut bad = key(Algorithm::Es256);
        wrong(&mut bad);
        assert_eq!(registered(&bad.create(&options())), Err(fault));

        let mut bad = key(Algorithm::Es256);
        let new = registered(&bad.create(&options())).unwrap();
        wrong(&mut bad);
        assert_eq!(used(&bad, &new), Err(fault));
    }
}

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let mut key = key(Algorithm::Es256);
    let mut other = options();
    other["challenge"] = "b3RoZXI".into();
    assert_eq!(registered(&key.create(&other)), Err(Fault::Challenge));
    let new = registered(&key.create(&options())).unwrap();
    let stored = StoredKey {
        id: &new.id,
        public_key: &new.public_key,
        backup_eligible: None,
    };
    let answer = Assertion::read(&key.get(&other)).unwrap();
    let all = origins();
    assert_eq!(
        answer.verify(&expected(&all), b"account-1", &stored),
        Err(Fault::Challenge)
    );
}

#[test]
fn the_user_has_to_be_verified_where_that_is_asked_for() {
    let mut key = key(Algorithm::Es256);
    key.flags = UP;
    let all = origins();
    let strict = Expected {
        user_verification_required: true,
        ..expected(&all)
    };
    let answer = Creation::read(&key.create(&options())).unwrap();
    assert_eq!(answer.verify(&strict), Err(Fault::UserVerification));
    assert!(answer.verify(&expected(&all)).is_ok());
}

#[test]
fn an_account_is_known_by_one_handle_and_a_key_by_one_name() {
    let mut key = key(Algorithm::Es256);
    let new = registered(&key.create(&options())).unwrap();
    assert_eq!(key.user_handle.as_deref(), Some(b"account-1".as_slice()));
    assert!(used(&key, &new).is_ok());
    key.user_handle = None;
    assert!(used(&key, &new).is_ok(), "a key need not tell");
    key.user_handle = Some(b"account-2".to_vec());
    assert_eq!(used(&key, &new), Err(Fault::UserHandle));
    key.user_handle = None;
    key.id = b"another".to_vec();
    assert_eq!(used(&key, &new), Err(Fault::UnknownKey));
}

#[test]
fn a_key_stays_copyable_or_not_and_may_be_copied_later() {
    let mut key = key(Algorithm::Es256);
    key.flags = UP | UV | BE;
    let new = registered(&key.create(&options())).unwrap();
    key.flags = UP | UV | BE | BS;
    assert!(used(&key, &new).unwrap().flags.backup_state);
    key.flags = UP | UV;
    assert_eq!(used(&key, &new), Err(Fault::Backup));
}

#[test]
fn a_counter_that_does_not_go_on_is_seen_and_none_is_none() {
    for (stored, sent, told) in [
        (0, 0, Counter::None),
        (0, 1, Counter::Advanced),
        (7, 8, Counter::Advanced),
        (7, 7, Counter::Stuck),
        (7, 6, Counter::Stuck),
        (7, 0, Counter::Stuck),
        (u32::MAX, 0, Counter::Stuck),
    ] {
        assert_eq!(Counter::of(stored, sent), told, "{stored} {sent}");
    }
}

#[test]
fn a_name_that_is_too_long_or_not_the_one_that_is_told_is_refused() {
    let mut key = key(Algorithm::Es256);
    key.id = vec![7; crate::MAX_KEY_ID_BYTES];
    assert!(registered(&key.create(&options())).is_ok());
    key.id.push(7);
    assert_eq!(registered(&key.create(&options())), Err(Fault::KeyId));
}

#[test]
fn keys_of_other_kinds_are_refused() {
    let good = key(Algorithm::Es256).public_key();
    assert!(crate::PublicKey::from_cose(&good).is_ok());
    for (at, byte) in [(2, 0x03), (4, 0x25), (6, 0x02)] {
        let mut bad = good.clone();
        // Key type, algorithm, curve.
        bad[at] = byte;
        assert_eq!(
            crate::PublicKey::from_cose(&bad),
            Err(Fault::Algorithm),
            "{at}"
        );
    }
    for end in 0..good.len() {
        assert!(crate::PublicKey::from_cose(&good[..end]).is_err());
    }
    let twice = [good.as_slice(), &good].concat();
    assert!(crate::PublicKey::from_cose(&twice).is_err());
}

#[test]
fn a_key_may_vouch_for_itself() {
    for algorithm in Algorithm::ALL {
        let mut packed = key(algorithm);
        let signer = key(algorithm);
        let alg = algorithm.cose_id();
        let statement = |sig: Vec<u8>| {
            Value::Map(vec![
                ("alg".into(), alg.into()),
                ("sig".into(), Value::Bytes(sig)),
            ])
        };
        let foreign = packed.create_with(&options(), "packed", |data, hash| {
            statement(signer.sign(&[data, hash].concat()))
        });
        assert_eq!(registered(&foreign), Err(Fault::Attestation));
        let own = self_signed(&mut packed, alg);
        assert_eq!(registered(&own).unwrap().attestation_format, "packed");
    }
    let mut es256 = key(Algorithm::Es256);
    let lied = self_signed(&mut es256, Algorithm::Es384.cose_id());
    assert_eq!(registered(&lied), Err(Fault::Attestation));
}

/// Vouched for by itself: the answer is made twice, the second time with the signature over the first.
fn self_signed(key: &mut SoftKey, alg: i64) -> String {
    let mut signed = Vec::new();
    key.create_with(&options(), "packed", |data, hash| {
        signed = [data, hash].concat();
        Value::Map(Vec::new())
    });
    let signature = key.sign(&signed);
    key.create_with(&options(), "packed", |_, _| {
        Value::Map(vec![
            ("alg".into(), alg.into()),
            ("sig".into(), Value::Bytes(signature)),
        ])
    })
}

#[test]
fn formats_that_nobody_knows_and_none_with_something_in_it_are_refused() {
    let mut key = key(Algorithm::Es256);
    let unknown = key.create_with(&options(), "android-safetynet", |_, _| {
        Value::Map(Vec::new())
    });
    assert_eq!(registered(&unknown), Err(Fault::AttestationFormat));
    let full = key.create_with(&options(), "none", |_, _| {
        Value::Map(vec![("sig".into(), Value::Bytes(vec![1]))])
    });
    assert_eq!(registered(&full), Err(Fault::Attestation));
    for format in ["packed", "fido-u2f", "apple", "android-key", "tpm"] {
        let empty = key.create_with(&options(), format, |_, _| Value::Map(Vec::new()));
        assert_eq!(registered(&empty), Err(Fault::Attestation), "{format}");
    }
}

#[test]
fn what_is_no_answer_is_not_read() {
    let long = format!("{}{}", " ".repeat(crate::MAX_ANSWER_BYTES), "{}");
    let mut key = key(Algorithm::Es256);
    let creation: Json = serde_json::from_str(&key.create(&options())).unwrap();
    let assertion: Json = serde_json::from_str(&key.get(&options())).unwrap();
    for text in ["", "invalid", "1", "{}", "[]", "null", long.as_str()] {
        assert!(Creation::read(text).is_err() && Assertion::read(text).is_err());
    }
    for (pointer, value) in [
        ("/id", json!("")),
        ("/id", json!("!")),
        ("/rawId", json!("YWJj")),
        ("/type", json!("password")),
        ("/response", json!({})),
        ("/response/clientDataJSON", json!("e30")),
        ("/response/attestationObject", json!("oA")),
        ("/response/authenticatorData", json!("AAAA")),
    ] {
        for (whole, reads) in [
            (
                &creation,
                (|t: &str| Creation::read(t).is_ok()) as fn(&str) -> bool,
            ),
            (&assertion, |t: &str| Assertion::read(t).is_ok()),
        ] {
            let mut broken = whole.clone();
            if let Some(member) = broken.pointer_mut(pointer) {
                *member = value.clone();
                assert!(!reads(&broken.to_string()), "{pointer}");
            }
        }
    }
}

#[test]
fn padding_makes_no_difference() {
    let mut key = key(Algorithm::Es256);
    let mut answer: Json = serde_json::from_str(&key.create(&options())).unwrap();
    let id = answer["id"].as_str().unwrap().to_owned();
    answer["id"] = format!("{id}{}", "=".repeat((4 - id.len() % 4) % 4)).into();
    assert!(registered(&answer.to_string()).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_attestation_object_makes_it_panic(bytes: Vec<u8>) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let mut key = key(Algorithm::EdDsa);
        let mut answer: Json = serde_json::from_str(&key.create(&options())).unwrap();
        answer["response"]["attestationObject"] = URL_SAFE_NO_PAD.encode(&bytes).into();
        let all = origins();
        if let Ok(read) = Creation::read(&answer.to_string()) {
            let _ = read.verify(&expected(&all));
        }
        let _ = crate::PublicKey::from_cose(&bytes);
    }
}
