//! Addresses that are offered without being told: masked for people, and by a keyed hash for the form.

use bia_model::Flow;

use crate::cx::Cx;

/// Addresses that are offered, or written to at once, at most.
pub(super) const MAX_CHOICES: usize = 10;

/// An address so that its owner knows it and nobody else learns it. Short ones are as they are.
pub(super) fn mask(address: &str) -> String {
    let chars = |text: &str| text.chars().count();
    match address.split_once('@') {
        Some((local, domain)) if chars(local) >= 2 => {
            format!("{}****@{domain}", local.chars().take(2).collect::<String>())
        }
        None if chars(address) >= 6 => {
            let begin: String = address.chars().take(3).collect();
            let end: String = address.chars().skip(chars(address) - 2).collect();
            format!("{begin}****{end}")
        }
        _ => address.to_owned(),
    }
}

/// As [`mask`], for whoever has named no address of the account: short ones are not told either.
pub(super) fn veil(address: &str) -> String {
    let masked = mask(address);
    if masked != address {
        return masked;
    }
    match address.split_once('@') {
        Some((_, domain)) => format!("****@{domain}"),
        None => "****".to_owned(),
    }
}

/// What stands for an address in the form of a flow. Nobody can make or try it without the server's key, and it is of no
/// use in another flow.
pub(super) fn seal(cx: &Cx, flow: &Flow, address: &str) -> String {
    cx.runtime.keys.stored_code(&sealed_text(flow, address))
}

/// Whether `sent` is what [`seal`] made of the address for this flow; in constant time.
pub(super) fn is_seal_of(cx: &Cx, flow: &Flow, sent: &str, address: &str) -> bool {
    let text = sealed_text(flow, address);
    cx.runtime.keys.code_matches(sent, &text)
}

/// Codes and tokens are hashed under the same key: none of them begins like this.
fn sealed_text(flow: &Flow, address: &str) -> String {
    format!("bia.address\0{}\0{address}", flow.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_show_the_ends_of_an_address_and_short_ones_as_they_are() {
        for (address, masked) in [
            ("user-1@example.org", "us****@example.org"),
            ("a@example.org", "a@example.org"),
            ("+12025550101", "+12****01"),
            ("12345", "12345"),
            ("äöü@example.org", "äö****@example.org"),
        ] {
            assert_eq!(mask(address), masked);
        }
    }

    #[test]
    fn whoever_named_no_address_learns_no_short_one_either() {
        for (address, veiled) in [
            ("user-1@example.org", "us****@example.org"),
            ("a@example.org", "****@example.org"),
            ("+12025550101", "+12****01"),
            ("12345", "****"),
        ] {
            assert_eq!(veil(address), veiled);
        }
    }
}
