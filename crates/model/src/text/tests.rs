use std::collections::BTreeSet;

use serde_json::{Number, json};
use time::macros::datetime;

use super::*;

/// One row of the published table: id, slug, type, context keys.
fn published() -> Vec<(u32, String, String, Vec<String>)> {
    let tables = [include_str!("messages.tsv"), include_str!("own.tsv")];
    let rows = tables.into_iter().flat_map(|table| table.lines().skip(1));
    let mut rows: Vec<_> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('\t').collect();
            let keys = cells[3].split("; ").filter(|key| *key != "-");
            let keys = keys
                .map(|key| key.split(':').next().unwrap().to_owned())
                .collect();
            (
                cells[0].parse().unwrap(),
                cells[1].to_owned(),
                cells[2].to_owned(),
                keys,
            )
        })
        .collect();
    rows.sort();
    rows
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// One of each message that can be sent.
fn one_of_each() -> Vec<Message> {
    let at = datetime!(2026-11-25 18:00:00.5 UTC);
    let number = Number::from;
    let secrets = [
        settings_lookup_secret_item("abcd1234"),
        settings_lookup_secret_used_item(at),
    ];
    vec![
        login_submit_label(),
        login_with_provider_label("Acme Inc.", "acme"),
        login_refresh_notice(),
        login_second_factor_notice(),
        login_totp_code_label(),
        login_lookup_code_label(),
        login_webauthn_label(),
        login_totp_submit_label(),
        login_lookup_submit_label(),
        login_webauthn_prepare_notice(),
        login_continue_label(),
        login_code_sent_notice(),
        login_code_submit_label(),
        login_account_link_notice(
            "user-1@example.org",
            "Acme Inc.",
            "http://app.local/login",
            &[],
            &[],
        ),
        login_and_link_label(),
        login_with_provider_and_link_label("globex"),
        login_passkey_label(),
        login_password_submit_label(),
        login_code_to_address_label("user-1@example.org", "email"),
        login_code_sent_known_user_notice(),
        registration_submit_label(),
        registration_with_provider_label("Acme Inc.", "acme"),
        registration_continue_label(),
        registration_webauthn_label(),
        registration_code_sent_notice(),
        registration_code_submit_label(),
        registration_passkey_label(),
        registration_back_label(),
        registration_choose_credential_notice(),
        settings_saved(),
        settings_link_provider_label("globex"),
        settings_unlink_provider_label("globex"),
        settings_unlink_totp_label(),
        settings_totp_qr_label(),
        settings_totp_secret_text("JBSWY3DPEHPK3PXP"),
        settings_lookup_reveal_label(),
        settings_lookup_regenerate_label(),
        settings_lookup_secret_list(&secrets),
        settings_lookup_list_label(),
        settings_lookup_confirm_label(),
        settings_webauthn_add_label(),
        settings_webauthn_name_label(),
        settings_lookup_disable_label(),
        settings_totp_secret_label(),
        settings_webauthn_remove_label("Key", at),
        settings_passkey_add_label(),
        settings_passkey_remove_label("unnamed", at),
        settings_managed_by_organization_notice(),
        recovery_done(at),
        recovery_link_sent_notice(),
        recovery_code_sent_notice(),
        recovery_code_sent_masked_notice("us****@example.org"),
        recovery_ask_full_address_notice(),
        recovery_choose_address_notice(),
        recovery_back_label(),
        generic_label("us****@example.org"),
        password_input_label(),
        trait_label("E-Mail", "traits.email"),
        save_label(),
        identifier_label(),
        verify_code_label(),
        email_label(),
        resend_code_label(),
        continue_label(),
        recovery_code_label(),
        verification_code_label(),
        registration_code_label(),
        login_code_label(),
        recovery_address_label(),
        phone_label(),
        email_or_phone_label(),
        verification_link_sent_notice(),
        verification_email_done(),
        verification_email_code_sent_notice(),
        verification_phone_code_sent_notice(),
        verification_phone_done(),
        validation_generic("This does not fit."),
        validation_required("email"),
        validation_min_length(2, 1),
        validation_pattern("^[A-Z]{3}[0-9]+$"),
        password_policy_generic("It is not allowed here."),
        login_invalid_credentials(),
        duplicate_credentials(),
        totp_code_wrong(),
        identifier_missing(),
        address_not_verified(),
        no_totp_device(),
        lookup_already_used(),
        no_webauthn_device(),
        no_lookup_codes(),
        no_such_webauthn_user(),
        lookup_invalid(),
        validation_max_length(320, 332),
        validation_minimum(&number(18), &number(3)),
        validation_exclusive_minimum(&number(0), &number(0)),
        validation_maximum(&number(120), &number(121)),
        validation_exclusive_maximum(&number(120), &number(120)),
        validation_multiple_of(&number(5), &number(7)),
        validation_max_items(2, 3),
        validation_min_items(2, 1),
        validation_unique_items(0, 1),
        validation_wrong_type(&["string", "null"], "array"),
        duplicate_credentials_oidc_link(),
        duplicate_credentials_hints(&strings(&["password"]), &[], "user-1@example.org"),
        validation_const("true"),
        validation_const_generic(),
        password_too_similar(),
        password_min_length(8, 5),
        password_max_length(72, 73),
        password_breached(12),
        no_code_user(),
        traits_mismatch(),
        account_not_found(),
        password_same_as_old(),
        validation_email("not-an-address"),
        validation_phone("telephone"),
        webauthn_assertion_wrong(),
        login_flow_expired(at),
        login_no_strategy(),
        registration_no_strategy(),
        settings_no_strategy(),
        recovery_no_strategy(),
        verification_no_strategy(),
        login_code_invalid(),
        linked_credentials_mismatch(),
        login_address_unknown(),
        identity_disabled(),
        registration_flow_expired(at),
        registration_code_invalid(),
        settings_flow_expired(at),
        settings_too_many_address_changes(),
        recovery_already_completed(),
        recovery_bad_state(),
        recovery_token_invalid(),
        recovery_flow_expired(at),
        recovery_code_invalid(),
        verification_token_invalid(),
        verification_already_completed(),
        verification_bad_state(),
        verification_flow_expired(at),
        verification_code_invalid(),
        system_generic("The database is away."),
        trust_browser_label(30),
        enrolment_notice(),
        lookup_secrets_running_out(3),
        login_choose_address_notice(),
        login_code_sent_masked_notice("us****@example.org"),
        login_code_sent_if_known_notice(),
        too_many_attempts(at, time::Duration::minutes(2)),
    ]
    .into_iter()
    .chain(secrets)
    .collect()
}

