//! Hashes that were imported into the reference, and what became of them (`spec/hashes.md` §6).

/// What the reference does with an imported hash.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    LogsIn,
    NeverMatches,
    IsRefused,
}
use Fate::{IsRefused, LogsIn, NeverMatches};

pub(super) const VECTORS: [(&str, Fate, &str); 55] = [
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
