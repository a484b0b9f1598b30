//! Which addresses a message can be sent to (spec courier.md §2).

use lettre::Address;
use lettre::message::Mailbox;

/// The width of the recipient's column.
const MAX_BYTES: usize = 255;

/// What a local part may hold besides letters and digits (RFC 5322 §3.2.3 "atext", and dots).
const ATEXT: &str = "!#$%&'*+/=?^_`{|}~.-";

/// Reads a mail address: by RFC 5322, with or without a name, or by the looser rule below. The host is
/// turned into its ASCII form, so that servers without SMTPUTF8 take it. `None` for anything that could
/// not be written into an SMTP command or a header as it is.
pub(crate) fn mailbox(recipient: &str) -> Option<Mailbox> {
    if recipient.is_empty()
        || recipient.len() > MAX_BYTES
        || recipient.chars().any(char::is_control)
    {
        return None;
    }
    match recipient.parse::<Mailbox>() {
        Ok(mailbox) => Some(Mailbox::new(mailbox.name, ascii_host(mailbox.email))),
        Err(_) => loose(recipient).map(|address| Mailbox::new(None, address)),
    }
}

/// Whether a text is a mail address and nothing else, so that it can be written to.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    !text.contains('<') && mailbox(text).is_some()
}

/// Addresses that some carriers gave out against the RFC, such as `foo.@example.jp`: dots may stand
/// anywhere, all else is as strict.
fn loose(recipient: &str) -> Option<Address> {
    let (local, host) = recipient.split_once('@')?;
    let harmless = |c: char| c.is_alphanumeric() || ATEXT.contains(c);
    if local.is_empty() || host.is_empty() || !local.chars().all(harmless) {
        return None;
    }
    let host = idna::domain_to_ascii_strict(host).ok()?;
    Some(Address::new_dangerous(local, host))
}

fn ascii_host(address: Address) -> Address {
    if address.domain().is_ascii() {
        return address;
    }
    match idna::domain_to_ascii(address.domain()) {
        Ok(host) => Address::new(address.user(), host).unwrap_or(address),
        Err(_) => address,
    }
}

/// Whether a text message can be addressed to it. The number itself is the schema's affair.
pub(crate) fn is_phone(recipient: &str) -> bool {
    !recipient.is_empty()
        && recipient.len() <= MAX_BYTES
        && !recipient.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(recipient: &str, expected: Option<&str>) {
        assert_eq!(
            mailbox(recipient).map(|m| m.email.to_string()).as_deref(),
            expected,
            "{recipient}"
        );
    }

    #[test]
    fn addresses_that_people_have_are_taken() {
        check("user-1@example.org", Some("user-1@example.org"));
        check("Ada <user-1@example.org>", Some("user-1@example.org"));
        check("user+tag@sub.example.org", Some("user+tag@sub.example.org"));
        check("user@localhost", Some("user@localhost"));
        check("foo.@example.jp", Some("foo.@example.jp"));
        check("foo..bar@example.jp", Some("foo..bar@example.jp"));
        check("user@bücher.example", Some("user@xn--bcher-kva.example"));
        check("üser@example.org", Some("üser@example.org"));
    }

    #[test]
    fn nothing_that_could_end_a_command_or_a_header_is_taken() {
        for hostile in [
            "",
            "nobody",
            "@example.org",
            "user@",
            "a@b@c",
            "user@example.org\r\nBcc: all@example.org",
            "user>@example.org",
            "us er@exa mple.org",
            "user@example.org, other@example.org",
            "user\u{0}@example.org",
        ] {
            check(hostile, None);
        }
        check(&format!("{}@example.org", "a".repeat(260)), None);
    }
}
