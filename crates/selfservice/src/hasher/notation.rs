//! What the textual forms of hashes have in common: parts between dollar signs, numbers, base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use subtle::ConstantTimeEq;

/// The longest salt or derived key, in bytes: hashes in use have 16 to 64.
pub(super) const MAX_PART_BYTES: usize = 1024;

/// Standard alphabet, padding required, no stray bits.
const PADDED: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new());

/// Standard alphabet, padding forbidden, no stray bits.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Standard alphabet, padding required, stray bits ignored.
const LAX: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Decodes padded base64.
pub(super) fn padded(text: &str) -> Option<Vec<u8>> {
    PADDED.decode(text).ok()
}

/// Decodes unpadded base64.
pub(super) fn unpadded(text: &str) -> Option<Vec<u8>> {
    UNPADDED.decode(text).ok()
}

/// Decodes padded base64 whose last character may carry stray bits.
pub(super) fn lax(text: &str) -> Option<Vec<u8>> {
    LAX.decode(text).ok()
}

/// Encodes without padding.
pub(super) fn to_unpadded(bytes: &[u8]) -> String {
    UNPADDED.encode(bytes)
}

/// The parts between dollar signs, the empty one before the first included; `None` unless there are exactly `N`.
pub(super) fn parts<const N: usize>(encoded: &str) -> Option<[&str; N]> {
    let mut found = [""; N];
    let mut parts = encoded.split('$');
    for slot in &mut found {
        *slot = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

/// Reads numbers after the given names, which have to follow one another as they are written (`["m=", ",t="]`);
/// text after the last number is ignored.
pub(super) fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut rest = text;
    let mut values = [0; N];
    for (name, value) in names.iter().zip(&mut values) {
        rest = rest.strip_prefix(name)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        *value = digits.parse().ok()?;
        rest = after;
    }
    Some(values)
}

/// A derived key of a stored hash; `None` when it is longer than any hash in use.
pub(super) fn key(bytes: Vec<u8>) -> Option<Vec<u8>> {
    (bytes.len() <= MAX_PART_BYTES).then_some(bytes)
}

/// Compares in constant time. An empty stored key matches nothing: any password would derive it.
pub(super) fn same(stored: &[u8], derived: &[u8]) -> bool {
    !stored.is_empty() && stored.ct_eq(derived).into()
}
