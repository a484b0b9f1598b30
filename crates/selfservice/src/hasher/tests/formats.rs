//! The vectors of `spec/hashes.md` §6, which the reference accepted or refused, and the rules around them.

use proptest::prelude::*;

use super::super::*;
use super::vectors::Fate::{self, IsRefused, LogsIn, NeverMatches};
use super::vectors::VECTORS;
use super::{PASSWORD, small_argon2};

fn fate(encoded: &str) -> Fate {
    if check_import(encoded).is_err() {
        return IsRefused;
    }
    if verify_blocking(PASSWORD, encoded) == Ok(true) {
        LogsIn
    } else {
        NeverMatches
    }
}

#[test]
fn every_vector_fares_as_with_the_reference() {
    for (name, expected, encoded) in VECTORS {
        assert_eq!(fate(encoded), expected, "{name}: {encoded}");
    }
}

#[test]
fn a_wrong_password_matches_no_vector() {
    for (name, _, encoded) in VECTORS {
        for wrong in ["correct horsf", "", "correct horse "] {
            assert_ne!(
                verify_blocking(wrong, encoded),
                Ok(true),
                "{name} with {wrong:?}"
            );
        }
    }
}

#[test]
fn further_observations_hold() {
    let cases = [
        // Recognition is exact.
        (
            " $2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
            IsRefused,
        ),
        (
            "$2A$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
            IsRefused,
        ),
        ("$pbkdf2$i=1000,l=20$c2FsdA$EUcK", IsRefused),
        ("$pbkdf2-sha1024$i=1000,l=20$c2FsdA$EUcK", IsRefused),
        ("{MD5}PLTnMmMfR+brlh80VUt83g==", IsRefused),
        ("3cb4e732631f47e6eb961f34554b7cde", IsRefused),
        ("", IsRefused),
        // Costs.
        (
            "$2a$16$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
            IsRefused,
        ),
        (
            "$scrypt$ln=262144,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA==$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI=",
            IsRefused,
        ),
        (
            "$scrypt$ln=1000,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA==$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI=",
            NeverMatches,
        ),
        (
            "$scrypt$ln=1024,r=9,p=1$c2FsdHNhbHRzYWx0c2FsdA==$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI=",
            IsRefused,
        ),
        (
            "$firescrypt$ln=18,r=8,p=1$c2FsdA==$AAAA$AAAA$AAAA",
            IsRefused,
        ),
        (
            "$pbkdf2-sha256$i=10000001,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
            IsRefused,
        ),
        (
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
            IsRefused,
        ),
        (
            "$argon2id$v=19$m=1048577,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
            IsRefused,
        ),
        (
            "$argon2id$v=19$m=1024,t=11,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
            IsRefused,
        ),
        (
            "$argon2id$v=19$m=1024,t=1,p=17$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
            IsRefused,
        ),
        (
            "$argon2id$v=19$t=1,m=1024,p=2$c2FsdHNhbHRzYWx0c2FsdA$ogPFaq73C3RJT9VKwSNSJ1t7EFBkJpYDRBg1x72XG+A",
            IsRefused,
        ),
        (
            "$argon2id$v=19$m=1024,t=1,p=2,x=3$c2FsdHNhbHRzYWx0c2FsdA$ogPFaq73C3RJT9VKwSNSJ1t7EFBkJpYDRBg1x72XG+A",
            LogsIn,
        ),
        (
            "$sha256-crypt$rounds=999$saltsaltsaltsalt$nxvy/aZxmMcHLq9pGRuSwLR..D/0Hr4eL305uyyfXLA",
            NeverMatches,
        ),
        (
            "$sha512-crypt$rounds=999999999$saltsaltsaltsalt$90PY",
            IsRefused,
        ),
        // An empty hash would equal whatever is derived.
        (
            "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$",
            NeverMatches,
        ),
        (
            "$pbkdf2-sha256$i=1000,l=0$c2FsdHNhbHRzYWx0c2FsdA$",
            NeverMatches,
        ),
        // Garbage behind the prefix of a family that the import does not parse.
        ("$md5$aa$bb", NeverMatches),
        ("$md5-crypt$", NeverMatches),
        ("{SSHA}!!!", NeverMatches),
        ("$hmac-sha256$x$y", NeverMatches),
        ("$sha256$pf=$c2FsdA==$AAAA", NeverMatches),
    ];
    for (encoded, expected) in cases {
        assert_eq!(fate(encoded), expected, "{encoded}");
    }
}

