//! Every template, with ordinary and with hostile values.

use serde_json::json;

use super::*;

const IDENTITY_ID: &str = "7d0b9a43-52b1-4c3e-9a6c-1f2e3d4c5b6a";

fn code(to: &str, code: &str, request_url: &str) -> CodeMessage {
    CodeMessage {
        to: to.to_owned(),
        code: code.to_owned(),
        identity: json!({"id": IDENTITY_ID, "traits": {"email": to}}),
        request_url: request_url.to_owned(),
        transient_payload: Value::Null,
        expires_in_minutes: 60,
        oauth2_login_request: None,
    }
}

/// One of each, all with the same values.
fn all(to: &str, digits: &str, url: &str) -> Vec<Template> {
    let message = || code(to, digits, url);
    let unknown = || UnknownAddress {
        to: to.into(),
        request_url: url.into(),
        transient_payload: Value::Null,
    };
    let changed = || VerifiableAddressChanged {
        to: to.into(),
        identity: json!({"id": IDENTITY_ID}),
        changed_at: "2026-11-25T18:06:03.5Z".into(),
        transient_payload: Value::Null,
    };
    let added = || AuthenticatorKeyAdded {
        to: to.into(),
        identity: json!({"id": IDENTITY_ID}),
        added_at: "2026-11-25T18:06:03Z".into(),
        transient_payload: Value::Null,
    };
    let exists = || AccountExists {
        to: to.into(),
        login_url: url.into(),
        recovery_url: url.into(),
        request_url: url.into(),
        transient_payload: Value::Null,
    };
    let mut made = vec![
        Template::RecoveryValid(RecoveryValid {
            to: to.into(),
            recovery_url: url.into(),
            identity: json!({"id": IDENTITY_ID}),
            request_url: url.into(),
            transient_payload: Value::Null,
            expires_in_minutes: 60,
        }),
        Template::RecoveryInvalid(unknown()),
        Template::RecoveryCodeInvalid(unknown()),
        Template::VerificationValid(VerificationValid {
            to: to.into(),
            verification_url: url.into(),
            identity: json!({"id": IDENTITY_ID}),
            request_url: url.into(),
            transient_payload: Value::Null,
            expires_in_minutes: 60,
            oauth2_login_request: None,
        }),
        Template::VerificationInvalid(unknown()),
        Template::VerificationCodeInvalid(unknown()),
        Template::AuthenticatorKeyAdded(added()),
        Template::AuthenticatorKeyAddedSms(added()),
    ];
    for via in [Channel::Email, Channel::Sms] {
        made.push(Template::recovery_code(via, message()));
        made.push(Template::verification_code(via, message(), url.into()));
        made.push(Template::login_code(via, message()));
        made.push(Template::registration_code(via, message()));
        made.push(Template::verifiable_address_changed(via, changed()));
        made.push(Template::account_exists(via, exists()));
    }
    made
}

fn samples() -> Vec<Template> {
    all(
        "user-1@example.org",
        "123456",
        "https://id.example.org/self-service/verification?flow=0b5c1e2a&token=x1y2",
    )
}

/// The conformance kit's question: six digits with no word character at either side.
fn has_code(text: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
}

fn carries_code(template: &Template) -> bool {
    matches!(
        template.kind(),
        TemplateKind::RecoveryCodeValid
            | TemplateKind::VerificationCodeValid
            | TemplateKind::LoginCodeValid
            | TemplateKind::RegistrationCodeValid
    )
}

fn carries_link(template: &Template) -> bool {
    matches!(
        template,
        Template::RecoveryValid(_)
            | Template::VerificationValid(_)
            | Template::VerificationCodeValid(_)
            | Template::AccountExists(_)
    )
}

