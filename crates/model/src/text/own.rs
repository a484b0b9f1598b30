//! Messages that only this server has (ids 149…), far from those that the reference may still take.

use super::catalogue::messages;

messages! {
    /// Label of the checkbox `trust_browser` beside a second factor, where `bia.trusted_browser` is on.
    1490001 Info emitted trust_browser_label(days: i64) { "days": days } ["time": &days_in_words(days)]
        "Do not ask for this again in this browser for {time}";
    /// `ui.messages` of settings of somebody whose policy (`bia.mfa`) asks them to set up a second factor first.
    1490002 Info emitted enrolment_notice() {}
        "Your account needs a second factor before you can go on. Set one up here.";
}

fn days_in_words(days: i64) -> String {
    match days {
        ..=0 => "a few hours".to_owned(),
        1 => "one day".to_owned(),
        _ => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_trust_is_told_in_words() {
        for (days, words) in [
            (0, "for a few hours"),
            (1, "for one day"),
            (30, "for 30 days"),
        ] {
            let label = trust_browser_label(days);
            assert!(label.text.ends_with(words), "{}", label.text);
        }
    }
}
