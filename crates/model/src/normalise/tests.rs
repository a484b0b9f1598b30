use proptest::prelude::*;

use super::*;

#[test]
fn an_identifier_has_the_spelling_that_the_reference_was_seen_to_store() {
    for (trait_value, stored) in [
        ("Foo+Bar@X.ORG", "foo+bar@x.org"),
        (" sp@x.org", "sp@x.org"),
        ("ÄÖ@x.org", "äö@x.org"),
        ("ｆoo@x.org", "foo@x.org"),
        ("foo@x", "foo@x"),
        ("\"a b\"@x.org", "\"a b\"@x.org"),
        ("İstanbul@x.org", "i\u{307}stanbul@x.org"),
        ("straße@x.org", "straße@x.org"),
        ("Ünï Ｃode", "ünï code"),
        ("a\u{200B}b", "ab"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("14155552671", "14155552671"),
        ("  ", ""),
        ("", ""),
    ] {
        assert_eq!(identifier(trait_value), stored, "{trait_value:?}");
    }
}

#[test]
fn a_strict_email_is_the_bare_address() {
    assert_eq!(strict_email("\"a b\"@x.org").as_deref(), Ok("a b@x.org"));
    assert_eq!(strict_email("Name <N@x.org>").as_deref(), Ok("n@x.org"));
    assert_eq!(strict_email(" Foo@X.org ").as_deref(), Ok("foo@x.org"));
    assert_eq!(strict_email("a\u{200B}b@x.org"), Err(Refusal::Character));
    assert_eq!(strict_email("nothing"), Err(Refusal::Mailbox));
    assert_eq!(strict_email("a@b, c@d"), Err(Refusal::Mailbox));
    assert_eq!(strict_email(" "), Err(Refusal::Empty));
    assert_eq!(strict_email("a\r\nBcc: x@y.org"), Err(Refusal::Character));
}

#[test]
fn a_strict_phone_number_needs_its_country() {
    for text in ["tel:+14155552671", "+1 415 555 2671", "＋１ (415) 555-2671"] {
        assert_eq!(
            strict_phone(text).as_deref(),
            Ok("+14155552671"),
            "{text:?}"
        );
    }
    assert_eq!(
        strict_phone("+49 176 671 11 638").as_deref(),
        Ok("+4917667111638")
    );
    assert_eq!(strict_phone("+39 06 6982").as_deref(), Ok("+39066982"));
    for (text, number) in [
        ("+44(0)20 7946 0958 ext. 12", "+442079460958"),
        ("+1 800 FLOWERS", "+18003569377"),
        ("+1 (415) 555-2671.", "+14155552671"),
    ] {
        assert_eq!(strict_phone(text).as_deref(), Ok(number), "{text:?}");
    }
    for text in [
        "+353698226001",
        "+9640174804240",
        "+14155552671!",
        "5 +14155552671",
        "+0 415 555 2671",
    ] {
        assert_eq!(strict_phone(text), Err(Refusal::Phone), "{text:?}");
    }
    for text in [
        "4155552671",
        "14155552671",
        "+49 1",
        "nobody",
        "",
        "+14155552671@x.org",
    ] {
        assert_eq!(strict_phone(text), Err(Refusal::Phone), "{text:?}");
    }
}

#[test]
fn what_displays_as_nothing_cannot_make_a_second_account() {
    for hidden in "\u{3164}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{34F}\u{2065}\u{FE0F}\u{180B}\u{E0100}\u{200B}\u{200C}\u{200D}\u{AD}\u{FEFF}\u{2060}\u{180E}".chars() {
        assert_eq!(identifier(&format!("ALIC{hidden}E")), "alice", "{hidden:?}");
        assert_eq!(identifier(&format!("alic{hidden}e@Example.com")), "alice@example.com", "{hidden:?}");
        assert_eq!(phone_or_text(&format!("+1 650-253{hidden}-0000")), "+16502530000", "{hidden:?}");
    }
    assert_eq!(
        identifier("\u{202A}alice@example.com\u{202C}"),
        "alice@example.com"
    );
}

#[test]
fn people_keep_their_own_scripts_and_symbols() {
    for name in [
        "דוד@example.com",
        "محمد",
        "alice.דוד@example.com",
        "aliceא",
        "alice🎉",
        "東京・太郎",
    ] {
        assert_eq!(identifier(name), name);
    }
    assert_eq!(identifier("ALICEא"), "aliceא");
    assert_eq!(identifier("oﬃce@example.com"), "office@example.com");
}

#[test]
fn mixed_directions_are_refused_by_the_strict_rules_only() {
    assert_eq!(
        strict_email("alice.דוד@example.com"),
        Err(Refusal::Direction)
    );
    assert_eq!(strict_email("1ü@x.org"), Err(Refusal::Direction));
    assert_eq!(identifier("1Ü@x.org"), "1ü@x.org");
}

#[test]
fn one_mailbox_is_read_and_nothing_more() {
    for (text, address) in [
        ("a@b", Some("a@b")),
        ("a.b@c.d (home)", Some("a.b@c.d")),
        ("\"Last, First\" <a@b.org>", Some("a@b.org")),
        ("<a@b.org>", Some("a@b.org")),
        ("a@[127.0.0.1]", Some("a@[127.0.0.1]")),
        ("a@[nowhere]", None),
        ("a..b@c", None),
        (".a@c", None),
        ("a@c.", None),
        ("a@", None),
        ("@a", None),
        ("a b@c", None),
        ("\"\"@c", None),
        ("\"a@c", None),
        ("a@b <c@d>", None),
        ("Group: a@b;", None),
        ("(((((((((((((a@b", None),
    ] {
        assert_eq!(bare_address(text).as_deref(), address, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_spelling_of_everyday_letters_is_final(text in "[ a-zA-Z0-9@.+_ÄÖÜäöüßéèñçøåşğıאבגабв東京ｆ\u{200B}\u{AD}-]{0,40}") {
        let once = identifier(&text);
        prop_assert_eq!(identifier(&once), once);
    }

    #[test]
    fn any_text_has_a_spelling_without_control_characters(text in "\\PC{0,60}|[\\x00-\\x7F]{0,40}") {
        let spelling = identifier(&text);
        prop_assert!(!spelling.chars().any(char::is_control));
    }

    #[test]
    fn a_strict_address_is_found_by_its_own_spelling(text in "[a-zA-Z0-9.+_-]{1,12}@[a-z0-9-]{1,8}\\.(org|example)") {
        if let Ok(address) = strict_email(&text) {
            prop_assert_eq!(identifier(&text), identifier(&address));
        }
    }

    #[test]
    fn a_number_in_e164_stays_as_it_is(text in "\\+[0-9 ()-]{6,18}") {
        if let Some(number) = e164(&text) {
            prop_assert_eq!(e164(&number), Some(number.clone()));
            prop_assert!(number[1..].bytes().all(|b| b.is_ascii_digit()));
        }
    }
}
