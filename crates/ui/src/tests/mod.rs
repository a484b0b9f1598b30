//! Every page, rendered: samples here, flows of the reference in `recorded`.

mod recorded;
mod samples;

use bia_model::flow::FlowKind;
use bia_model::text;
use bia_model::ui::{self, Group, InputType, Ui};
use bia_model::{AuthenticationMethod, Device, MethodName, Session};
use time::macros::datetime;
use uuid::Uuid;

use crate::{
    ErrorDetails, Home, Links, Mail, PageContext, Theme, TrustForm, Trusted, error_page, flow_page,
    home_page, inbox_page, trusted_page,
};

fn links() -> Links {
    let to = |flow: &str| Some(format!("http://localhost:4433/self-service/{flow}/browser"));
    Links {
        home: Some("http://localhost:4433/ui/".into()),
        login: to("login"),
        registration: to("registration"),
        recovery: to("recovery"),
        verification: to("verification"),
        settings: to("settings"),
        ..Links::default()
    }
}

fn page(kind: FlowKind, ui: &Ui) -> String {
    let context = PageContext {
        theme: &Theme::default(),
        links: &links(),
        state: None,
        lang: "en",
    };
    flow_page(kind, ui, &context)
}

/// The part of a page between two marks.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page
        .find(start)
        .unwrap_or_else(|| panic!("no {start} in {page}"));
    let rest = &page[from..];
    &rest[..rest.find(end).unwrap() + end.len()]
}

/// The tag of the first field or button with a name (and value).
fn tag<'a>(page: &'a str, marks: &[&str]) -> &'a str {
    let tags = page.split('<').map(|rest| rest.split('>').next().unwrap());
    let mut found = tags.filter(|tag| marks.iter().all(|mark| tag.contains(mark)));
    found
        .next()
        .unwrap_or_else(|| panic!("no tag with {marks:?} in {page}"))
}

fn forms(page: &str) -> Vec<&str> {
    page.split("<form ")
        .skip(1)
        .map(|rest| rest.split("</form>").next().unwrap())
        .collect()
}

fn all_flows() -> Vec<(&'static str, FlowKind, Ui)> {
    vec![
        ("login", FlowKind::Login, samples::login()),
        (
            "login-aal2",
            FlowKind::Login,
            samples::login_second_factor(),
        ),
        (
            "registration",
            FlowKind::Registration,
            samples::registration(),
        ),
        (
            "registration-method",
            FlowKind::Registration,
            samples::registration_method(),
        ),
        (
            "registration-social",
            FlowKind::Registration,
            samples::registration_social(),
        ),
        ("settings", FlowKind::Settings, samples::settings()),
        ("recovery", FlowKind::Recovery, samples::recovery()),
        (
            "recovery-code",
            FlowKind::Recovery,
            samples::recovery_code(),
        ),
        (
            "verification-done",
            FlowKind::Verification,
            samples::verification_done(),
        ),
    ]
}

fn other_pages() -> Vec<(&'static str, String)> {
    let theme = Theme {
        name: "Acme <Cloud>".into(),
        ..Theme::default()
    };
    let stranger = links();
    let logout = Some("http://localhost:4433/self-service/logout?token=ory_lo_x".into());
    let member = Links {
        logout,
        inbox: Some("inbox".into()),
        ..links()
    };
    let nobody = home_page(
        None,
        &PageContext {
            theme: &theme,
            links: &stranger,
            state: None,
            lang: "en",
        },
    );
    let context = PageContext {
        theme: &theme,
        links: &member,
        state: None,
        lang: "en",
    };
    let session = session();
    let home = Home {
        name: "user-1@example.org",
        sessions: std::slice::from_ref(&session),
        current: Some(session.id),
    };
    let error = ErrorDetails {
        code: 403,
        id: Some("session_aal2_required".into()),
        reason: Some("A second factor is needed.".into()),
        request: Some("0a1b".into()),
        ..ErrorDetails::default()
    };
    let mail = Mail {
        recipient: "user-1@example.org".into(),
        subject: "Confirm your address".into(),
        body: "Hello,\n\nyour code is 123456. Or open http://localhost:4433/ui/verification?flow=1&code=123456\n".into(),
        status: "sent".into(),
        at: datetime!(2026-11-25 18:00 UTC),
    };
    let sms = Mail {
        subject: String::new(),
        body: "Your code: 654321".into(),
        recipient: "+12025550100".into(),
        ..mail.clone()
    };
    vec![
        ("home-nobody", nobody),
        ("home", home_page(Some(&home), &context)),
        ("error", error_page(&error, &context)),
        ("inbox", inbox_page(&[mail, sms], &context)),
        ("inbox-empty", inbox_page(&[], &context)),
        ("trusted", trusted_page(&[trusted()], TRUST, &context)),
        ("trusted-none", trusted_page(&[], TRUST, &context)),
    ]
}