/// Made with the crypt(3) of glibc.
#[test]
fn crypt_agrees_with_the_c_library() {
    let cases = [
        ("a", r"$md5-crypt$x$P8VObTrxaqT4VBmnH06P8."),
        (
            "a",
            r"$sha256-crypt$x$85aGabM7xSEYcp0wkefjwtqWAYi1Rrq3b01Gtllmmh7",
        ),
        (
            "a",
            r"$sha512-crypt$x$6Zqbz8j5rMHIeJ1ujjjFXuZXSa/VORj.fVUEQcJc.rjR9.wCKlhZuymRQLtIEzcxNmqwX/fRNvM45BbvFayY51",
        ),
        (
            "a",
            r"$sha256-crypt$rounds=1234$x$DPY7HY6vlx4yFmAVtDzeUmDvD0NXJt22/Va9uPqQeU3",
        ),
        ("", r"$md5-crypt$saltsalt$5Jhcit4zN9UlGiA0txPkO0"),
        (
            "",
            r"$sha256-crypt$saltsalt$09agN5RZ2meWdEdnEusqsq5G7RwwghB8jCKoWWADxW/",
        ),
        (
            "",
            r"$sha512-crypt$saltsalt$qkTgsCrWMTAS9gBGcf9W60sFfH.hU0oTCAOJjhbz5tSp/sU3/xXZK4OFwCtq8lIIdpJ6CatVdOTSHKp97TPkt/",
        ),
        (
            "",
            r"$sha256-crypt$rounds=1234$saltsalt$EThMArv0AzJkEkcP3/vmP4Rx/ZkCMnRtsQvYwhR1GSD",
        ),
        (
            "a passphrase of more than sixty-four bytes, which spans two blocks of SHA-256",
            r"$md5-crypt$longersa$QYh4ahYE26dFR2oy.R8m6/",
        ),
        (
            "a passphrase of more than sixty-four bytes, which spans two blocks of SHA-256",
            r"$sha256-crypt$longersaltlonger$ERq/Hs2JCOUVxm2R1ZJz6GRkvqIl7MwD9pDq18rKrk8",
        ),
        (
            "a passphrase of more than sixty-four bytes, which spans two blocks of SHA-256",
            r"$sha512-crypt$longersaltlonger$6V4lKeRLtL0mI6Y6acNn5cnMmZLJ7E5eo899CjLwaQwMnoaB4sHRRPo/GiZJDQ3aNhXJeLxJW5EiA4t9LstMa/",
        ),
        (
            "a passphrase of more than sixty-four bytes, which spans two blocks of SHA-256",
            r"$sha256-crypt$rounds=1234$longersaltlonger$yxtWpRi2JOffKg5OKt5MHKnht/AUU3e8jEGL0fhVrI1",
        ),
        ("pässwörd-1", r"$md5-crypt$ab.cd/ef$rDfgXwbNnckG4mj4JbU0B1"),
        (
            "pässwörd-1",
            r"$sha256-crypt$ab.cd/ef$F4P0YYLLAl7c0moiKebqn30PVhI2DCGNHCzYfsFSP96",
        ),
        (
            "pässwörd-1",
            r"$sha512-crypt$ab.cd/ef$JyDwwY/R3moB2MzviQIem0nZ0GLqGX.JceEhmp4W2mn.4Zq5RU/LD6b/QeAFMA7HJ3gRGHClEjRnYGi5s0Rgz/",
        ),
        (
            "pässwörd-1",
            r"$sha256-crypt$rounds=1234$ab.cd/ef$wynv5mq3sKQJumtdfRlxUSO8AOXTYgbPCkmQ4HPraW6",
        ),
        ("no salt", r"$md5-crypt$$AuJCr07mI7DSew03TmBIv/"),
        (
            "no salt",
            r"$sha256-crypt$$/PrbPOw6N0mAnHLmAtLQhvNDpt5zUm50BY0TEe2Bow0",
        ),
        (
            "no salt",
            r"$sha512-crypt$$VBQf5FyFPQC2eb9JKx2HvsXUJErVPvz8t4tUq0v4aG7K9bsYnU4t0pkZOZPK43RDoy65W61CVSfQ83NZKYmj6/",
        ),
        (
            "no salt",
            r"$sha256-crypt$rounds=1234$$2HP5dh.f5CzSMbAaa4eR1cVtbiCIDGvVpzCLSXWije9",
        ),
    ];
    for (password, encoded) in cases {
        assert_eq!(verify_blocking(password, encoded), Ok(true), "{encoded}");
    }
}

#[test]
fn another_family_is_rehashed_and_another_cost_is_not() {
    let bcrypt = Hasher::new(HasherConfig::bcrypt(12, false));
    let argon2 = Hasher::new(small_argon2());
    for (name, _, encoded) in VECTORS {
        assert_eq!(
            bcrypt.needs_rehash(encoded),
            !name.starts_with("bcrypt") || name.ends_with("2x"),
            "{name}"
        );
        assert_eq!(
            argon2.needs_rehash(encoded),
            !name.starts_with("argon2id"),
            "{name}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_hashes_are_answered(vector in 0..VECTORS.len(), at: prop::sample::Index, to in "[ -~]") {
        let mut encoded = VECTORS[vector].2.to_owned();
        let at = at.index(encoded.len());
        encoded.replace_range(at..=at, &to);
        // The costs could become large within the limits; only the reading is of interest here.
        let _ = check_import(&encoded);
        if !encoded.starts_with("$2") && !encoded.contains("crypt") && !encoded.contains("argon2") && !encoded.contains("pbkdf2") {
            let _ = verify_blocking(PASSWORD, &encoded);
        }
    }

    #[test]
    fn garbage_is_answered(encoded in ".{0,200}") {
        let _ = verify_blocking(PASSWORD, &encoded);
    }
}
