//! Which characters the PRECIS free-form class admits (RFC 8264 §4.3, §9), and the rules for those that are
//! admitted only beside others (RFC 5892 appendix A).

use unicode_normalization::is_nfkc;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether every character is admitted, in its place.
pub(super) fn fit(text: &str) -> bool {
    let mut before = None;
    let mut rest = text.chars().peekable();
    let (mut arabic_indic, mut extended_indic, mut katakana_dot, mut japanese) =
        (false, false, false, false);
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let fits = match c {
            '\u{B7}' => before == Some('l') && after == Some('l'),
            '\u{375}' => after.is_some_and(is_greek),
            '\u{5F3}' | '\u{5F4}' => before.is_some_and(is_hebrew),
            '\u{660}'..='\u{669}' => !extended_indic,
            '\u{6F0}'..='\u{6F9}' => !arabic_indic,
            _ => in_class(c),
        };
        if !fits {
            return false;
        }
        arabic_indic |= matches!(c, '\u{660}'..='\u{669}');
        extended_indic |= matches!(c, '\u{6F0}'..='\u{6F9}');
        katakana_dot |= c == '\u{30FB}';
        japanese |= is_japanese(c);
        before = Some(c);
    }
    !katakana_dot || japanese
}

/// Whether a character is admitted wherever it stands.
pub(super) fn in_class(c: char) -> bool {
    match c {
        '\u{21}'..='\u{7E}' => true,
        // Admitted only beside others, see `fit`; or refused by name (RFC 5892 §2.6).
        '\u{B7}'
        | '\u{375}'
        | '\u{5F3}'
        | '\u{5F4}'
        | '\u{660}'..='\u{669}'
        | '\u{6F0}'..='\u{6F9}' => false,
        '\u{640}' | '\u{7FA}' | '\u{302E}' | '\u{302F}' | '\u{3031}'..='\u{3035}' | '\u{303B}' => {
            false
        }
        _ if is_default_ignorable(c) || is_noncharacter(c) || is_old_hangul(c) => false,
        _ => by_category(c),
    }
}

fn by_category(c: char) -> bool {
    use GeneralCategory as G;
    match c.general_category() {
        G::Unassigned | G::Control => false,
        G::Format | G::PrivateUse | G::Surrogate | G::LineSeparator | G::ParagraphSeparator => {
            !is_nfkc(c.encode_utf8(&mut [0; 4]))
        }
        _ => true,
    }
}

/// Controls, invisible characters, private use and non-characters: what the name profile refuses on top of the
/// class, because a reader could not tell the text from the one without it.
pub(super) fn displays_as_nothing(c: char) -> bool {
    use GeneralCategory as G;
    is_default_ignorable(c)
        || is_noncharacter(c)
        || matches!(
            c.general_category(),
            G::Control | G::Format | G::PrivateUse | G::Surrogate
        )
}

/// Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties), unassigned ones included.
fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

/// Conjoining jamo (RFC 5892 §2.9).
fn is_old_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97C}' | '\u{D7B0}'..='\u{D7C6}' | '\u{D7CB}'..='\u{D7FB}')
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3E1}' | '\u{3F0}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFE}')
        && !matches!(c, '\u{374}' | '\u{37E}' | '\u{385}' | '\u{387}')
}

fn is_hebrew(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5F4}' | '\u{FB1D}'..='\u{FB4F}')
}

/// Hiragana, Katakana (without its middle dot) and Han.
fn is_japanese(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{3096}' | '\u{309D}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}' | '\u{30FD}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}'
        | '\u{2E80}'..='\u{2FD5}' | '\u{3005}' | '\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303A}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAD9}' | '\u{20000}'..='\u{323AF}')
}
