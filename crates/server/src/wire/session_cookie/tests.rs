use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use time::macros::datetime;

use super::*;

const SECRET: &str = "PLEASE-CHANGE-ME-I-AM-VERY-INSECURE";
const NAME: &str = "ory_kratos_session";

/// `spec/storage.md` §7: accepted by the reference server.
const GOB: &str = "0d7f040102ff8000011001100000ffa5ff80000306737472696e670c0f000d73657373696f6e5f746f6b656e06737472696e670c2900276f72795f73745f414141414141414141414141414141414141414141414141414141414141414106737472696e670c0c000a657870697265735f617406737472696e670c160014323032362d31312d32365430303a30303a30305a06737472696e670c0700056e6f6e636506737472696e670c0a00086162636465666768";
const COOKIE: &str = "MTc5NTU5OTg4OXxBQUVDQXdRRkJnY0lDUW9MREEwT0Q1REg5a3pFZFUzVkdsYlFQbGx6dzdCc1hxTUt2N045U1FBLXN4dGt1TWhIYk05MWIzMkpPc3Z6WkwyMFNISXZHYVUyTlhiVEZTSW5jOGE0M0hCdVlPUVBadXEwbVBRSTYyQ0hFaWc5ODJPUGNqLXV5U0hNOXZ1LVJBdXdyWm5lUl9leW1IN19raXVOcWsydzlGVWZMYlA4T19kOFZpTTNLNld0OW9WNFFIcUQ2RU9jWUtXaFMxV1Y5OC1fdHp3MXExRmMxVW5OWU0xWWhQYmgyZkdNczFVV1dSTFA1emhEYTNuQS1scFRzSlotT2twaG1yRT18-ffXhDeESKU-SgmiMPUP5h2B9DLj5bKqCM7Id6poV1Q=";

/// Hands out 00, 01, 02 …
struct Counting(u8);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        unimplemented!("the vector only fills bytes")
    }

    fn next_u64(&mut self) -> u64 {
        unimplemented!("the vector only fills bytes")
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0;
            self.0 += 1;
        }
    }
}

fn issued_at() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_599_889).unwrap()
}

