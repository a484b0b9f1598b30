use super::*;

/// The rows of a table: its first column, without heading and remarks.
fn first_column(table: &'static str) -> impl Iterator<Item = &'static str> {
    let names = table.lines().filter_map(|line| line.split('\t').next());
    names.filter(|name| {
        !name.is_empty() && !name.starts_with('#') && !matches!(*name, "id" | "path")
    })
}

#[test]
fn every_number_of_a_message_is_explained() {
    let tables = [
        include_str!("../../../model/src/text/messages.tsv"),
        include_str!("../../../model/src/text/own.tsv"),
    ];
    let mut count = 0;
    for number in tables.into_iter().flat_map(first_column) {
        let Ok(Explanation::Message { entry, .. }) = explain(number, None) else {
            panic!("{number} is not explained");
        };
        assert!(!entry.what.is_empty(), "{number}");
        count += 1;
    }
    assert_eq!(count, text::CATALOGUE.len());
}

#[test]
fn every_error_message_says_what_to_do() {
    for message in text::CATALOGUE {
        let quiet = message.kind != text::MessageType::Error || !message.emitted;
        let Some(Explanation::Message { entry, .. }) = super::message(message.slug) else {
            panic!("{} is not explained", message.slug);
        };
        let shape_says_it = matches!(message.id, 4_000_040);
        assert!(
            quiet || shape_says_it || !entry.mend.is_empty(),
            "{} {}",
            message.id,
            message.slug
        );
    }
}

#[test]
fn every_key_of_the_reference_is_explained_in_words() {
    let table = include_str!("../../../config/tests/fixtures/reference-keys.tsv");
    let mut count = 0;
    for path in first_column(table) {
        let path = path.replace("{userinfo,id_token}", "userinfo");
        assert!(
            key::words(&path).is_some(),
            "nothing is written about {path}"
        );
        let explained =
            explain(&path, Some(Kind::Key)).unwrap_or_else(|near| panic!("{path}: {near:?}"));
        assert!(explained.to_string().contains("Example:"), "{path}");
        count += 1;
    }
    assert_eq!(count, 1211);
}

#[test]
fn every_key_of_our_own_is_explained_in_words() {
    let table = include_str!("../../../config/src/key/bia.tsv");
    for path in first_column(table).filter(|path| !path.starts_with('@')) {
        assert!(explain(path, Some(Kind::Key)).is_ok(), "{path}");
    }
}

#[test]
fn nothing_is_written_about_keys_that_do_not_exist() {
    // Ours may be described before the part is there that they belong to.
    let exact = KEYS
        .iter()
        .flat_map(|entry| &entry.names)
        .filter(|name| !name.contains('*') && !name.starts_with("bia."));
    for name in exact {
        assert!(bia_config::describe(name).is_ok(), "{name}");
    }
}

/// The errors of the reference (`spec/errors.tsv`) and those that this server has no id for.
#[test]
fn every_error_is_explained_with_its_mend_and_an_example() {
    let ids = [
        "session_already_available",
        "session_aal1_required",
        "session_aal_already_fulfilled",
        "session_aal2_required",
        "session_inactive",
        "session_refresh_required",
        "session_verified_address_required",
        "security_identity_mismatch",
        "security_csrf_violation",
        "self_service_flow_expired",
        "self_service_flow_replaced",
        "self_service_flow_disabled",
        "self_service_flow_return_to_forbidden",
        "browser_location_change_required",
        "identity_disabled",
        "invalid_configuration",
        "oauth2_login_failed",
        "upstream_error",
    ];
    for id in ids.into_iter().chain(error_names()) {
        let Ok(Explanation::Error { entry, .. }) = explain(id, None) else {
            panic!("{id} is not explained");
        };
        assert!(!entry.what.is_empty() && !entry.mend.is_empty(), "{id}");
    }
    // Whatever id the server can answer with is among them.
    let source = include_str!("../error.rs");
    for id in source
        .split(".id(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(
            explain(id, Some(Kind::Error)).is_ok(),
            "{id} is not explained"
        );
    }
}

#[test]
fn what_is_pointed_to_can_be_asked_for() {
    let all = ERRORS.iter().chain(MESSAGES.iter()).chain(KEYS.iter());
    for name in all.flat_map(|entry| &entry.see) {
        assert!(explain(name, None).is_ok(), "{name}");
    }
}

#[test]
fn a_slip_leads_to_the_names_that_were_meant() {
    let near = explain("session_aal1_require", None).unwrap_err();
    assert_eq!(
        near.first().map(String::as_str),
        Some("session_aal1_required")
    );
    let near = explain("selfservice.methods.code.passwordles_enabled", None).unwrap_err();
    assert_eq!(
        near.first().map(String::as_str),
        Some("selfservice.methods.code.passwordless_enabled")
    );
    let near = explain("4010012", None).unwrap_err();
    assert!(
        near.contains(&"4010010".to_owned()) || near.contains(&"4010001".to_owned()),
        "{near:?}"
    );
    assert!(explain("utter nonsense", None).unwrap_err().is_empty());
}

#[test]
fn the_question_of_the_passwordless_code_is_answered() {
    let answer = explain("selfservice.methods.code.passwordless_enabled", None)
        .unwrap()
        .to_string();
    assert!(answer.contains("Default:  false"), "{answer}");
    assert!(answer.contains("nothing but a code"), "{answer}");
    assert!(
        answer.contains("      passwordless_enabled: true"),
        "{answer}"
    );
}
