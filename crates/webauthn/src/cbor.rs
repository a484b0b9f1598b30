//! Reading CBOR (RFC 8949) that comes from strangers.

use coset::cbor::{Value, de};

use crate::Unreadable;

/// How deep items may nest. An attestation object needs four levels.
const MAX_DEPTH: usize = 8;

/// Reads one item; gives what stands after it, too.
pub(crate) fn first(bytes: &[u8]) -> Result<(Value, &[u8]), Unreadable> {
    let mut rest = bytes;
    let item = de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
        .map_err(|_| Unreadable("it contains something that is no CBOR"))?;
    Ok((item, rest))
}

/// Reads an item that nothing may stand after.
pub(crate) fn only(bytes: &[u8]) -> Result<Value, Unreadable> {
    match first(bytes)? {
        (item, []) => Ok(item),
        _ => Err(Unreadable("something stands after its CBOR")),
    }
}

/// The member of a map with a text as its key. `None` when there is none, or more than one.
pub(crate) fn member<'v>(map: &'v [(Value, Value)], name: &str) -> Option<&'v Value> {
    let mut found = map.iter().filter(|(key, _)| key.as_text() == Some(name));
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_item_is_given_back() {
        let (item, rest) = first(&[0xa1, 0x01, 0x02, 0xff, 0x00]).unwrap();
        assert_eq!(item.as_map().map(Vec::len), Some(1));
        assert_eq!(rest, [0xff, 0x00]);
        assert!(only(&[0x01, 0x02]).is_err());
    }

    #[test]
    fn nesting_and_lengths_that_lie_are_refused() {
        let deep = [vec![0x81; 1000], vec![0x00]].concat();
        assert!(first(&deep).is_err());
        for lie in [
            &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..],
            &[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            &[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            &[0x58],
            &[],
        ] {
            assert!(first(lie).is_err(), "{lie:02x?}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_not_there() {
        let twice = only(&[0xa2, 0x61, b'a', 0x01, 0x61, b'a', 0x02]).unwrap();
        assert_eq!(member(twice.as_map().unwrap(), "a"), None);
    }
}