fn values() -> [(&'static str, &'static str); 3] {
    [
        ("session_token", "ory_st_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("expires_at", "2026-11-26T00:00:00Z"),
        ("nonce", "abcdefgh"),
    ]
}

fn codec(secrets: &[&str]) -> CookieCodec {
    CookieCodec::session(NAME, secrets, Duration::DAY)
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

#[test]
fn the_gob_vector_is_written_and_read() {
    assert_eq!(hex::encode(gob::encode(&values())), GOB);
    let read = gob::decode(&hex::decode(GOB).unwrap()).unwrap();
    let read: Vec<(&str, &str)> = read.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(read, values());
}

#[test]
fn the_cookie_vector_is_written_and_read() {
    assert_eq!(
        codec(&[SECRET])
            .encode(&values(), issued_at(), &mut Counting(0))
            .unwrap(),
        COOKIE
    );
    let session = SessionCookie::decode(&codec(&[SECRET]), COOKIE, issued_at()).unwrap();
    assert_eq!(
        session.session_token,
        "ory_st_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    );
    assert_eq!(session.expires_at, Some(datetime!(2026-11-26 00:00:00 UTC)));
}

#[test]
fn a_session_cookie_comes_back_with_its_fraction_of_a_second() {
    let session = SessionCookie {
        session_token: "ory_st_0123456789abcdefghijABCDEFGHIJKL".to_owned(),
        expires_at: Some(datetime!(2026-11-26 01:02:03.000456 +2)),
    };
    let text = session
        .encode(&codec(&[SECRET]), issued_at(), &mut rng())
        .unwrap();
    assert_eq!(
        SessionCookie::decode(&codec(&[SECRET]), &text, issued_at()),
        Some(session)
    );
    let values = codec(&[SECRET]).decode(&text, issued_at()).unwrap();
    assert_eq!(
        values[1],
        (
            "expires_at".to_owned(),
            "2026-11-25T23:02:03.000456Z".to_owned()
        )
    );
    assert_eq!(values[2].1.len(), 8);
    assert!(values[2].1.chars().all(|c| c.is_ascii_alphabetic()));
}

#[test]
fn a_rotated_secret_still_reads_but_no_longer_writes() {
    let rotated = codec(&["new-secret-that-is-long-enough", SECRET]);
    assert!(rotated.decode(COOKIE, issued_at()).is_some());
    let fresh = rotated.encode(&values(), issued_at(), &mut rng()).unwrap();
    assert!(codec(&[SECRET]).decode(&fresh, issued_at()).is_none());
    assert!(
        codec(&["new-secret-that-is-long-enough"])
            .decode(&fresh, issued_at())
            .is_some()
    );
}

#[test]
fn a_cookie_belongs_to_its_name() {
    let other = CookieCodec::session("another_session", &[SECRET], Duration::DAY);
    assert!(other.decode(COOKIE, issued_at()).is_none());
}

#[test]
fn a_cookie_is_refused_one_second_after_its_age_is_reached() {
    let last = issued_at() + Duration::DAY;
    assert!(codec(&[SECRET]).decode(COOKIE, last).is_some());
    assert!(
        codec(&[SECRET])
            .decode(COOKIE, last + Duration::SECOND)
            .is_none()
    );
    let unlimited = CookieCodec::session(NAME, &[SECRET], Duration::ZERO);
    assert!(
        unlimited
            .decode(COOKIE, last + Duration::weeks(500))
            .is_some()
    );
}

#[test]
fn a_cookie_without_a_token_is_no_session() {
    let text = codec(&[SECRET])
        .encode(&[("nonce", "abcdefgh")], issued_at(), &mut rng())
        .unwrap();
    assert!(SessionCookie::decode(&codec(&[SECRET]), &text, issued_at()).is_none());
}

#[test]
fn too_much_text_is_an_error_and_no_secret_is_one_too() {
    let long = "x".repeat(4000);
    let refused = codec(&[SECRET]).encode(&[("a", &long)], issued_at(), &mut rng());
    assert!(matches!(refused, Err(CookieError::TooLong(length)) if length > MAX_COOKIE_BYTES));
    let none: [&str; 0] = [];
    let refused =
        CookieCodec::session(NAME, &none, Duration::DAY).encode(&[], issued_at(), &mut rng());
    assert_eq!(refused, Err(CookieError::NoSecret));
}

#[test]
fn continuity_cookies_of_older_servers_are_read() {
    const SIGN: &str = "the-first-secret-signs";
    const ENCRYPT: &str = "32-LONG-SECRET-NOT-SECURE-AT-ALL";
    let old = CookieCodec {
        name: CONTINUITY_COOKIE.to_owned(),
        keys: raw_pairs(&[SIGN, ENCRYPT]),
        max_age: DEFAULT_MAX_AGE,
    };
    let container = [(
        "ory_kratos_oidc_auth_code_session",
        "78c1b41d-8341-4507-aa60-aff1d4369670",
    )];
    let text = old.encode(&container, issued_at(), &mut rng()).unwrap();
    let read = CookieCodec::continuity(&[SIGN, ENCRYPT])
        .decode(&text, issued_at())
        .unwrap();
    assert_eq!(read[0].1, container[0].1);
    assert!(
        CookieCodec::continuity(&[ENCRYPT, SIGN])
            .decode(&text, issued_at())
            .is_none()
    );
}

#[test]
fn debug_output_holds_no_secret() {
    let text = format!(
        "{:?} {:?}",
        codec(&[SECRET]),
        SessionCookie::decode(&codec(&[SECRET]), COOKIE, issued_at())
    );
    assert!(
        !text.contains("PLEASE") && !text.contains("ory_st_"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn garbage_is_refused(cookie in ".{0,300}") {
        prop_assert!(codec(&[SECRET]).decode(&cookie, issued_at()).is_none());
    }

    #[test]
    fn well_formed_strangers_are_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let cookie = URL_SAFE.encode([b"1795599889|", text.as_slice()].concat());
        prop_assert!(codec(&[SECRET]).decode(&cookie, issued_at()).is_none());
    }

    #[test]
    fn one_changed_character_is_noticed(at in 0..COOKIE.len(), to in "[A-Za-z0-9_=-]") {
        let mut cookie = COOKIE.to_owned();
        cookie.replace_range(at..=at, &to);
        prop_assume!(cookie != COOKIE);
        prop_assert!(codec(&[SECRET]).decode(&cookie, issued_at()).is_none());
    }

    #[test]
    fn whatever_goes_in_comes_out(value in ".{0,100}", key in "[a-z_]{1,20}") {
        let text = codec(&[SECRET]).encode(&[(&key, &value)], issued_at(), &mut rng()).unwrap();
        prop_assert_eq!(codec(&[SECRET]).decode(&text, issued_at()), Some(vec![(key, value)]));
    }
}
