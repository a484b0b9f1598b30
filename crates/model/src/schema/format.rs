//! The formats of identity schemas (spec/identity.md §2). Formats that are not named here are the validator's.

use crate::normalise;

/// The longest mail address of the format `email`, in bytes, and its longest local part.
const EMAIL_BYTES: usize = 254;
const LOCAL_BYTES: usize = 64;

/// The longest mail address of the format `email_loose`, in bytes.
const LOOSE_BYTES: usize = 320;

/// The format `email`: one RFC 5322 mailbox whose text ends in `@` and an ASCII host name.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.len() <= EMAIL_BYTES
        && local.len() <= LOCAL_BYTES
        && is_host_name(domain)
        && normalise::bare_address(text).is_some()
}

/// The format `email_loose`: letters, digits and the punctuation of local parts in any order, one `@`, a host
/// name (international ones too). What could break out of a mail header never fits.
pub fn is_loose_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = !local.is_empty()
        && local
            .chars()
            .all(|c| c.is_alphabetic() || c.is_numeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    text.len() <= LOOSE_BYTES && local_fits && !domain.is_empty() && is_international_host(domain)
}

/// The format `tel`: a valid phone number with its country code.
pub(super) fn is_tel(text: &str) -> bool {
    normalise::e164(text).is_some()
}

/// The formats `uri` and `iri`: a scheme and something behind it, without blanks and control characters.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    scheme_fits && is_reference(rest)
}

/// The formats `uri-reference` and `iri-reference`.
pub(super) fn is_reference(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c == ' ') && percent_signs_are_escapes(text)
}

fn percent_signs_are_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after
            .as_bytes()
            .get(..2)
            .is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Labels of 1 to 63 ASCII letters, digits and inner hyphens, 253 together (RFC 1123 §2.1).
fn is_host_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && !text.starts_with('-') && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_international_host(domain: &str) -> bool {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
    let ascii = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Ignore,
    );
    ascii.is_ok_and(|ascii| !ascii.is_empty())
}
