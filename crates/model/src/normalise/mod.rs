//! How identifiers and addresses are brought to one spelling before they are compared or kept.
//!
//! Two profiles of RFC 8264 (one for names and mail addresses, one for phone numbers), each strict (refuse
//! what does not fit) or graceful (drop what does not fit). Which one applies where: `spec/identity.md` §3.
//! One pass is what is stored: some exotic letters (U+210B) change again in a second pass, and the
//! identifier columns of existing databases hold the result of one.

mod bidi;
mod characters;
mod mailbox;
mod phone;
mod profile;

pub use mailbox::bare_address;
pub use phone::{e164, warm_up};

use profile::{EMAIL, PHONE};

/// Why the strict rules refuse a text as an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// A character that is invisible, unassigned or reserved for control.
    #[error("it has a character that may not be part of an address")]
    Character,
    /// Left-to-right and right-to-left text mixed in a misleading way (RFC 5893).
    #[error("it mixes writing directions in a way that could mislead")]
    Direction,
    /// Not one mail address (RFC 5322).
    #[error("it is no e-mail address")]
    Mailbox,
    /// Not an international phone number.
    #[error("it is no valid phone number with a country code, such as +14155552671")]
    Phone,
}

/// The spelling under which an identifier (password, code, webauthn) or an address is kept and looked up.
///
/// Phone numbers with a country code become E.164; everything else is trimmed, width-folded, lower-cased and
/// brought to NFKC, without invisible characters. Never fails; a blank text gives an empty one.
pub fn identifier(text: &str) -> String {
    let name = graceful_name(text);
    if e164(&name).is_some() {
        return phone_or_text(&name);
    }
    graceful_name(&name)
}

/// The email profile, graceful: for mail addresses whose form was checked elsewhere.
pub fn graceful_name(text: &str) -> String {
    EMAIL.graceful(text)
}

/// The phone profile, graceful, and E.164 when the result is a valid international number.
pub fn phone_or_text(text: &str) -> String {
    let folded = PHONE.graceful(text);
    e164(&folded).unwrap_or(folded)
}

/// A mail address by the strict rules: the email profile, then the bare address of one RFC 5322 mailbox
/// (`Name <n@x.org>` gives `n@x.org`, `"a b"@x.org` gives `a b@x.org`).
pub fn strict_email(text: &str) -> Result<String, Refusal> {
    let profiled = EMAIL.strict(text)?;
    bare_address(&profiled).ok_or(Refusal::Mailbox)
}

/// A phone number by the strict rules: the phone profile, then a valid number with a country code, as E.164.
pub fn strict_phone(text: &str) -> Result<String, Refusal> {
    let profiled = PHONE.strict(text)?;
    e164(&profiled).ok_or(Refusal::Phone)
}

#[cfg(test)]
mod tests;
