//! What hashing costs, how much of it there is at a time, and how long passwords may be.

use std::time::{Duration, Instant};

use super::super::*;
use super::{PASSWORD, small_argon2};

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

/// scrypt with more than a second of work.
const SLOW_HASH: &str = "$scrypt$ln=65536,r=8,p=6$c2FsdHNhbHRzYWx0c2FsdA==$mZWOBmpWuqVz8GOqzVHUVUvSgv1Ag1Qx+zfwq6Zvkgk=";

#[tokio::test]
async fn slow_hashes_do_not_hold_up_the_common_ones() {
    let hasher = Hasher::new(HasherConfig::bcrypt(4, true));
    let common = hasher.hash(PASSWORD).await.unwrap();
    let slow: Vec<_> = (0..64)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.verify(PASSWORD, SLOW_HASH).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(hasher.verify(PASSWORD, &common).await, Ok(true));
    assert!(slow.iter().all(|login| !login.is_finished()));
    for login in slow {
        login.abort();
    }
}

#[tokio::test]
async fn a_hash_that_fills_the_memory_keeps_others_of_its_kind_out_until_its_end() {
    use super::super::{cost::Cost, lanes::Lanes};

    let lanes = Lanes::new(8, Cost::bcrypt(12));
    let heavy = Cost::argon2(1 << 20, 1);
    let first = lanes.turn(heavy).await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(20), lanes.turn(heavy)).await;
    assert!(second.is_err(), "two of them at a time");
    assert!(lanes.turn(Cost::bcrypt(12)).await.is_ok());
    drop(first);
    assert!(lanes.turn(heavy).await.is_ok());
}

#[test]
fn what_a_hash_costs_is_told_by_its_parameters() {
    use super::super::{Limits, format};

    let seconds = |encoded: &str| {
        format::cost(PASSWORD.as_bytes(), encoded, &Limits::IMPORT)
            .time
            .as_secs_f32()
    };
    assert!(seconds(SLOW_HASH) > 1.2);
    assert!(seconds("$pbkdf2-sha256$i=10000000,l=32$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA") > 3.0);
    assert!(seconds("$sha512-crypt$rounds=9000000$salt$x") > 3.0);
    assert!(seconds(&HasherConfig::bcrypt(15, true).unmatchable()) > 1.5);
    assert!(seconds("$sha256-crypt$salt$x") < 0.1);
    assert!(seconds(&HasherConfig::bcrypt(12, true).unmatchable()) < 0.5);
    assert!(seconds("$md5$abc") < 0.1);
    assert!(seconds("plain text") < 0.1);
}
