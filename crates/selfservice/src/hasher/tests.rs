//! The vectors of `spec/hashes.md` §6, which the reference accepted or refused, and the rules around them.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const PASSWORD: &str = "correct horse";

/// What the reference does with an imported hash.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    LogsIn,
    NeverMatches,
    IsRefused,
}
use Fate::{IsRefused, LogsIn, NeverMatches};

const VECTORS: [(&str, Fate, &str); 55] = [
    (
        "bcrypt 2a, cost 4, salt text `abcdefghijklmnopqrstuu`",
        LogsIn,
        r"$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    (
        "bcrypt 2b",
        LogsIn,
        r"$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    (
        "bcrypt 2y",
        LogsIn,
        r"$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    (
        "bcrypt 2x",
        IsRefused,
        r"$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    (
        "bcrypt `$2$`",
        LogsIn,
        r"$2$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    (
        "bcrypt 2z",
        LogsIn,
        r"$2z$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
    (
        "argon2id m=1024 t=1 p=2 len 32",
        LogsIn,
        r"$argon2id$v=19$m=1024,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$ogPFaq73C3RJT9VKwSNSJ1t7EFBkJpYDRBg1x72XG+A",
    ),
    (
        "argon2i m=1024 t=3 p=1",
        LogsIn,
        r"$argon2i$v=19$m=1024,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$iKVy+1MVc6cupMn6AtkcQTygeCt+MAjtPf1aQz2ROD8",
    ),
    (
        "argon2d",
        IsRefused,
        r"$argon2d$v=19$m=1024,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$GtfjCBJ5VolkhqgFsMjsRY1HylMOd3eztTknTgZQUQw",
    ),
    (
        "pbkdf2-sha1",
        LogsIn,
        r"$pbkdf2-sha1$i=1000,l=20$c2FsdHNhbHRzYWx0c2FsdA$EUcKisx+yviAqdTmlEPmy+5ykUU",
    ),
    (
        "pbkdf2 sha224 label, SHA3-224",
        LogsIn,
        r"$pbkdf2-sha224$i=1000,l=28$c2FsdHNhbHRzYWx0c2FsdA$9CbmoPze8ykSF+fZqyatuX1ddpgHu1S6sFPiHw",
    ),
    (
        "pbkdf2-sha256",
        LogsIn,
        r"$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
    ),
    (
        "pbkdf2 sha384 label, SHA3-384",
        LogsIn,
        r"$pbkdf2-sha384$i=1000,l=48$c2FsdHNhbHRzYWx0c2FsdA$7+gBbkJLEn/oVo7veQG5Aw9kASjuKc5oocTbu7MR3bK6K6B9bEWgAwWV9cgO/aQ9",
    ),
    (
        "pbkdf2-sha512",
        LogsIn,
        r"$pbkdf2-sha512$i=1000,l=64$c2FsdHNhbHRzYWx0c2FsdA$EHLBej+uEvxlmr0QnHnceg1vM6h1wbwSP5XErh3SmizNDWZsIi28RPGARe0EssjGRoiACzxgHjNvqwJY1zxKig",
    ),
    (
        "pbkdf2 sha224 label, but SHA-224 used",
        NeverMatches,
        r"$pbkdf2-sha224$i=1000,l=28$c2FsdHNhbHRzYWx0c2FsdA$6A45K/6UhJ6V8ROte85AER6lr1Px3aCWBqyfeg",
    ),
    (
        "pbkdf2 sha384 label, but SHA-384 used",
        NeverMatches,
        r"$pbkdf2-sha384$i=1000,l=48$c2FsdHNhbHRzYWx0c2FsdA$q901c6a4SaxDT5f9wYTU02y/R+Urm/Cf2hgwAcvZ3hobSPe+aUzqlBY88EfFL0Ss",
    ),
    (
        "pbkdf2 unknown label, SHA-256",
        LogsIn,
        r"$pbkdf2-sha999$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
    ),
    (
        "pbkdf2, wrong `l`",
        LogsIn,
        r"$pbkdf2-sha256$i=1000,l=99$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
    ),
    (
        "pbkdf2 with padding",
        IsRefused,
        r"$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA==$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM=",
    ),
    (
        "scrypt N=1024 r=8 p=1",
        LogsIn,
        r"$scrypt$ln=1024,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA==$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI=",
    ),
    (
        "scrypt without padding",
        IsRefused,
        r"$scrypt$ln=1024,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI",
    ),
    (
        "scrypt with log2 N in `ln`",
        NeverMatches,
        r"$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA==$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI=",
    ),
    (
        "firescrypt ln=10 r=8 p=1, separator bytes `0b 73 65 70`, signer key = SHA-512 of `signer`",
        LogsIn,
        r"$firescrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA==$bNQsegloNEc0Sb0j+lxGvg5YFr8Z8E5NdoVmJG3oBdqYRnUseHcQuzktlytVMCCmgupG9FjWwnhu5y6ymrz59Q==$C3NlcA==$Y4Rm1IrOwHkNbGRbpYKDwwIwGfdYnuH064sQpr/VEsQPvNO81wCGlZ4JUpRPVqG8jyO2V7RXu9594m+irfIR/A==",
    ),
    ("md5", LogsIn, r"$md5$PLTnMmMfR+brlh80VUt83g=="),
    (
        "md5, hex text",
        NeverMatches,
        r"$md5$3cb4e732631f47e6eb961f34554b7cde",
    ),
    (
        "md5, `{SALT}{PASSWORD}`",
        LogsIn,
        r"$md5$pf=e1NBTFR9e1BBU1NXT1JEfQ==$c2FsdHNhbHRzYWx0c2FsdA==$ACKRw/DLyNZWOI3xMAASjQ==",
    ),
    (
        "md5, format `x{PASSWORD}`, empty salt",
        LogsIn,
        r"$md5$pf=eHtQQVNTV09SRH0=$$lvfCYTkmY2plxQEA8Pvh3g==",
    ),
    (
        "sha1, `{SALT}{PASSWORD}`",
        LogsIn,
        r"$sha1$pf=e1NBTFR9e1BBU1NXT1JEfQ==$c2FsdHNhbHRzYWx0c2FsdA==$f8JRx8CGT27oGIjoJZdzWXRJK74=",
    ),
    (
        "sha256, `{PASSWORD}-{SALT}`",
        LogsIn,
        r"$sha256$pf=e1BBU1NXT1JEfS17U0FMVH0=$c2FsdHNhbHRzYWx0c2FsdA==$fBhWR0JC0R9Jy91VhMpyCU0Yl8kDCE/eSg8R8h+xmHI=",
    ),
    (
        "sha512, `{SALT}{PASSWORD}`",
        LogsIn,
        r"$sha512$pf=e1NBTFR9e1BBU1NXT1JEfQ==$c2FsdHNhbHRzYWx0c2FsdA==$kdDccE954LKFnus/eB6kuXyPF2yC8Pi8k7UTsizv9dXYac1woFniBgzin+1A/6vaoh8GbyzNaY4pd37V75IVow==",
    ),
    (
        "sha256, `{SALT}{PASSWORD}{SALT}`",
        LogsIn,
        r"$sha256$pf=e1NBTFR9e1BBU1NXT1JEfXtTQUxUfQ==$c2FsdHNhbHRzYWx0c2FsdA==$+w1dsmsSAIeeFWU0Ymr5/+g3Mo3/nlGgEa/p4SJCoIo=",
    ),
    (
        "SSHA",
        LogsIn,
        r"{SSHA}RVkYfPxb39JKWtqZoYqBfJgg5JZzYWx0c2FsdHNhbHRzYWx0",
    ),
    (
        "SSHA256",
        LogsIn,
        r"{SSHA256}wEnUrf4eKBHFaEcBzbunAIeulPy9aDbdjT3DH/zokcJzYWx0c2FsdHNhbHRzYWx0",
    ),
    (
        "SSHA512",
        LogsIn,
        r"{SSHA512}ERPsIkwGxop/pHrjl04jlGBFcEcGixRqr2XjH8ytZJ9hFGoi6gaOfwAjaeO8rZaKBf2v7ygZicYporaO9T1NMnNhbHRzYWx0c2FsdHNhbHQ=",
    ),
    (
        "SSHA without salt",
        NeverMatches,
        r"{SSHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
    ),
    (
        "LDAP {SHA}",
        IsRefused,
        r"{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
    ),
    (
        "md5-crypt, salt `saltsalt`",
        LogsIn,
        r"$md5-crypt$saltsalt$NuzA7WTAelpl95xgBGWN60",
    ),
    (
        "same, `$1$` prefix",
        IsRefused,
        r"$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
    ),
    (
        "sha256-crypt rounds=1000",
        LogsIn,
        r"$sha256-crypt$rounds=1000$saltsaltsaltsalt$nxvy/aZxmMcHLq9pGRuSwLR..D/0Hr4eL305uyyfXLA",
    ),
    (
        "sha256-crypt, rounds left out",
        LogsIn,
        r"$sha256-crypt$saltsaltsaltsalt$vzxOvVGSAthqKsVBFh1uWPorUBPL5g6mz42rSF1xpk5",
    ),
    (
        "sha512-crypt rounds=1000",
        LogsIn,
        r"$sha512-crypt$rounds=1000$saltsaltsaltsalt$90PYBEdNthW.s1MdBAGmZzUlBcO3THQlu3cLQCSmKwwDU4eOztdiNqFHvvjbULR8htwd7bcG6QXZbqiJ2JtSh.",
    ),
    (
        "sha512-crypt, rounds left out",
        LogsIn,
        r"$sha512-crypt$saltsaltsaltsalt$GkzgkzVbauGAKXpOTbypQEKy/9yJWVjcvXvDw7CxoJjnJ1.w.g1rV8bhCVTpHrRrO/h6b3DAwPN3y5qmHXZ1R1",
    ),
    (
        "same, `$6$` prefix",
        IsRefused,
        r"$6$saltsaltsaltsalt$GkzgkzVbauGAKXpOTbypQEKy/9yJWVjcvXvDw7CxoJjnJ1.w.g1rV8bhCVTpHrRrO/h6b3DAwPN3y5qmHXZ1R1",
    ),
    (
        "hmac-md5, key `hmac-key`",
        LogsIn,
        r"$hmac-md5$MmFkNjdiMmRiOGU1NGJjMTYzMTg5NTBlYjFkZDNjYzY=$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha1, key `hmac-key`",
        LogsIn,
        r"$hmac-sha1$MTkwMGZlNDViMjVmNTcyNmJlYmVkMTA5Y2FhZDM0NWQzODU1YmYxYg==$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha224, key `hmac-key`",
        LogsIn,
        r"$hmac-sha224$ZGM1YzgzNjI0OGVhZGU3OTY1NjZmMTk4MzRmOTNlYTk2YzM1ZGM0ZDYxMDEyNzFiMGVlM2Y5YTM=$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha256, key `hmac-key`",
        LogsIn,
        r"$hmac-sha256$ZjBhZjc1YzBlMDJkOTJkMWU4YTRiNDNlNmRjMzc2ODczYmIxYjgzOWE5MzgyOWZhNGQ0ZWExMDY3MjY3NDEyMA==$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha384, key `hmac-key`",
        LogsIn,
        r"$hmac-sha384$YzUwM2FiYTE2YjFjYzQxY2ZiZWI4MTVmNjg2YTFlZWZjMDEzYTZkYTg4OGI0Yjg2NzMyMDc5OTI0MDQ2MzNhYjAwYzYwY2ZmOWZkYjQ3Mjg1YzcxYTQ0NmUwNTM3MDVl$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha512, key `hmac-key`",
        LogsIn,
        r"$hmac-sha512$ZGI3ZmNhOTdiMmM4ODdjMThhMzJlMzgwODFjNTUxM2NlNjhhNzI3ZjQzNjYwYmQ4ODdiMGM4MzIxN2VmNTExZjY1NTA2MzNlZjllNmIyMDhmMDg2MGRhY2MxY2U5ODdjODM3NmVlNzQ3MzhhYzk2Zjc4NTU5OTg4NTQxYzU5MzE=$aG1hYy1rZXk=",
    ),
    (
        "hmac-md4, key `hmac-key`",
        LogsIn,
        r"$hmac-md4$NTEwYTgzMjkwNmUwNDA1ZDkwZTk5ZTk0Njg2YzNkZDY=$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha256 with raw digest",
        NeverMatches,
        r"$hmac-sha256$8K91wOAtktHopLQ+bcN2hzuxuDmpOCn6TU6hBnJnQSA=$aG1hYy1rZXk=",
    ),
    (
        "hmac-sha256, upper-case hex",
        NeverMatches,
        r"$hmac-sha256$RjBBRjc1QzBFMDJEOTJEMUU4QTRCNDNFNkRDMzc2ODczQkIxQjgzOUE5MzgyOUZBNEQ0RUExMDY3MjY3NDEyMA==$aG1hYy1rZXk=",
    ),
    (
        "argon2id p=0 (limit)",
        IsRefused,
        r"$argon2id$v=19$m=1024,t=1,p=0$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
    ),
    (
        "argon2id v=16",
        IsRefused,
        r"$argon2id$v=16$m=1024,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$ogPFaq73C3RJT9VKwSNSJ1t7EFBkJpYDRBg1x72XG+A",
    ),
    (
        "bcrypt cost 3",
        IsRefused,
        r"$2a$03$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ),
];

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
            NeverMatches,
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
fn a_password_over_72_bytes_is_wrong_for_bcrypt_and_not_cut() {
    let config = HasherConfig::bcrypt(4, true);
    let longest = "x".repeat(72);
    let hash = config.hash_blocking(&longest).unwrap();
    assert!(hash.starts_with("$2a$04$"), "{hash}");
    assert_eq!(verify_blocking(&longest, &hash), Ok(true));
    let longer = "x".repeat(73);
    assert_eq!(verify_blocking(&longer, &hash), Ok(false));
    assert_eq!(
        config.hash_blocking(&longer),
        Err(HashError::PasswordTooLong {
            max: 72,
            actual: 73
        })
    );
    let empty = config.hash_blocking("").unwrap();
    assert_eq!(verify_blocking("", &empty), Ok(true));
}

#[test]
fn a_low_bcrypt_cost_is_raised_outside_of_dev() {
    assert_eq!(
        HasherConfig::bcrypt(8, false),
        HasherConfig::Bcrypt { cost: 12 }
    );
    assert_eq!(
        HasherConfig::bcrypt(14, false),
        HasherConfig::Bcrypt { cost: 14 }
    );
    assert_eq!(
        HasherConfig::bcrypt(8, true),
        HasherConfig::Bcrypt { cost: 8 }
    );
}

fn small_argon2() -> HasherConfig {
    HasherConfig::Argon2id {
        memory_kib: 256,
        iterations: 1,
        parallelism: 2,
        salt_bytes: 16,
        key_bytes: 32,
    }
}

#[test]
fn argon2id_hashes_carry_their_parameters() {
    let hash = small_argon2().hash_blocking(PASSWORD).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=256,t=1,p=2$"), "{hash}");
    assert_eq!(verify_blocking(PASSWORD, &hash), Ok(true));
    assert_ne!(hash, small_argon2().hash_blocking(PASSWORD).unwrap());
    let impossible = HasherConfig::Argon2id {
        memory_kib: 1,
        iterations: 1,
        parallelism: 4,
        salt_bytes: 16,
        key_bytes: 32,
    };
    assert_eq!(
        impossible.hash_blocking(PASSWORD),
        Err(HashError::Misconfigured)
    );
    let endless = HasherConfig::Argon2id {
        memory_kib: 256,
        iterations: 1,
        parallelism: 1,
        salt_bytes: usize::MAX,
        key_bytes: 32,
    };
    assert_eq!(Hasher::new(endless.clone()).config(), &endless);
    assert_eq!(
        endless.hash_blocking(PASSWORD),
        Err(HashError::Misconfigured)
    );
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

#[tokio::test]
async fn a_hasher_hashes_and_verifies_off_the_runtime() {
    let hasher = Hasher::new(HasherConfig::bcrypt(4, true));
    let hash = hasher.hash(PASSWORD).await.unwrap();
    assert_eq!(hasher.verify(PASSWORD, &hash).await, Ok(true));
    assert_eq!(hasher.verify("correct hors", &hash).await, Ok(false));
    assert_eq!(
        hasher
            .verify(&"x".repeat(MAX_PASSWORD_BYTES + 1), &hash)
            .await,
        Ok(false)
    );
    assert_eq!(
        hasher.verify(PASSWORD, "plain text").await,
        Err(HashError::UnknownFormat)
    );
    let long = hasher.hash(&"x".repeat(100)).await;
    assert_eq!(
        long,
        Err(HashError::PasswordTooLong {
            max: 72,
            actual: 100
        })
    );
}

#[tokio::test]
async fn a_hash_that_the_operator_configured_is_not_too_costly() {
    let config = HasherConfig::Argon2id {
        memory_kib: 256,
        iterations: 11,
        parallelism: 17,
        salt_bytes: 16,
        key_bytes: 32,
    };
    let hasher = Hasher::new(config);
    let hash = hasher.hash(PASSWORD).await.unwrap();
    assert!(matches!(
        check_import(&hash),
        Err(HashError::TooCostly {
            parameter: "t",
            value: 11,
            max: 10
        })
    ));
    assert_eq!(hasher.verify(PASSWORD, &hash).await, Ok(true));
}

#[tokio::test]
async fn verifying_nothing_takes_as_long_as_verifying() {
    for config in [
        HasherConfig::bcrypt(10, true),
        HasherConfig::Argon2id {
            memory_kib: 65536,
            iterations: 2,
            parallelism: 1,
            salt_bytes: 16,
            key_bytes: 32,
        },
    ] {
        let hasher = Hasher::new(config);
        let hash = hasher.hash(PASSWORD).await.unwrap();
        let (mut real, mut nothing) = (Duration::MAX, Duration::MAX);
        for _ in 0..4 {
            let start = Instant::now();
            assert_eq!(hasher.verify("wrong", &hash).await, Ok(false));
            real = real.min(start.elapsed());
            let start = Instant::now();
            hasher.verify_nothing("wrong").await;
            nothing = nothing.min(start.elapsed());
        }
        assert!(
            nothing > real / 4 && real > nothing / 4,
            "{real:?} against {nothing:?}"
        );
    }
}

#[test]
fn nothing_is_not_matched_by_anything() {
    for config in [HasherConfig::bcrypt(4, true), small_argon2()] {
        for password in ["", PASSWORD] {
            assert_eq!(verify_blocking(password, &config.unmatchable()), Ok(false));
        }
    }
}

#[tokio::test]
async fn hashing_keeps_the_runtime_free() {
    let hasher = Hasher::new(HasherConfig::bcrypt(10, true));
    let work: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let hasher = hasher.clone();
                async move { hasher.hash(PASSWORD).await }
            })
        })
        .collect();
    let start = Instant::now();
    tokio::task::yield_now().await;
    assert!(start.elapsed() < Duration::from_millis(200));
    for hash in work {
        assert!(hash.await.unwrap().is_ok());
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
