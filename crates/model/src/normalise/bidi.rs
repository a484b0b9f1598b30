//! The bidi rule of RFC 5893 §2, applied to a whole text.

use unicode_bidi::{BidiClass, bidi_class};

/// Where the text stands with respect to the rule.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Ltr,
    LtrEnd,
    Rtl,
    RtlEnd,
    Broken,
}

/// Whether a text keeps the rule. A left-to-right text with non-ASCII letters has to keep it too (begin with a
/// letter, end with a letter or digit); callers skip pure ASCII.
pub(super) fn follows_rule(text: &str) -> bool {
    let mut state = State::Start;
    let (mut rtl, mut european, mut arabic) = (false, false, false);
    for c in text.chars() {
        let class = bidi_class(c);
        rtl |= matches!(class, BidiClass::R | BidiClass::AL | BidiClass::AN);
        european |= class == BidiClass::EN;
        arabic |= class == BidiClass::AN;
        if european && arabic {
            return false;
        }
        state = step(state, class);
        if state == State::Broken && rtl {
            return false;
        }
    }
    matches!(state, State::Start | State::LtrEnd | State::RtlEnd)
}

fn step(state: State, class: BidiClass) -> State {
    use BidiClass::{AL, AN, BN, CS, EN, ES, ET, L, NSM, ON, R};
    match (state, class) {
        (State::Start, L) | (State::Ltr | State::LtrEnd, L | EN) | (State::LtrEnd, NSM) => {
            State::LtrEnd
        }
        (State::Start, R | AL)
        | (State::Rtl | State::RtlEnd, R | AL | EN | AN)
        | (State::RtlEnd, NSM) => State::RtlEnd,
        (State::Ltr | State::LtrEnd, ES | CS | ET | ON | BN | NSM) => State::Ltr,
        (State::Rtl | State::RtlEnd, ES | CS | ET | ON | BN | NSM) => State::Rtl,
        _ => State::Broken,
    }
}
