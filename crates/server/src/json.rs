//! JSON bodies as the reference writes them: one document and a line feed, with `<`, `>` and `&` escaped,
//! so that no body can be read as HTML by a client that guesses (admin.md §1).

use serde::Serialize;

/// The body for a value. A value that cannot be written as JSON gives `null`; none of ours is such a value.
pub fn body(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
    if text.iter().any(needs_a_look) {
        text = escaped(&text);
    }
    text.push(b'\n');
    text
}

/// These characters stand only inside JSON strings, so that an escape can take their place wherever they are.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.iter().position(needs_a_look) {
        let (plain, odd) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (written, used): (&[u8], usize) = match odd {
            [b'<', ..] => (b"\\u003c", 1),
            [b'>', ..] => (b"\\u003e", 1),
            [b'&', ..] => (b"\\u0026", 1),
            // Line and paragraph separators, which old readers of scripts take for the end of a line.
            [0xe2, 0x80, 0xa8, ..] => (b"\\u2028", 3),
            [0xe2, 0x80, 0xa9, ..] => (b"\\u2029", 3),
            _ => (odd.get(..1).unwrap_or_default(), 1),
        };
        out.extend_from_slice(written);
        rest = odd.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

fn needs_a_look(byte: &u8) -> bool {
    matches!(byte, b'<' | b'>' | b'&' | 0xe2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_with_a_line_feed_and_holds_no_html() {
        let value = serde_json::json!({"a": "<b>&\u{2028}é€"});
        assert_eq!(
            String::from_utf8(body(&value)).unwrap(),
            "{\"a\":\"\\u003cb\\u003e\\u0026\\u2028é€\"}\n"
        );
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&body(&value)).unwrap(),
            value
        );
    }
}
