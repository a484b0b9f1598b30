//! The digits of an international number, however it is written.

use std::sync::LazyLock;

use regex::Regex;

/// What may stand between digits: hyphens and dashes, blanks, brackets, dots, slashes, tildes, and `x` as a stand-in.
const PUNCTUATION: &str = r"\-x\x{2010}-\x{2015}\x{2212}\x{30FC}\x{FF0D}-\x{FF0F} \x{A0}\x{AD}\x{200B}\x{2060}\x{3000}()\x{FF08}\x{FF09}\x{FF3B}\x{FF3D}.\[\]/~\x{2053}\x{223C}\x{FF5E}";

/// A number that a person could have meant: `+`, at least three digits, then digits, letters and punctuation.
static VIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^[+\x{{FF0B}}]+(?:[{PUNCTUATION}*]*\p{{Nd}}){{3}}[{PUNCTUATION}*A-Za-z\p{{Nd}}]*$"
    ))
    .ok()
});

/// An extension at the end: `;ext=12`, `ext. 12`, `anexo 12`, `x12`, `#12`, `int 12`, ` - 12#`, `,,12`, `;12`.
static EXTENSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let labelled = r"[ \x{A0}\t,]*(?:e?xt(?:ensi(?:o\x{301}?|\x{F3}))?n?|доб|anexo)[:.\x{FF0E}]?[ \x{A0}\t,-]*\p{Nd}{1,20}#?";
    let short = r"[ \x{A0}\t,]*(?:[x\x{FF58}#\x{FF03}~\x{FF5E}]|int)[:.\x{FF0E}]?[ \x{A0}\t,-]*\p{Nd}{1,9}#?";
    let dialled = r"[ \x{A0}\t]*(?:,,|;)[:.\x{FF0E}]?[ \x{A0}\t,-]*\p{Nd}{1,15}#?|[ \x{A0}\t]*,+[:.\x{FF0E}]?[ \x{A0}\t,-]*\p{Nd}{1,9}#?";
    Regex::new(&format!(
        r"(?i)(?:;ext=\p{{Nd}}{{1,20}}|{labelled}|{short}|[- ]+\p{{Nd}}{{1,6}}#|{dialled})$"
    ))
    .ok()
});

/// The digits after the `+` of the number in a text, its country code first.
pub(super) fn digits(text: &str) -> Option<String> {
    let number = text.get(text.find(|c| c == '+' || c == '\u{FF0B}' || digit(c).is_some())?..)?;
    let number = number.get(..second_number(number).unwrap_or(number.len()))?;
    let number = number
        .split_once(";isub=")
        .map_or(number, |(number, _)| number);
    let number = without_extension(number)?;
    let letters = number.chars().filter(char::is_ascii_alphabetic).count();
    let own = |c: char| {
        if letters >= 3 {
            digit(c).or_else(|| keypad(c))
        } else {
            digit(c)
        }
    };
    Some(number.chars().filter_map(own).collect())
}

/// A number that makes sense as a whole or up to its extension.
fn without_extension(number: &str) -> Option<&str> {
    let viable = VIABLE.as_ref()?;
    if let Some(extension) = EXTENSION.as_ref()?.find(number) {
        let before = number.get(..extension.start())?;
        if viable.is_match(before) {
            return Some(before);
        }
    }
    viable.is_match(number).then_some(number)
}

/// `/x` and `\x` begin a second number.
fn second_number(text: &str) -> Option<usize> {
    let slashes = text
        .char_indices()
        .filter(|(_, c)| *c == '/' || *c == '\\')
        .map(|(at, _)| at);
    slashes.into_iter().find(|at| {
        text.get(at + 1..)
            .is_some_and(|rest| rest.trim_start_matches(' ').starts_with('x'))
    })
}

/// The ASCII digit for a digit of the scripts that phone numbers are written in.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        _ => return None,
    };
    char::from_digit(u32::from(c).checked_sub(u32::from(zero))?, 10)
}

/// The key that a letter is on (E.161).
fn keypad(c: char) -> Option<char> {
    Some(match c.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        _ => return None,
    })
}
