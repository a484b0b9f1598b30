//! International phone numbers.
//!
//! The steps are those of libphonenumber for a number without a default region. Of the crate `phonenumber` only the
//! numbering plans are used: its own parser takes numbers with digits too many for valid ones.

mod plan;
mod spelling;

/// Longer texts are no phone number, in bytes.
const LONGEST: usize = 250;

/// The E.164 form (`+14155552671`) of the phone number in a text, if it is a valid number of a country that the
/// number itself names: without a `+` there is no telling which country is meant.
///
/// A label before the `+` (`tel:`), blanks, punctuation and an extension are passed over; letters of vanity numbers
/// count as their digits.
pub fn e164(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    plan::valid_number(&spelling::digits(text)?)
}

/// Loads the numbering plans (about 0.2 s). Call once at start, so that no request waits for it.
pub fn warm_up() {
    let _ = e164("+14155552671");
}