#[test]
fn every_type_has_a_mail_and_seven_have_a_text_message() {
    let kinds = |channel| {
        samples()
            .iter()
            .filter(|t| t.channel() == channel)
            .map(|t| t.kind().as_str())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(
        kinds(Channel::Email),
        TemplateKind::ALL
            .map(TemplateKind::as_str)
            .into_iter()
            .collect()
    );
    assert_eq!(kinds(Channel::Sms).len(), 7);
}

#[test]
fn codes_and_links_stand_where_people_and_the_kit_look_for_them() {
    for template in samples() {
        let (subject, text) = (template.subject().unwrap(), template.text().unwrap());
        assert_eq!(
            has_code(&text),
            carries_code(&template),
            "{template:?}: {text}"
        );
        assert_eq!(
            text.contains("http"),
            carries_link(&template),
            "{template:?}: {text}"
        );
        match template.channel() {
            Channel::Email => {
                assert_eq!(
                    has_code(&subject),
                    carries_code(&template),
                    "{template:?}: {subject}"
                );
                assert!(
                    !carries_code(&template) || text.lines().any(|line| line == "123456"),
                    "{text}"
                );
                let html = template.html().unwrap().unwrap();
                assert!(
                    html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"),
                    "{html}"
                );
                assert_eq!(
                    html.contains("letter-spacing:6px;color:#111827;\">123456<"),
                    carries_code(&template),
                    "{template:?}: {html}"
                );
                assert_eq!(html.contains("href=\"https://id.example.org/self-service/verification?flow=0b5c1e2a&#38;token=x1y2\""), carries_link(&template));
                assert!(
                    html.matches("<p").count() == html.matches("</p>").count(),
                    "{html}"
                );
            }
            Channel::Sms => {
                assert!(subject.is_empty() && template.html().unwrap().is_none());
                assert_eq!(
                    text.ends_with("\n\n@id.example.org #123456"),
                    carries_code(&template),
                    "{text}"
                );
                assert!(text.chars().count() <= 160, "one text message: {text}");
            }
        }
    }
}

#[test]
fn subjects_are_short_and_on_one_line() {
    for template in samples() {
        let subject = template.subject().unwrap();
        assert!(
            subject.len() <= 60 && !subject.contains(['\n', '\r']),
            "{subject}"
        );
        assert_eq!(subject.is_empty(), template.channel() == Channel::Sms);
    }
}

#[test]
fn hostile_values_do_not_become_markup_or_headers() {
    let hostile = "\"><script>alert(1)</script>\r\nBcc: all@example.org";
    for template in all(hostile, hostile, hostile) {
        assert!(!template.subject().unwrap().contains(['\r', '\n']));
        template.text().unwrap();
        if let Some(html) = template.html().unwrap() {
            assert!(!html.contains("<script"), "{template:?}: {html}");
        }
    }
}

#[test]
fn the_stored_data_reads_back_as_the_same_message() {
    for template in samples() {
        let data = template.data().unwrap();
        let again = Template::read(template.kind().as_str(), template.channel(), &data)
            .unwrap()
            .unwrap();
        // Null payloads come back as the empty object that was written.
        assert_eq!(again.data().unwrap(), data);
        assert_eq!(
            (again.kind(), again.channel()),
            (template.kind(), template.channel())
        );
        assert_eq!(again.html().unwrap(), template.html().unwrap());
        assert_eq!(again.recipient(), "user-1@example.org");
    }
    assert!(Template::read("stub", Channel::Email, &json!({})).is_none());
    assert!(Template::read("recovery_valid", Channel::Sms, &json!({"to": "+4930123"})).is_none());
    assert!(
        Template::read(
            "login_code_valid",
            Channel::Email,
            &json!({"to": "user-1@example.org"})
        )
        .unwrap()
        .is_err()
    );
}

#[test]
fn the_data_has_the_names_of_the_reference() {
    let names = |template: &Template| {
        let data = template.data().unwrap();
        let mut names: Vec<String> = data.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    let common = "expires_in_minutes identity";
    for template in samples() {
        let expected = match (template.kind(), template.channel()) {
            (TemplateKind::RecoveryValid, _) => {
                format!("{common} recovery_url request_url to transient_payload")
            }
            (
                TemplateKind::RecoveryInvalid
                | TemplateKind::RecoveryCodeInvalid
                | TemplateKind::VerificationInvalid
                | TemplateKind::VerificationCodeInvalid,
                _,
            ) => "request_url to transient_payload".into(),
            (TemplateKind::RecoveryCodeValid, Channel::Email) => {
                format!("{common} recovery_code request_url to transient_payload")
            }
            (
                TemplateKind::RecoveryCodeValid | TemplateKind::VerificationCodeValid,
                Channel::Sms,
            ) => {
                format!(
                    "{common} request_url request_url_domain to transient_payload verification_code"
                )
            }
            (TemplateKind::VerificationValid, _) => {
                format!("{common} request_url to transient_payload verification_url")
            }
            (TemplateKind::VerificationCodeValid, Channel::Email) => {
                format!(
                    "{common} request_url to transient_payload verification_code verification_url"
                )
            }
            (TemplateKind::LoginCodeValid, Channel::Email) => {
                format!("{common} login_code request_url to transient_payload")
            }
            (TemplateKind::LoginCodeValid, Channel::Sms) => {
                format!("{common} login_code request_url request_url_domain to transient_payload")
            }
            (TemplateKind::RegistrationCodeValid, Channel::Email) => {
                "expires_in_minutes registration_code request_url to traits transient_payload"
                    .into()
            }
            (TemplateKind::RegistrationCodeValid, Channel::Sms) => {
                format!(
                    "{common} registration_code request_url request_url_domain to transient_payload"
                )
            }
            (TemplateKind::VerifiableAddressChanged, _) => {
                "changed_at identity to transient_payload".into()
            }
            (TemplateKind::AuthenticatorKeyAdded, _) => {
                "added_at identity to transient_payload".into()
            }
            (TemplateKind::AccountExists, _) => {
                "login_url recovery_url request_url to transient_payload".into()
            }
        };
        assert_eq!(names(&template), expected, "{template:?}");
    }
    let payload = Template::login_code(Channel::Email, code("user-1@example.org", "123456", ""))
        .data()
        .unwrap();
    assert_eq!(payload["transient_payload"], json!({}));
}

#[test]
fn an_oauth2_client_is_named_only_where_there_is_one() {
    let client = OAuth2Client {
        client_id: "shop".into(),
        client_name: "Shop".into(),
        ..OAuth2Client::default()
    };
    let message = CodeMessage {
        oauth2_login_request: Some(OAuth2LoginRequest {
            challenge: "c-1".into(),
            client,
        }),
        ..code("user-1@example.org", "123456", "https://id.example.org/")
    };
    let data = Template::login_code(Channel::Email, message)
        .data()
        .unwrap();
    assert_eq!(
        data["oauth2_login_request"],
        json!({"challenge": "c-1", "client": {"client_id": "shop", "client_name": "Shop"}})
    );
}

#[test]
fn templates_name_an_oauth2_client_as_the_reference_does_and_json_as_the_wire() {
    let message = CodeMessage {
        oauth2_login_request: Some(OAuth2LoginRequest {
            challenge: "c-1".into(),
            client: OAuth2Client {
                client_id: "shop".into(),
                client_name: "Shop".into(),
                metadata: json!({"tier": "gold"}),
                ..OAuth2Client::default()
            },
        }),
        ..code("user-1@example.org", "123456", "https://id.example.org/")
    };
    let template = Template::login_code(Channel::Email, message);
    let data = super::variables::data(&template, &std::collections::BTreeMap::new()).unwrap();
    let source = crate::gotmpl::Source {
        name: "email.body.gotmpl".to_owned(),
        text: "{{ .OAuth2LoginRequest.Client.ClientName }}: {{ toJson .OAuth2LoginRequest }} {{ .OAuth2LoginRequest.Client }}"
            .to_owned(),
        partials: Vec::new(),
    };
    let names = super::variables::variables(template.kind(), Channel::Email);
    let made = source.parse(&names).and_then(|parsed| parsed.text(&data));
    assert_eq!(
        made.unwrap(),
        "Shop: {\"challenge\":\"c-1\",\"client\":{\"client_id\":\"shop\",\"client_name\":\"Shop\",\"metadata\":{\"tier\":\"gold\"}}} \
         {shop Shop   map[tier:gold]}"
    );
}

#[test]
fn a_text_message_without_a_known_origin_has_no_line_for_the_browser() {
    let template = Template::login_code(Channel::Sms, code("+49301230001", "123456", ""));
    assert_eq!(
        template.text().unwrap(),
        "123456 is your sign-in code. It works for 1 hour. Do not give it to anybody."
    );
    let local = Template::login_code(
        Channel::Sms,
        code(
            "+49301230001",
            "123456",
            "http://127.0.0.1:4433/self-service/login/api",
        ),
    );
    assert!(local.text().unwrap().ends_with("\n\n@127.0.0.1 #123456"));
}

#[test]
fn lifetimes_and_dates_are_said_in_words() {
    let with = |expires_in_minutes| {
        let message = CodeMessage {
            expires_in_minutes,
            ..code("user-1@example.org", "123456", "")
        };
        Template::recovery_code(Channel::Email, message)
            .text()
            .unwrap()
    };
    for (minutes, words) in [
        (0, "for less than a minute."),
        (1, "for 1 minute."),
        (15, "for 15 minutes."),
        (60, "for 1 hour."),
        (90, "for 90 minutes."),
        (1440, "for 24 hours."),
        (2880, "for 2 days."),
    ] {
        assert!(
            with(minutes).contains(words),
            "{minutes}: {}",
            with(minutes)
        );
    }
    let notice = samples()
        .into_iter()
        .find(|t| t.kind() == TemplateKind::VerifiableAddressChanged)
        .unwrap();
    assert!(
        notice
            .text()
            .unwrap()
            .contains("on 25 November 2026, 18:06 UTC.")
    );
}

#[test]
fn a_template_in_a_log_shows_nothing_of_its_values() {
    assert_eq!(
        format!(
            "{:?}",
            Template::login_code(Channel::Email, code("user-1@example.org", "123456", ""))
        ),
        "Template(login_code_valid by email)"
    );
}

#[test]
fn the_recovery_mail_reads_like_this() {
    let template = Template::recovery_code(
        Channel::Email,
        code("user-1@example.org", "123456", "https://id.example.org/"),
    );
    assert_eq!(template.subject().unwrap(), "123456 is your recovery code");
    assert_eq!(
        template.text().unwrap(),
        "Enter this code to get back into your account:\n\n123456\n\nThe code works once, for 1 hour.\n\n\
         Did you not ask for it? Then somebody typed your address, perhaps by mistake.\n\
         Do not give the code to anybody, and nothing will happen to your account."
    );
}