const TRUST: TrustForm<'static> = TrustForm {
    action: "http://localhost:4433/ui/trusted-browsers",
    csrf_token: "c3Ryb25n",
};

fn trusted() -> Trusted {
    let at = datetime!(2026-11-25 18:00 UTC);
    Trusted {
        id: Uuid::from_u128(12),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36".into()),
        place: vec!["Berlin, DE".into(), String::new()],
        last_used_at: at,
        expires_at: at + time::Duration::days(30),
        current: true,
    }
}

#[test]
fn each_trusted_browser_has_a_button_and_several_have_one_for_all() {
    let theme = Theme::default();
    let links = links();
    let context = PageContext {
        theme: &theme,
        links: &links,
        state: None,
        lang: "en",
    };
    let one = trusted_page(&[trusted()], TRUST, &context);
    assert_eq!(one.matches(r#"name="browser""#).count(), 1);
    assert_eq!(
        one.matches(r#"name="csrf_token" value="c3Ryb25n""#).count(),
        1
    );
    assert!(
        one.contains("Berlin, DE<br>") && one.contains("this browser"),
        "{one}"
    );
    assert!(!one.contains(r#"name="all""#), "{one}");
    let two = trusted_page(&[trusted(), trusted()], TRUST, &context);
    assert!(two.contains(r#"name="all""#), "{two}");
}

fn session() -> Session {
    let at = datetime!(2026-11-25 18:00 UTC);
    Session {
        id: Uuid::from_u128(7),
        identity_id: Uuid::from_u128(8),
        active: true,
        issued_at: at,
        authenticated_at: at,
        expires_at: at + time::Duration::DAY,
        aal: bia_model::Aal::Aal1,
        authentication_methods: vec![AuthenticationMethod::new(
            MethodName::Password,
            bia_model::Aal::Aal1,
            at,
        )],
        devices: vec![Device {
            id: Uuid::from_u128(9),
            ip_address: Some("192.0.2.7".into()),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36".into()),
            location: Some("Berlin, DE".into()),
        }],
        logout_token: "ory_lo_x".into(),
        created_at: at,
    }
}

#[test]
fn no_page_has_anything_inline_or_a_field_without_a_label() {
    let flows = all_flows()
        .into_iter()
        .map(|(name, kind, ui)| (name, page(kind, &ui)));
    for (name, html) in flows.chain(other_pages()) {
        assert!(
            html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"),
            "{name}"
        );
        for inline in [" style=", "<style", " onclick", " onload=", "javascript:"] {
            assert!(!html.contains(inline), "{name} has {inline}");
        }
        for script in html.split("<script").skip(1) {
            assert!(
                script.starts_with(" src=") && script.contains("></script>"),
                "{name}: {script}"
            );
        }
        let ids: Vec<&str> = html
            .split(" id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{name} has an id twice: {ids:?}");
        for id in ids
            .iter()
            .filter(|id| id.starts_with("field-") && id.chars().filter(|c| *c == '-').count() == 1)
        {
            let is_image = html.contains(&format!("<img class=\"qr\" id=\"{id}\""));
            assert!(
                is_image || html.contains(&format!("<label for=\"{id}\"")),
                "{name}: {id} has no label"
            );
        }
    }
}

#[test]
fn the_methods_of_a_login_share_the_identifier_and_the_enter_key_means_password() {
    let html = page(FlowKind::Login, &samples::login());
    let forms = forms(&html);
    assert_eq!(
        forms.len(),
        2,
        "one for the methods, one for social sign-in"
    );
    let first = forms[0].split("<button ").nth(1).unwrap();
    assert!(
        first.contains(r#"type="submit" name="method" value="password" class="primary""#),
        "{first}"
    );
    assert!(!tag(forms[0], &["button ", r#"value="password""#]).contains("formnovalidate"));
    assert!(tag(forms[0], &["button ", r#"value="code""#]).contains("formnovalidate"));
    assert!(tag(forms[0], &["passkey_login_trigger"]).contains(r#"type="button""#));
    assert!(
        tag(forms[0], &["passkey_login_trigger"])
            .contains(r#"data-onclick-trigger="oryPasskeyLogin""#)
    );
    assert!(tag(forms[0], &["input ", r#"name="passkey_login""#]).contains("data-onload-trigger"));
    assert!(
        forms[1].contains(r#"name="provider" value="acme""#)
            && forms[1].contains(r#"name="csrf_token""#)
    );
    assert!(html.contains(r#"role="alert" data-testid="ui/message/4000006""#));
    assert!(html.contains("<title>Error: Sign in – Bia</title>"));
}

#[test]
fn the_box_that_trusts_a_browser_is_sent_with_each_second_factor() {
    let mut ui = samples::login_second_factor();
    let label = text::trust_browser_label(30);
    let tick = ui::input("trust_browser", InputType::Checkbox, Group::Default);
    ui.nodes.insert(0, tick.with_value(false).labelled(label));
    let html = page(FlowKind::Login, &ui);
    let forms = forms(&html);
    assert_eq!(forms.len(), 2, "{html}");
    for form in forms {
        let at = |what: &str| {
            form.find(what)
                .unwrap_or_else(|| panic!("{what} in {form}"))
        };
        let tick = at(r#"type="checkbox""#);
        // Below what is typed, above the button that sends both.
        assert!(
            at(r#"type="text""#) < tick && tick < at("<button"),
            "{form}"
        );
        assert!(
            form.contains(r#"name="trust_browser" value="true""#),
            "{form}"
        );
    }
}

#[test]
fn each_second_factor_has_a_form_of_its_own() {
    let html = page(FlowKind::Login, &samples::login_second_factor());
    let forms = forms(&html);
    assert_eq!(forms.len(), 2);
    for form in &forms {
        assert!(form.contains(r#"name="csrf_token" value="masked-token""#));
        assert!(!tag(form, &["button "]).contains("formnovalidate"));
    }
    assert!(
        tag(forms[0], &["totp_code"])
            .contains(r#"autocomplete="one-time-code" inputmode="numeric""#)
    );
}

#[test]
fn sending_a_code_again_needs_no_code_and_is_not_what_the_enter_key_does() {
    let html = page(FlowKind::Recovery, &samples::recovery_code());
    let form = forms(&html)[0];
    let buttons: Vec<&str> = form.split("<button ").skip(1).collect();
    assert!(
        buttons[0].contains(r#"name="method" value="code""#)
            && !buttons[0].contains("formnovalidate")
    );
    assert!(
        buttons[1].contains(r#"name="recovery_confirm_address""#)
            && buttons[1].contains("formnovalidate")
    );
    assert!(buttons[2].contains(r#"name="screen""#) && buttons[2].contains("formnovalidate"));
    assert!(tag(form, &[r#"name="code""#]).contains(r#"pattern="[0-9]+" maxlength="6""#));
    assert!(html.contains("<h1>Enter your code</h1>"));
}

#[test]
fn fields_say_what_they_need_and_what_was_wrong() {
    let html = page(FlowKind::Registration, &samples::registration());
    let email = tag(&html, &["input ", r#"name="traits.email""#]);
    for part in [
        r#"type="email""#,
        " required",
        r#"autocomplete="email""#,
        r#"value="user-1@example.org""#,
        r#"aria-invalid="true""#,
        " autofocus",
    ] {
        assert!(email.contains(part), "{part} in {email}");
    }
    let described = between(email, "aria-describedby=\"", "-m0\"")
        .trim_start_matches("aria-describedby=")
        .trim_matches('"');
    assert!(html.contains(&format!(
        r#"id="{described}" data-testid="ui/message/4000040""#
    )));
    assert!(!tag(&html, &[r#"type="password""#]).contains("new-password-value"));
    let news = tag(&html, &[r#"type="checkbox""#]);
    assert!(
        news.contains(" checked") && !news.contains(" required"),
        "answering no is an answer: {news}"
    );
    assert!(html.contains(r#"<input type="hidden" name="traits.news" value="false">"#));
    assert!(
        html.contains(r#"<option value="pro" selected>"#)
            && html.contains(r#"<option value="free">"#)
    );
    assert!(tag(&html, &["traits.age"]).contains(r#"step="any""#));
    assert!(
        tag(&html, &["traits.number"]).contains(r#"pattern=".*(?:[A-Z]{3}).*""#),
        "JSON Schema looks anywhere"
    );
    assert!(tag(&html, &["traits.born"]).contains(r#"type="text""#));
}

#[test]
fn what_is_wrong_with_a_field_that_cannot_be_seen_is_said_above() {
    let html = page(FlowKind::Registration, &samples::registration_method());
    assert!(html.contains(r#"data-testid="ui/message/4000002""#));
    for form in forms(&html) {
        assert!(
            form.contains(r#"name="traits.email" value="user-1@example.org""#),
            "every way carries the traits"
        );
    }
    let order: Vec<bool> = forms(&html)
        .iter()
        .map(|form| form.contains(r#"name="screen""#))
        .collect();
    assert_eq!(order.last(), Some(&true), "back comes last");
}

#[test]
fn social_sign_up_that_needs_a_trait_sends_it() {
    let html = page(FlowKind::Registration, &samples::registration_social());
    let forms = forms(&html);
    assert_eq!(forms.len(), 1);
    assert!(forms[0].contains("traits.email"));
    let button = tag(forms[0], &["button ", r#"name="provider""#]);
    assert!(
        button.contains("primary") && !button.contains("formnovalidate"),
        "{button}"
    );
}

#[test]
fn settings_have_a_card_for_each_group_and_the_enter_key_removes_nothing() {
    let html = page(FlowKind::Settings, &samples::settings());
    let cards: Vec<&str> = html
        .split("data-testid=\"ui/section/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(
        cards,
        [
            "profile",
            "password",
            "oidc",
            "lookup_secret",
            "webauthn",
            "totp"
        ]
    );
    for form in forms(&html) {
        assert!(form.contains(r#"name="csrf_token""#), "{form}");
        let removes =
            form.contains(r#"name="webauthn_remove""#) || form.contains(r#"name="unlink""#);
        assert!(!removes || !form.contains("<label"), "{form}");
    }
    assert!(html.contains(r#"<code class="secret" id="totp_secret_key" data-testid="node/text/totp_secret_key/text">JBSWY3DPEHPK3PXPJBSWY3DP</code>"#));
    assert!(
        html.contains(r#"src="data:image/png;base64,"#)
            && html.contains(r#"alt="QR code for your authenticator app""#)
    );
    assert!(
        html.contains("<code>abcd1234</code>")
            && html.contains(r#"<span class="used">used</span>"#)
    );
    assert!(html.contains(r#"role="status" data-testid="ui/message/1050001""#));
}

#[test]
fn somebody_who_was_recovered_sees_the_password_first() {
    let mut ui = samples::settings();
    let place = |html: &str, group: &str| html.find(&format!("ui/section/{group}")).unwrap();
    let html = page(FlowKind::Settings, &ui);
    assert!(place(&html, "profile") < place(&html, "password"));
    ui.messages = vec![text::recovery_done(datetime!(2026-11-25 18:00 UTC))];
    let html = page(FlowKind::Settings, &ui);
    assert!(place(&html, "password") < place(&html, "profile"));
}

#[test]
fn a_password_manager_learns_whose_password_it_is() {
    let mut ui = samples::registration_method();
    for node in &mut ui.nodes {
        if let ui::Attributes::Input(input) = &mut node.attributes
            && input.name == "traits.email"
        {
            input.autocomplete = Some("email".into());
        }
    }
    ui.messages.clear();
    let html = page(FlowKind::Registration, &ui);
    let known = r#"<input type="text" autocomplete="username" value="user-1@example.org" hidden>"#;
    assert!(html.contains(known), "{html}");
    assert!(html.contains("<h1>One more thing</h1>"), "{html}");
    let login = page(FlowKind::Login, &samples::login());
    assert!(!login.contains(r#"autocomplete="username" value="user-1@example.org" hidden"#));
}

#[test]
fn in_development_mode_the_code_is_a_click_away() {
    let links = Links {
        inbox: Some("/ui/inbox".into()),
        ..links()
    };
    let theme = Theme::default();
    let context = PageContext {
        theme: &theme,
        links: &links,
        state: None,
        lang: "en",
    };
    let html = flow_page(FlowKind::Recovery, &samples::recovery_code(), &context);
    assert!(html.contains(r#"data-testid="code-in-inbox""#), "{html}");
    assert!(!page(FlowKind::Recovery, &samples::recovery_code()).contains("code-in-inbox"));
}

#[test]
fn after_a_verification_there_is_only_the_way_on() {
    let html = page(FlowKind::Verification, &samples::verification_done());
    assert!(html.contains(r#"id="continue" href="http://localhost:4433/ui/""#));
    assert!(
        !html.contains("masked-token"),
        "a form sent by GET would show the token"
    );
}

/// Values that would break out of an attribute, a text or a link.
fn hostile() -> Ui {
    let evil = "\"><script>alert('x')</script>";
    let label = text::trait_label(evil, evil);
    let mut email = ui::input(&format!("traits.{evil}"), InputType::Text, Group::Default)
        .labelled(label.clone());
    email.messages.push(text::validation_generic(evil));
    let nodes = vec![
        ui::csrf_token(evil),
        email.with_value(evil).autocomplete(evil),
        ui::submit_as(evil, evil, Group::Password, label.clone()),
        ui::anchor(evil, "javascript:alert(1)", Group::Default, label.clone()),
        ui::image(evil, "data:text/html,<script>", (1, 1), Group::Default).labelled(label.clone()),
        ui::text(evil, label.clone(), Group::Default).labelled(label.clone()),
    ];
    let mut nodes = nodes;
    let script = serde_json::json!({"type": "script", "group": "default", "attributes": {"node_type": "script", "src": "data:text/javascript,alert(1)",
        "async": true, "referrerpolicy": evil, "crossorigin": evil, "integrity": evil, "type": evil, "id": evil, "nonce": evil}});
    let div = serde_json::json!({"type": "div", "group": "default", "attributes": {"node_type": "div", "id": evil, "class": evil,
        "data": {"good": evil, "bad onclick": "x"}}});
    let click = serde_json::json!({"type": "input", "group": "default", "attributes": {"node_type": "input", "name": "x", "type": "button",
        "disabled": false, "onclick": "alert(1)", "onclickTrigger": "eval"}});
    nodes.extend([script, div, click].map(|node| serde_json::from_value(node).unwrap()));
    Ui {
        action: "javascript:alert(1)".into(),
        method: evil.into(),
        nodes,
        messages: vec![text::validation_generic(evil)],
    }
}

#[test]
fn hostile_values_stay_texts() {
    let evil = "\"><script>alert('x')</script>";
    let theme = Theme {
        name: evil.into(),
        logo: Some("javascript:x".into()),
        ..Theme::default()
    };
    let url = Some("javascript:alert(1)".to_owned());
    let links = Links {
        home: url.clone(),
        login: url.clone(),
        registration: url.clone(),
        logout: url.clone(),
        inbox: url,
        ..Links::default()
    };
    let context = PageContext {
        theme: &theme,
        links: &links,
        state: None,
        lang: evil,
    };
    let mail = Mail {
        recipient: evil.into(),
        subject: evil.into(),
        body: format!("{evil} https://x/{evil}"),
        status: evil.into(),
        at: datetime!(2026-11-25 18:00 UTC),
    };
    let hostile_trust = Trusted {
        user_agent: Some(evil.into()),
        place: vec![evil.into()],
        ..trusted()
    };
    let hostile_form = TrustForm {
        action: "javascript:alert(1)",
        csrf_token: evil,
    };
    let error = ErrorDetails {
        id: Some(evil.into()),
        reason: Some(evil.into()),
        message: Some(evil.into()),
        hint: Some(evil.into()),
        request: Some(evil.into()),
        code: 400,
    };
    let mut session = session();
    session.devices[0].user_agent = Some(evil.into());
    let home = Home {
        name: evil,
        sessions: &[session],
        current: None,
    };
    let mut pages: Vec<String> = FlowKind::ALL
        .into_iter()
        .map(|kind| flow_page(kind, &hostile(), &context))
        .collect();
    pages.extend([
        home_page(Some(&home), &context),
        error_page(&error, &context),
        inbox_page(&[mail], &context),
        trusted_page(&[hostile_trust], hostile_form, &context),
    ]);
    for html in pages {
        for bad in [
            "<script>",
            "javascript:",
            "alert(1)",
            "\"\">",
            "data:text",
            "bad onclick",
            "eval",
        ] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
        assert!(html.contains("&#60;script&#62;"), "{html}");
    }
}

#[test]
fn a_reader_of_german_gets_german_words_around_the_flow() {
    let context = PageContext {
        theme: &Theme::default(),
        links: &links(),
        state: None,
        lang: "de-AT",
    };
    let html = flow_page(FlowKind::Login, &samples::login(), &context);
    assert!(html.contains(r#"<html lang="de">"#) && html.contains("<h1>Anmelden</h1>"));
}

#[test]
fn the_way_out_is_offered_to_who_is_signed_in() {
    let pages = other_pages();
    let home = &pages.iter().find(|(name, _)| *name == "home").unwrap().1;
    assert!(home.contains(
        r#"href="http://localhost:4433/self-service/logout?token=ory_lo_x" data-testid="logout""#
    ));
    assert!(
        home.contains("Chrome, Linux")
            && home.contains("this browser")
            && home.contains("Berlin, DE · 192.0.2.7")
    );
    let nobody = &pages[0].1;
    assert!(!nobody.contains("logout") && nobody.contains("You are not signed in."));
}

#[test]
fn an_error_of_the_api_is_read_with_or_without_its_envelope() {
    let json = serde_json::json!({"error": {"code": 403, "id": "x", "message": "No.", "reason": "Because.", "bia": {"hint": "Try this."}}});
    let outer = ErrorDetails::from_json(&json);
    assert_eq!(outer, ErrorDetails::from_json(&json["error"]));
    assert_eq!(
        (outer.code, outer.hint.as_deref()),
        (403, Some("Try this."))
    );
    assert_eq!(
        ErrorDetails::from_json(&serde_json::json!({"code": "x", "id": 1})),
        ErrorDetails::default()
    );
}

/// For the eye: `BIA_PAGES=/some/folder cargo test -p bia-ui -- --ignored`.
#[test]
#[ignore = "writes files to look at"]
fn write_the_pages() {
    let folder = std::path::PathBuf::from(std::env::var("BIA_PAGES").unwrap());
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["bia.css", "bia.js"] {
        std::fs::write(
            folder.join("assets").join(name),
            crate::asset(name).unwrap().0,
        )
        .unwrap();
    }
    let flows = all_flows()
        .into_iter()
        .map(|(name, kind, ui)| (name, page(kind, &ui)));
    for (name, html) in flows.chain(other_pages()) {
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}
