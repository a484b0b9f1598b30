//! International phone numbers.

use phonenumber::Mode;

/// Longer texts are no phone number.
const LONGEST: usize = 250;

/// The E.164 form (`+14155552671`) of the phone number in a text, if it is a valid number of a country that the
/// number itself names: without a `+` there is no telling which country is meant.
///
/// Text before the `+` (`tel:`, a label) and blanks and punctuation are passed over, as libphonenumber does.
pub fn e164(text: &str) -> Option<String> {
    let candidate = possible_number(text)?;
    let number = phonenumber::parse(None, candidate).ok()?;
    number
        .is_valid()
        .then(|| number.format().mode(Mode::E164).to_string())
}

/// Loads the numbering plans (about 0.2 s). Call once at start, so that no request waits for it.
pub fn warm_up() {
    let _ = e164("+14155552671");
}

/// From the first `+` or digit on, which has to be a `+`, up to what cannot be part of a number.
fn possible_number(text: &str) -> Option<&str> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.get(text.find(is_start)?..)?;
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '#');
    let text = text.get(..second_number(text).unwrap_or(text.len()))?;
    let text = text.split_once(";isub=").map_or(text, |(number, _)| number);
    (text.starts_with(['+', '\u{FF0B}']) && text.chars().all(is_part)).then_some(text)
}

fn is_start(c: char) -> bool {
    c == '+' || c == '\u{FF0B}' || is_digit(c)
}

/// `/x` and `\x` begin a second number.
fn second_number(text: &str) -> Option<usize> {
    text.char_indices()
        .filter(|(_, c)| *c == '/' || *c == '\\')
        .map(|(at, _)| at)
        .find(|at| {
            text.get(at + 1..)
                .is_some_and(|rest| rest.trim_start_matches(' ').starts_with('x'))
        })
}

/// Digits of the scripts that people write phone numbers in.
fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '\u{FF10}'..='\u{FF19}' | '\u{660}'..='\u{669}' | '\u{6F0}'..='\u{6F9}')
}

/// What may stand in a number: digits, vanity letters, the usual punctuation, the signs of an extension.
fn is_part(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c,
            '+' | '\u{FF0B}' | '-' | ' ' | '(' | ')' | '[' | ']' | '.' | '/' | '~' | '*' | '#' | ',' | ';' | '=' | ':'
            | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF0D}'..='\u{FF0F}' | '\u{A0}' | '\u{AD}' | '\u{200B}'
            | '\u{2060}' | '\u{3000}' | '\u{FF08}' | '\u{FF09}' | '\u{FF3B}' | '\u{FF3D}' | '\u{2053}' | '\u{223C}' | '\u{FF5E}')
}
