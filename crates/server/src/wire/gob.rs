//! The part of Go's gob encoding that cookies need: one map from text to text, each key and value inside an
//! interface (`spec/storage.md` §7).
//!
//! The decoder takes entries in any order, skips values that are not text, and answers `None` to anything else it
//! does not know; it never panics and never allocates more than the input is long.

/// The message that introduces the type "map from interface to interface" under the id 64.
const MAP_TYPE: [u8; 14] = [
    0x0d, 0x7f, 0x04, 0x01, 0x02, 0xff, 0x80, 0x00, 0x01, 0x10, 0x01, 0x10, 0x00, 0x00,
];

/// Type id 64 as a gob integer.
const MAP_TYPE_ID: [u8; 2] = [0xff, 0x80];

/// Type id 6 (text) as a gob integer.
const TEXT_TYPE_ID: u8 = 0x0c;

const TEXT_TYPE_NAME: &str = "string";

/// Encodes `entries` in the given order.
pub(super) fn encode(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut value = Vec::new();
    value.extend_from_slice(&MAP_TYPE_ID);
    value.push(0);
    push_uint(&mut value, entries.len());
    for (key, text) in entries {
        push_text_interface(&mut value, key);
        push_text_interface(&mut value, text);
    }
    let mut out = MAP_TYPE.to_vec();
    push_uint(&mut out, value.len());
    out.extend_from_slice(&value);
    out
}

/// Decodes the first value of `bytes`, which has to be a map; entries that are not text to text are left out.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut input = Reader(bytes);
    loop {
        let length = input.length()?;
        let mut message = Reader(input.take(length)?);
        // A negative id introduces a type; which id the map got depends on what the writer encoded before.
        if message.int()? > 0 {
            return read_map(&mut message);
        }
    }
}

fn push_text_interface(out: &mut Vec<u8>, text: &str) {
    push_text(out, TEXT_TYPE_NAME);
    out.push(TEXT_TYPE_ID);
    let mut value = vec![0];
    push_text(&mut value, text);
    push_uint(out, value.len());
    out.extend_from_slice(&value);
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push_uint(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Below 128 one byte; else the negated number of bytes, then the number, big end first.
fn push_uint(out: &mut Vec<u8>, number: usize) {
    if number < 0x80 {
        out.push(number.to_le_bytes()[0]);
        return;
    }
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let significant = &bytes[zeros..];
    out.push(0_u8.wrapping_sub(significant.len().to_le_bytes()[0]));
    out.extend_from_slice(significant);
}

fn read_map(message: &mut Reader<'_>) -> Option<Vec<(String, String)>> {
    if message.uint()? != 0 {
        return None;
    }
    let count = message.length()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let key = message.interface()?;
        let value = message.interface()?;
        if let (Some(key), Some(value)) = (key, value) {
            entries.push((key.to_owned(), value.to_owned()));
        }
    }
    Some(entries)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn uint(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let width = usize::from(0_u8.wrapping_sub(first));
        if width > size_of::<u64>() {
            return None;
        }
        let bytes = self.take(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }

    /// A count or length: never more than the bytes that are left, since each item takes at least one.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.uint()?).ok()?;
        (length <= self.0.len()).then_some(length)
    }

    /// Signed numbers keep their sign in the lowest bit.
    fn int(&mut self) -> Option<i64> {
        let raw = self.uint()?;
        let magnitude = i64::try_from(raw >> 1).ok()?;
        Some(if raw & 1 == 1 { !magnitude } else { magnitude })
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// The text inside an interface; `Some(None)` for no value or a value of another type.
    fn interface(&mut self) -> Option<Option<&'a str>> {
        let name = self.text()?;
        if name.is_empty() {
            return Some(None);
        }
        let type_id = self.uint()?;
        let length = self.length()?;
        let mut value = Reader(self.take(length)?);
        if name != TEXT_TYPE_NAME || type_id != u64::from(TEXT_TYPE_ID) {
            return Some(None);
        }
        if value.uint()? != 0 {
            return None;
        }
        Some(Some(value.text()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};

    #[test]
    fn long_texts_take_wider_lengths() {
        let long = "x".repeat(70_000);
        let bytes = encode(&[("short", "y"), ("long", &long)]);
        let entries = decode(&bytes).unwrap();
        assert_eq!(entries[0], ("short".to_owned(), "y".to_owned()));
        assert_eq!(entries[1], ("long".to_owned(), long));
    }

    #[test]
    fn another_type_id_and_a_number_among_the_values_are_fine() {
        // The type gets the id 65; the entries are "n" -> the number 7 and "a" -> "b".
        let mut bytes = hex::decode("0eff81040102ff8200011001100000").unwrap();
        let number = "06737472696e670c0300016e03696e740402000e";
        let text = "06737472696e670c0300016106737472696e670c03000162";
        let value = hex::decode(format!("ff820002{number}{text}")).unwrap();
        bytes.push(value.len().to_le_bytes()[0]);
        bytes.extend_from_slice(&value);
        assert_eq!(decode(&bytes), Some(vec![("a".to_owned(), "b".to_owned())]));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(entries in prop::collection::vec((".{0,200}", ".{0,200}"), 0..8)) {
            let borrowed: Vec<(&str, &str)> = entries.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            prop_assert_eq!(decode(&encode(&borrowed)), Some(entries));
        }

        #[test]
        fn garbage_is_answered_not_trusted(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn damaged_encodings_are_answered(at in 0_usize..120, byte: u8) {
            let mut bytes = encode(&[("session_token", "ory_st_abc"), ("nonce", "abcdefgh")]);
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = decode(&bytes);
        }
    }
}
