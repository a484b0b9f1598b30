//! Which time step a code belongs to (RFC 6238, SHA-1, 6 digits, steps of 30 seconds).

use aws_lc_rs::hmac;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use time::OffsetDateTime;

use super::key::Key;

const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;

/// How many steps before and after now are taken too.
const SKEW: i64 = 1;

/// The time step that a code belongs to, among the one now and its neighbours. `None` when the code is wrong.
///
/// Whether the step was used before is for the caller to see.
pub(super) fn of_code(key: &Key, code: &str, now: OffsetDateTime) -> Option<i64> {
    let sent = number(code.trim())?;
    let current = now.unix_timestamp().div_euclid(STEP_SECONDS);
    let mut found = Choice::from(0);
    let mut step = 0;
    for candidate in current - SKEW..=current + SKEW {
        let right = code_at(key, candidate).ct_eq(&sent);
        step = i64::conditional_select(&step, &candidate, right);
        found |= right;
    }
    bool::from(found).then_some(step)
}

fn number(code: &str) -> Option<u32> {
    let well_formed = code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit());
    if well_formed { code.parse().ok() } else { None }
}

/// RFC 4226, section 5.3.
fn code_at(key: &Key, step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.bytes());
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let picked = tag
        .iter()
        .skip(offset)
        .take(4)
        .fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte));
    (picked & 0x7fff_ffff) % MODULUS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238, appendix B.
    fn key() -> Key {
        Key::of_url("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn the_codes_of_the_rfc_belong_to_their_steps() {
        // The last six digits of the RFC's eight.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                of_code(&key(), code, at(seconds)),
                Some(seconds / 30),
                "{code}"
            );
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_not_two() {
        for (shift, taken) in [
            (-60, false),
            (-30, true),
            (0, true),
            (30, true),
            (60, false),
        ] {
            let found = of_code(&key(), "005924", at(1_234_567_890 + shift));
            assert_eq!(found, taken.then_some(1_234_567_890 / 30), "{shift}");
        }
    }

    #[test]
    fn spaces_around_are_forgiven_and_nothing_else() {
        let now = at(1_234_567_890);
        assert!(of_code(&key(), " 005924\n", now).is_some());
        for code in [
            "", "5924", "05924", "0005924", "+05924", "00592４", "-00592", "abcdef",
        ] {
            assert_eq!(of_code(&key(), code, now), None, "{code}");
        }
    }
}
