//! Durations as Go writes them: `1h30m`, `500ms`, `1.5s`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

/// Why a text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not of the form number, unit, number, unit …
    #[error("it is not a sequence of numbers with a unit each, such as 1h30m or 500ms")]
    Syntax,
    /// Below zero; no setting can mean that.
    #[error("it is below zero")]
    Negative,
    /// Longer than Go can hold (about 292 years).
    #[error("it is longer than 292 years")]
    TooLong,
}

/// Go counts nanoseconds in an `i64`.
const MAX_NANOS: u128 = i64::MAX as u128;

/// Reads a duration in the syntax of Go's `time.ParseDuration`: one or more decimal numbers, each with a
/// unit (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`), or a bare `0`. Parts of a nanosecond are dropped.
///
/// # Errors
/// [`DurationError`] for any other text, for a minus sign, and for more than Go's 63 bits of nanoseconds.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    if let Some(rest) = text.strip_prefix('-') {
        return Err(if parse(rest).is_ok() {
            DurationError::Negative
        } else {
            DurationError::Syntax
        });
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(DurationError::Syntax);
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (part, after) = first_part(rest)?;
        nanos = nanos
            .checked_add(part)
            .filter(|sum| *sum <= MAX_NANOS)
            .ok_or(DurationError::TooLong)?;
        rest = after;
    }
    u64::try_from(nanos)
        .map(Duration::from_nanos)
        .map_err(|_| DurationError::TooLong)
}

/// The nanoseconds of the first number with its unit, and the text after it.
fn first_part(text: &str) -> Result<(u128, &str), DurationError> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => digits(after),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Syntax);
    }
    let (unit, rest) = unit(rest).ok_or(DurationError::Syntax)?;
    let whole: u128 = match whole {
        "" => 0,
        digits => digits.parse().map_err(|_| DurationError::TooLong)?,
    };
    let nanos = whole.checked_mul(unit).ok_or(DurationError::TooLong)?;
    Ok((nanos.saturating_add(part_of(fraction, unit)), rest))
}

/// `0.<fraction>` of `unit` nanoseconds, rounded down. Digits past the 18th weigh less than a nanosecond.
fn part_of(fraction: &str, unit: u128) -> u128 {
    let (mut value, mut scale) = (0_u128, 1_u128);
    for digit in fraction.bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    value * unit / scale
}

/// The leading ASCII digits, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The leading unit in nanoseconds, and what follows it.
fn unit(text: &str) -> Option<(u128, &str)> {
    const UNITS: [(&str, u128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("\u{b5}s", 1_000),
        ("\u{3bc}s", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    UNITS
        .iter()
        .find_map(|(name, nanos)| text.strip_prefix(name).map(|rest| (*nanos, rest)))
}

/// For `#[serde(deserialize_with)]` on a `Duration`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(input)?).map_err(D::Error::custom)
}

/// For `#[serde(deserialize_with)]` on an `Option<Duration>`.
pub(crate) fn deserialize_option<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<Duration>, D::Error> {
    Option::<String>::deserialize(input)?
        .map(|text| parse(&text).map_err(D::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<Duration, DurationError>) {
        assert_eq!(parse(text), expected, "{text:?}");
    }

    #[test]
    fn what_go_reads_is_read() {
        check("1h", Ok(Duration::from_secs(3600)));
        check("1h30m", Ok(Duration::from_secs(5400)));
        check("30m1h", Ok(Duration::from_secs(5400)));
        check("500ms", Ok(Duration::from_millis(500)));
        check("1.5s", Ok(Duration::from_millis(1500)));
        check(".5s", Ok(Duration::from_millis(500)));
        check("1.s", Ok(Duration::from_secs(1)));
        check("2\u{b5}s3us4ns", Ok(Duration::from_nanos(5004)));
        check("0", Ok(Duration::ZERO));
        check("+1s", Ok(Duration::from_secs(1)));
        check(
            "0.3333333333333333333h",
            Ok(Duration::from_nanos(1_200_000_000_000 - 1)),
        );
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "", "1", "h", ".s", "1h 30m", "1d", "1hour", " 1h", "--1h", "1e3s", "+", "\u{661}s",
        ] {
            check(text, Err(DurationError::Syntax));
        }
        check("-1s", Err(DurationError::Negative));
        check("9999999h", Err(DurationError::TooLong));
        check(
            "99999999999999999999999999999999999999999999s",
            Err(DurationError::TooLong),
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn hours_minutes_and_seconds_add_up(h in 0u64..2_000_000, m in 0u64..100_000, s in 0u64..100_000) {
            prop_assert_eq!(parse(&format!("{h}h{m}m{s}s")), Ok(Duration::from_secs(h * 3600 + m * 60 + s)));
        }

        #[test]
        fn nanoseconds_are_exact(n in 0u64..u64::MAX / 4) {
            prop_assert_eq!(parse(&format!("{n}ns")), Ok(Duration::from_nanos(n)));
        }
    }
}
