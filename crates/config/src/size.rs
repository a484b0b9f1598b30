//! Sizes of memory: `128MB`, `1GB`.

use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads a whole number with one of the units B, KB, MB, GB, TB, PB, EB (each 1024 of the one before).
/// `None` for other texts and for sizes of 2^63 bytes or more. Text after the unit is ignored, as the
/// reference does (`128MBytes`).
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = text.split_at(end);
    let number: u64 = digits.parse().ok()?;
    const UNITS: [&str; 7] = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];
    let power = UNITS.iter().position(|unit| rest.starts_with(unit))?;
    let bytes = number.checked_mul(1024_u64.checked_pow(u32::try_from(power).ok()?)?)?;
    (bytes <= i64::MAX as u64).then_some(bytes)
}

/// For `#[serde(deserialize_with)]` on a number of bytes.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    parse(&String::deserialize(input)?).ok_or_else(|| D::Error::custom("not a size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(parse("128MB"), Some(128 * 1024 * 1024));
        assert_eq!(parse("1GB"), Some(1 << 30));
        assert_eq!(parse("7B"), Some(7));
        for wrong in [
            "",
            "MB",
            "12",
            "1.5GB",
            "1 GB",
            "8EB",
            "99999999999999999999B",
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
