//! The two string profiles: the order of their steps is that of RFC 8264 §7.

use unicode_normalization::{UnicodeNormalization, char::decompose_compatible};

use super::{Refusal, bidi, characters};

/// A profile of the PRECIS free-form class.
pub(super) struct Profile {
    /// Lower case, NFKC, the bidi rule, no empty text, and no character that displays as nothing.
    names: bool,
}

/// For names and mail addresses.
pub(super) const EMAIL: Profile = Profile { names: true };

/// For phone numbers: the numbering plan does the rest.
pub(super) const PHONE: Profile = Profile { names: false };

impl Profile {
    /// The text in this profile, or why it does not fit.
    pub(super) fn strict(&self, text: &str) -> Result<String, Refusal> {
        let text = text.trim();
        let mut folded: String = fold_width(text);
        if self.names {
            folded = folded.chars().flat_map(char::to_lowercase).nfkc().collect();
            if !text.is_ascii() && !bidi::follows_rule(&folded) {
                return Err(Refusal::Direction);
            }
        } else if !folded.is_ascii() {
            folded = folded.nfc().collect();
        }
        if !characters::fit(&folded) || folded.chars().any(|c| !self.allows_beyond_class(c)) {
            return Err(Refusal::Character);
        }
        if self.names && folded.is_empty() {
            return Err(Refusal::Empty);
        }
        Ok(folded)
    }

    /// The text in this profile; what does not fit is dropped.
    pub(super) fn graceful(&self, text: &str) -> String {
        if let Ok(fitting) = self.strict(text) {
            return fitting;
        }
        let kept: String = text
            .trim()
            .nfkc()
            .filter(|c| characters::in_class(*c) && self.allows_beyond_class(*c))
            .collect();
        kept.to_lowercase()
    }

    fn allows_beyond_class(&self, c: char) -> bool {
        !self.names || !characters::displays_as_nothing(c)
    }
}

/// Full-width and half-width forms become the usual ones (Unicode block U+FF00, and the ideographic space).
fn fold_width(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{3000}' | '\u{FF01}'..='\u{FFEE}' => decompose_compatible(c, |d| out.push(d)),
            _ => out.push(c),
        }
    }
    out
}
