//! How much of what somebody sent an error repeats: enough to know it again, not all of a value of megabytes.

use std::borrow::Cow;

/// The most characters of one value.
const MOST: usize = 200;

/// A value, cut after 200 characters, with an ellipsis where something is missing.
pub fn shortened(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(MOST) {
        Some((end, _)) => {
            let (kept, _) = value.split_at(end);
            Cow::Owned(format!("{kept}…"))
        }
        None => Cow::Borrowed(value),
    }
}

/// A sentence of which every part in double quotes or backticks is cut as by [`shortened`]: there our own sentences and
/// those of JSON readers repeat values. A backslash within double quotes escapes, as Rust and JSON write them.
pub fn with_short_quotes(sentence: &str) -> Cow<'_, str> {
    if sentence.len() <= MOST {
        return Cow::Borrowed(sentence);
    }
    let mut out = String::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(['"', '`']) {
        // Both marks are of one byte.
        let (before, from_mark) = rest.split_at(at);
        let (mark, inside) = from_mark.split_at(1);
        out.push_str(before);
        let Some(end) = end_of_quote(inside, mark) else {
            rest = from_mark;
            break;
        };
        let (value, from_end) = inside.split_at(end);
        out.extend([mark, &shortened(value), mark]);
        rest = from_end.split_at(1).1;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the mark stands that ends a quotation.
fn end_of_quote(inside: &str, mark: &str) -> Option<usize> {
    if mark == "`" {
        return inside.find('`');
    }
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_characters_of_a_value_are_repeated() {
        let fits = "ü".repeat(200);
        assert_eq!(shortened(&fits), fits);
        assert_eq!(shortened(&format!("{fits}ü")), format!("{fits}…"));
    }

    #[test]
    fn only_what_is_quoted_is_cut() {
        let long = "a \\\" b".repeat(1000);
        let (cut, plain) = (shortened(&long), "word ".repeat(100));
        assert_eq!(
            with_short_quotes(&format!(
                "{plain}\"{long}\" is not `{long}`, it is \"short\"."
            )),
            format!("{plain}\"{cut}\" is not `{cut}`, it is \"short\".")
        );
        for untouched in [
            plain.as_str(),
            "\"",
            "It ends in \"the middle",
            &format!("{plain}\"{long}"),
        ] {
            assert_eq!(with_short_quotes(untouched), untouched);
        }
    }
}
