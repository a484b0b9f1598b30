//! Messages that only this server has (ids 149… and 490…), far from those that the reference may still take.

use time::{Duration, OffsetDateTime};

use super::catalogue::messages;
use super::render::rfc3339;

messages! {
    /// Label of the checkbox `trust_browser` beside a second factor, where `bia.trusted_browser` is on.
    1490001 Info emitted trust_browser_label(days: i64) { "days": days } ["time": &days_in_words(days)]
        "Do not ask for this again in this browser for {time}";
    /// `ui.messages` of settings of somebody whose policy (`bia.mfa`) asks them to set up a second factor first.
    1490002 Info emitted enrolment_notice() {}
        "Your account needs a second factor before you can go on. Set one up here.";
    /// `bia.notices` of settings, and a note on the built-in page, of somebody with few backup codes left.
    1490003 Info emitted lookup_secrets_running_out(left: usize) { "left": left } ["left_in_words": &left_in_words(left)]
        "{left_in_words} Make new ones here, and keep them where you find them without this device.";
    /// `ui.messages` of a login by a user name whose account has several addresses for codes. Each has an `address`
    /// button with the label 1010023 and the address masked.
    1490011 Info emitted login_choose_address_notice() {}
        "Where should the code go? Choose an address.";
    /// `ui.messages` after a login code was sent to the one address that goes with a user name, or that was chosen.
    1490012 Info emitted login_code_sent_masked_notice(masked_address: &str) {
        "masked_address": masked_address,
    }
        "We have sent a code to {masked_address}. Enter it here to go on.";
    /// `ui.messages` after a login code was asked for where user names get codes and account enumeration is
    /// mitigated; the same for names that nobody has.
    1490013 Info emitted login_code_sent_if_known_notice() {}
        "If an account has this name or address, we have sent a code to where it can be \
         reached. If none arrives, check the spelling, or try another name or address.";
    /// `ui.messages` of a browser's flow where somebody was wrong too often before, so that nothing was tried. Scripts
    /// and apps get the error `too_many_attempts` instead.
    4900001 Error emitted too_many_attempts(
        retry_at: OffsetDateTime,
        wait: Duration,
    ) {
        "retry_after_seconds": whole_seconds(wait),
        "retry_at": rfc3339(retry_at),
        "retry_at_unix": retry_at.unix_timestamp(),
    } ["wait": &in_words(whole_seconds(wait))]
        "There were too many wrong attempts. Nothing was tried this time; please wait {wait}, then try again.";
}

fn days_in_words(days: i64) -> String {
    match days {
        ..=0 => "a few hours".to_owned(),
        1 => "one day".to_owned(),
        _ => format!("{days} days"),
    }
}

fn left_in_words(left: usize) -> String {
    match left {
        0 => "All your backup codes are used.".to_owned(),
        1 => "You have one backup code left.".to_owned(),
        _ => format!("You have {left} backup codes left."),
    }
}

/// At least one.
fn whole_seconds(wait: Duration) -> i64 {
    let begun = i64::from(wait.subsec_nanoseconds() > 0);
    wait.whole_seconds().saturating_add(begun).max(1)
}

fn in_words(seconds: i64) -> String {
    match seconds {
        1 => "one second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn backup_codes_are_counted_in_words_down_to_none() {
        for (left, words) in [
            (0, "are used."),
            (1, "one backup code left."),
            (3, "3 backup codes left."),
        ] {
            let message = lookup_secrets_running_out(left);
            assert!(message.text.contains(words), "{}", message.text);
            assert_eq!(message.context.unwrap()["left"], left);
        }
    }

    #[test]
    fn a_wait_is_told_in_words_and_never_too_short() {
        let at = datetime!(2026-11-26 05:00 UTC);
        let told = |wait| too_many_attempts(at, wait);
        for (wait, seconds, words) in [
            (Duration::ZERO, 1, "wait one second,"),
            (Duration::milliseconds(29_100), 30, "wait 30 seconds,"),
            (Duration::seconds(91), 91, "wait 2 minutes,"),
            (Duration::minutes(15), 900, "wait 15 minutes,"),
        ] {
            let message = told(wait);
            assert!(message.text.contains(words), "{}", message.text);
            assert_eq!(message.context.unwrap()["retry_after_seconds"], seconds);
        }
    }
}