#[test]
fn the_catalogue_is_the_published_table() {
    let mut ours: Vec<_> = CATALOGUE
        .iter()
        .map(|entry| {
            (
                entry.id,
                entry.slug.to_owned(),
                entry.kind.as_str().to_owned(),
                strings(entry.context_keys),
            )
        })
        .collect();
    ours.sort();
    assert_eq!(ours, published());
}

#[test]
fn every_constructor_yields_its_entry_and_every_emitted_entry_has_one() {
    let mut said = BTreeSet::new();
    for message in one_of_each() {
        let entry = entry(message.id).unwrap();
        assert_eq!(message.r#type, entry.kind, "{}", entry.slug);
        let keys: BTreeSet<&str> = message
            .context
            .iter()
            .flat_map(|context| context.keys().map(String::as_str))
            .collect();
        assert_eq!(
            keys,
            entry.context_keys.iter().copied().collect(),
            "{}",
            entry.slug
        );
        assert!(entry.emitted && !entry.english.is_empty(), "{}", entry.slug);
        said.insert(message.id);
    }
    let emitted: BTreeSet<u32> = CATALOGUE
        .iter()
        .filter(|e| e.emitted)
        .map(|e| e.id)
        .collect();
    assert_eq!(said, emitted);
}

#[test]
fn no_text_has_an_unfilled_placeholder() {
    for message in one_of_each()
        .into_iter()
        .filter(|message| message.id != 4_000_004)
    {
        assert!(!message.text.is_empty(), "{}", message.id);
        assert!(
            !message.text.contains(['{', '}']),
            "{}: {}",
            message.id,
            message.text
        );
    }
}

#[test]
fn two_texts_are_given_to_the_letter() {
    assert_eq!(
        login_no_strategy().text,
        "Could not find a strategy to log you in with. Did you fill out the form correctly?"
    );
    assert_eq!(
        no_code_user().text,
        "This account does not exist or has not setup sign in with code."
    );
}

#[test]
fn the_context_is_left_out_when_it_is_empty() {
    let plain = serde_json::to_string(&settings_saved()).unwrap();
    assert_eq!(
        plain,
        r#"{"id":1050001,"text":"Your changes are saved.","type":"success"}"#
    );
    let without = Message {
        context: Some(Map::new()),
        ..settings_saved()
    };
    assert_eq!(serde_json::to_string(&without).unwrap(), plain);
    let full = serde_json::to_string(&validation_min_length(6, 5)).unwrap();
    assert!(
        full.ends_with(r#""type":"error","context":{"actual_length":5,"min_length":6}}"#),
        "{full}"
    );
}

#[test]
fn a_message_survives_the_way_through_json() {
    for message in one_of_each() {
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
    }
}

#[test]
fn times_are_rfc_3339_in_utc_beside_unix_seconds() {
    let context = login_flow_expired(datetime!(2026-11-25 20:00:00.120 +2))
        .context
        .unwrap();
    assert_eq!(context["expired_at"], "2026-11-25T18:00:00.12Z");
    assert_eq!(context["expired_at_unix"], 1_795_629_600);
}

#[test]
fn a_used_backup_code_is_not_shown() {
    let at = datetime!(2026-11-25 18:00 UTC);
    let list = settings_lookup_secret_list(&[
        settings_lookup_secret_item("abcd1234"),
        settings_lookup_secret_used_item(at),
    ]);
    assert_eq!(list.text, "abcd1234, used");
    let context = list.context.unwrap();
    assert_eq!(context["secrets"][0]["id"], 1_050_009);
    assert_eq!(
        context["secrets"][1]["context"],
        json!({"used_at": "2026-11-25T18:00:00Z", "used_at_unix": at.unix_timestamp()})
    );
}

#[test]
fn a_known_account_names_its_ways_in() {
    let text = |types: &[&str], providers: &[&str]| {
        duplicate_credentials_hints(&strings(types), &strings(providers), "user-1@example.org").text
    };
    assert_eq!(
        text(&["code", "oidc", "password"], &["globex"]),
        "An account with user-1@example.org exists already. Sign in to it with a code that we send you, \
         with your password or with Globex, or use another identifier."
    );
    assert!(text(&[], &[]).contains("Sign in to it as you did before, or"));
}

#[test]
fn braces_in_a_value_are_not_placeholders() {
    assert_eq!(validation_generic("{reason} {x").text, "{reason} {x");
    assert_eq!(fill("a {nothing} b {", &Map::new(), &[]), "a {nothing} b {");
}
