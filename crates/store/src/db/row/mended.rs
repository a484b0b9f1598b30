//! JSON that Go reads and we do not: SQLite keeps what the reference was sent, letter for letter.

use std::str;

/// The greatest number there is, in the place of a greater one.
const GREATEST: &str = "1.7976931348623157e308";

/// The document with U+FFFD for each half of a character (`\ud800`) and the greatest number for each that is greater.
/// `None` when it has none of them, so that something else is wrong with it.
pub(super) fn mended(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '-' | '0'..='9' => number_length(rest),
            other => other.len_utf8(),
        };
        let (token, later) = rest.split_at(length);
        match first {
            '"' => push_string(token, &mut out),
            '-' | '0'..='9' => push_number(token, &mut out),
            _ => out.push_str(token),
        }
        rest = later;
    }
    (out != text).then_some(out)
}

/// The length of the string at the beginning, with its quotation marks.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn number_length(text: &str) -> usize {
    let in_number = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
    text.find(|c| !in_number(c)).unwrap_or(text.len())
}

fn push_number(token: &str, out: &mut String) {
    match token.parse::<f64>() {
        Ok(number) if number.is_infinite() => {
            out.push_str(if number < 0.0 { "-" } else { "" });
            out.push_str(GREATEST);
        }
        _ => out.push_str(token),
    }
}

fn push_string(token: &str, out: &mut String) {
    let mut rest = token;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let first = unit(escape);
        let second = escape.get(6..).and_then(unit);
        let length = match (first, second) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (Some(_), _) => 6,
            // The backslash, and what it escapes.
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (whole, later) = escape.split_at(length);
        out.push_str(whole);
        rest = later;
    }
    out.push_str(rest);
}

/// The number behind a `\u` at the beginning.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hexadecimal = digits.bytes().all(|b| b.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &str) -> Value {
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        serde_json::from_str(&mended(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn halves_of_characters_become_the_sign_for_what_is_none() {
        assert_eq!(
            read(r#"{"a\ud800": ["\udc00x", "\ud800\ud83d\ude00\\ud800", "ü\"\ud800\""]}"#),
            json!({"a\u{fffd}": ["\u{fffd}x", "\u{fffd}\u{1f600}\\ud800", "ü\"\u{fffd}\""]})
        );
    }

    #[test]
    fn numbers_that_are_too_great_become_the_greatest() {
        assert_eq!(
            read(r#"{"n": 1e400, "m": [-1E+999,2.5], "s": "1e400"}"#),
            json!({"n": f64::MAX, "m": [f64::MIN, 2.5], "s": "1e400"})
        );
    }

    #[test]
    fn what_is_wrong_otherwise_is_left_alone() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for text in [
            deep.as_str(),
            "",
            "{",
            "\"\\",
            "\"\\u12",
            "\"\\ud8",
            "-",
            "{\"a\":\"\\u00fc",
        ] {
            assert_eq!(mended(text.as_bytes()), None, "{text}");
        }
        assert_eq!(mended(b"\"\xff\""), None);
    }
}
