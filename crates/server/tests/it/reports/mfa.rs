//! Second factors and the level of a session.
//!
//! | report | where it is proven |
//! |---|---|
//! | B31 | `aal/first_factor_by_ajax__whoami`; ending other sessions needs no second factor, as by the reference: `aal/what_aal1_may_do_all_the_same` |
//! | B33 | `aal/mailed_code_beside_totp_in_a_browser`, `code_login/second_factor_beside_totp`, `code_login/second_factor_by_hint`; with text messages: [`a_phone_and_an_app_are_both_offered`] |
//! | B34 | `aal/everyone_with_an_address_has_a_second_factor` for mail, `sms/second_factor`, [`a_phone_alone_is_a_second_factor`] |
//! | B35 | [`whoever_left_the_second_step_is_led_back_to_it`] |
//! | B36 | [`a_step_up_does_not_say_that_somebody_has_to_confirm_who_they_are`], `oauth2::the_second_factor_within_such_a_login_is_not_called_a_confirmation` |
//! | B38 | [`whoever_signed_up_by_a_code_is_asked_for_the_app_that_was_set_up`], `aal/mailed_code_then_totp` |
//! | B39 | `aal/recovery_with_totp_in_a_browser`, [`after_the_second_factor_a_recovery_goes_on_where_it_was`] |
//! | B41 | [`few_backup_codes_are_told_of_until_there_are_new_ones`], [`backup_codes_alone_are_a_second_factor_and_the_last_one_makes_new_ones`]; that used ones still count is the reference's: `lookup_secret/all_codes_used`, `lookup_secret/disable`, `aal/last_second_factor_removed` |
//! | B43 | `totp/imported_by_an_admin`, `lookup_secret/codes_imported_by_an_admin`, [`imported_second_factors_are_asked_for_at_once`] |
//! | B44 | `races::a_time_step_steps_up_one_session`, [`a_code_of_an_app_counts_once_and_a_later_one_again`] |
//! | B45 | [`setting_a_factor_up_proves_it_for_that_session_alone`] |
//! | B46 | `webauthn/sign_counter`, `passkey/sign_counter`, `webauthn/same_key_twice`, `passkey/same_passkey_twice`, `passkeys::a_copied_key_is_refused_where_that_is_wanted_and_one_without_counter_is_not` |
//! | B47 | `passkey/nothing_to_show_on_the_key`, [`keys_and_passkeys_stand_side_by_side`] |
//! | B48 | [`the_way_to_the_second_factor_and_back_uses_the_public_address`] |

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, parameter};
use crate::folk::{KEY, MAIL, OTHER, PASSWORD, authenticator, code_now, enrol, person, town};
use crate::world::BASE;

const ELSEWHERE: &str = "http://app.example.org/welcome";

fn highest() -> Value {
    json!({
        "session": {"whoami": {"required_aal": "highest_available"}},
        "selfservice": {"flows": {"settings": {"required_aal": "highest_available"}}},
    })
}

fn proof(code: String) -> Value {
    json!({"method": "totp", "totp_code": code})
}

#[tokio::test]
async fn whoever_left_the_second_step_is_led_back_to_it() {
    let world = town(highest()).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let query = format!("?return_to={ELSEWHERE}");
    let mut browser = Client::browser(&world);
    browser.sign_in(MAIL, PASSWORD).await;
    for (query, kept) in [("", None), (query.as_str(), Some(ELSEWHERE.to_owned()))] {
        let answer = browser
            .get(&format!("/self-service/login/browser{query}"))
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let to = answer.header("location").unwrap().to_owned();
        assert_eq!(parameter(&to, "aal").as_deref(), Some("aal2"), "{to}");
        assert_eq!(parameter(&to, "return_to"), kept, "{to}");
        let answer = browser.get(&to).await;
        let flow = browser.led_to("login", &answer).await;
        assert_eq!(flow["requested_aal"], "aal2");
    }
    let mut script = Client::script(&world);
    script.sign_in(MAIL, PASSWORD).await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    for (client, path) in [(&mut script, "browser"), (&mut app, "api")] {
        let path = format!("/self-service/login/{path}{query}");
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        let body = answer.json();
        assert_eq!(body["error"]["id"], "session_aal2_required");
        let to = body["redirect_browser_to"].as_str().unwrap();
        assert_eq!(parameter(to, "return_to").as_deref(), Some(ELSEWHERE));
    }

    // Whoever gave the second factor, or has none, is told as ever that they are signed in.
    let flow = script.begin("login", "?aal=aal2").await;
    script.submit(&flow, proof(code_now(&world, KEY))).await;
    let answer = script.get("/self-service/login/browser").await;
    assert_eq!(answer.json()["error"]["id"], "session_already_available");
}

#[tokio::test]
async fn a_step_up_does_not_say_that_somebody_has_to_confirm_who_they_are() {
    let world = town(highest()).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let mut script = Client::script(&world);
    let answer = script.sign_in(MAIL, PASSWORD).await;
    let to = answer.json()["redirect_browser_to"].clone();
    let flow = script.json(to.as_str().unwrap()).await;
    assert_eq!(flow["refresh"], false);
    assert_eq!(messages(&flow), [1_010_004]);
}

#[tokio::test]
async fn whoever_signed_up_by_a_code_is_asked_for_the_app_that_was_set_up() {
    let world = town(highest()).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let mut body = json!({"method": "code", "traits": {"email": MAIL}});
    app.submit(&flow, body.clone()).await;
    body["code"] = world.code(MAIL).await.into();
    let answer = app.submit(&flow, body).await.json();
    app.token = answer["session_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/sessions/whoami").await.status, StatusCode::OK);
    let key = enrol(&world, &mut app).await;

    let mut app = Client::app(&world);
    let flow = app.begin("login", "").await;
    let mut body = json!({"method": "code", "identifier": MAIL});
    app.submit(&flow, body.clone()).await;
    body["code"] = world.code(MAIL).await.into();
    let answer = app.submit(&flow, body).await.json();
    app.token = answer["session_token"].as_str().unwrap().to_owned();
    assert_eq!(answer["session"]["authenticator_assurance_level"], "aal1");
    let whoami = app.get("/sessions/whoami").await;
    assert_eq!(whoami.json()["error"]["id"], "session_aal2_required");

    let flow = app.begin("login", "?aal=aal2").await;
    let answer = app.submit(&flow, proof(code_now(&world, &key))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let whoami = app.json("/sessions/whoami").await;
    assert_eq!(whoami["authenticator_assurance_level"], "aal2");
}

#[tokio::test]
async fn after_the_second_factor_a_recovery_goes_on_where_it_was() {
    let world = town(highest()).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let mut browser = Client::browser(&world);
    let flow = browser.begin("recovery", "").await;
    let asked = json!({"method": "code", "email": MAIL});
    browser.submit(&flow, asked).await;
    let flow = browser.flow("recovery", flow["id"].as_str().unwrap()).await;
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = browser.submit(&flow, body).await;
    let settings = crate::client::flow_in(answer.header("location").unwrap()).unwrap();

    let path = format!("/self-service/settings/flows?id={settings}");
    let refused = browser.refused(&path).await;
    let to = refused["redirect_browser_to"].as_str().unwrap().to_owned();
    let page = browser.get(&to).await;
    let flow = browser.led_to("login", &page).await;
    let answer = browser.submit(&flow, proof(code_now(&world, KEY))).await;
    let to = answer.header("location").unwrap().to_owned();
    assert_eq!(
        parameter(&to, "flow").as_deref(),
        Some(settings.as_str()),
        "{to}"
    );
    let flow = browser.flow("settings", &settings).await;
    assert_eq!(messages(&flow), [1_060_001]);
    let body = json!({"method": "password", "password": OTHER});
    browser.submit(&flow, body).await;
    let answer = Client::app(&world).sign_in(MAIL, OTHER).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn imported_second_factors_are_asked_for_at_once() {
    let world = town(highest()).await;
    let codes = json!({"lookup_secret": {"config": {"codes": [{"code": "abcd1234"}]}}});
    let by_code = json!({"method": "lookup_secret", "lookup_secret": "abcd1234"});
    let by_app = proof(code_now(&world, KEY));
    for (at, (factor, proof)) in [(codes, by_code), (authenticator(), by_app)]
        .into_iter()
        .enumerate()
    {
        let email = format!("user-{at}@example.org");
        world.create(&person(json!({"email": email}), factor)).await;
        let mut app = Client::app(&world);
        app.sign_in(&email, PASSWORD).await;
        let whoami = app.get("/sessions/whoami").await;
        assert_eq!(whoami.json()["error"]["id"], "session_aal2_required");
        let flow = app.begin("login", "?aal=aal2").await;
        let answer = app.submit(&flow, proof).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(app.get("/sessions/whoami").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_code_of_an_app_counts_once_and_a_later_one_again() {
    let world = town(highest()).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let code = code_now(&world, KEY);
    for (code, taken) in [(code.clone(), true), (code, false)] {
        let mut app = Client::app(&world);
        app.sign_in(MAIL, PASSWORD).await;
        let flow = app.begin("login", "?aal=aal2").await;
        let answer = app.submit(&flow, proof(code)).await;
        assert_eq!(answer.status == StatusCode::OK, taken, "{}", answer.body);
        if !taken {
            assert_eq!(messages(&answer.json()), [4_000_008]);
        }
    }
    // The next step's code, shown by a clock that is a little fast, and one that is a little slow.
    for drift in [30, 120, -30] {
        let mut app = Client::app(&world);
        world.app.clock.advance(time::Duration::minutes(2));
        app.sign_in(MAIL, PASSWORD).await;
        let flow = app.begin("login", "?aal=aal2").await;
        world.app.clock.advance(time::Duration::seconds(drift));
        let shown = code_now(&world, KEY);
        world.app.clock.advance(time::Duration::seconds(-drift));
        let answer = app.submit(&flow, proof(shown)).await;
        let near = drift.abs() <= 30;
        assert_eq!(answer.status == StatusCode::OK, near, "{drift}");
    }
}

#[tokio::test]
async fn setting_a_factor_up_proves_it_for_that_session_alone() {
    let world = town(highest()).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let (mut one, mut other) = (Client::app(&world), Client::app(&world));
    one.sign_in(MAIL, PASSWORD).await;
    other.sign_in(MAIL, PASSWORD).await;
    let before = one.json("/sessions/whoami").await;
    world.app.clock.advance(time::Duration::minutes(10));
    enrol(&world, &mut one).await;

    let after = one.json("/sessions/whoami").await;
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["authenticator_assurance_level"], "aal2");
    let methods = after["authentication_methods"].as_array().unwrap();
    assert_eq!(methods.len(), 2);
    assert_eq!(methods[1]["method"], "totp");
    assert_eq!(methods[1]["aal"], "aal2");
    let at = |session: &Value| session["authenticated_at"].as_str().unwrap().to_owned();
    assert!(at(&after) > at(&before));
    assert_eq!(after["expires_at"], before["expires_at"]);

    let refused = other.get("/sessions/whoami").await;
    assert_eq!(refused.json()["error"]["id"], "session_aal2_required");
}

#[tokio::test]
async fn the_way_to_the_second_factor_and_back_uses_the_public_address() {
    let world = town(highest()).await;
    world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let mut browser = Client::browser(&world);
    browser.sign_in(MAIL, PASSWORD).await;
    browser.host = Some("bia.cluster.internal:4433");
    let query = format!("?return_to={ELSEWHERE}");
    let answer = browser
        .get(&format!("/self-service/settings/browser{query}"))
        .await;
    let to = answer.header("location").unwrap().to_owned();
    assert!(to.starts_with(&format!("{BASE}/")), "{to}");
    let back = parameter(&to, "return_to").unwrap();
    assert!(back.starts_with(&format!("{BASE}/")), "{back}");
    assert_eq!(parameter(&back, "return_to").as_deref(), Some(ELSEWHERE));

    let page = browser.get(&to).await;
    let flow = browser.led_to("login", &page).await;
    let answer = browser.submit(&flow, proof(code_now(&world, KEY))).await;
    assert_eq!(answer.header("location"), Some(back.as_str()));

    // The form of somebody who has set a second factor up elsewhere meanwhile comes back there as well.
    let mut script = Client::script(&world);
    world
        .create(&person(json!({"email": "user-2@example.org"}), json!({})))
        .await;
    script.sign_in("user-2@example.org", PASSWORD).await;
    let flow = script.begin("settings", "").await;
    let mut elsewhere = Client::app(&world);
    elsewhere.sign_in("user-2@example.org", PASSWORD).await;
    enrol(&world, &mut elsewhere).await;
    script.host = Some("bia.cluster.internal:4433");
    let change = json!({"method": "profile", "traits": {"name": "x"}});
    let answer = script.submit(&flow, change).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    let to = answer.json()["redirect_browser_to"].clone();
    let back = parameter(to.as_str().unwrap(), "return_to").unwrap();
    assert!(back.starts_with(&format!("{BASE}/")), "{back}");
}

/// A schema where a phone number gets codes, and the settings for sending them.
fn phones() -> Value {
    let email = json!({"credentials": {"password": {"identifier": true}}});
    let phone = json!({
        "credentials": {"code": {"identifier": true, "via": "sms"}},
        "verification": {"via": "sms"},
    });
    let schema = json!({
        "$id": "https://example.org/phone.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {
            "email": {"type": "string", "ory.sh/kratos": email},
            "phone": {"type": "string", "format": "tel", "ory.sh/kratos": phone},
        }}},
    });
    let channel = json!({
        "id": "sms",
        "type": "http",
        "request_config": {"url": "http://127.0.0.1:9/sms", "method": "POST", "body": "base64://ZnVuY3Rpb24oY3R4KSBjdHg="},
    });
    let mut settings = highest();
    crate::world::merge(
        &mut settings,
        json!({
            "identity": {"schemas": [{"id": "default", "url": crate::world::as_url(&schema)}]},
            "courier": {"channels": [channel]},
            "selfservice": {"methods": {"code": {"passwordless_enabled": false, "mfa_enabled": true}}},
        }),
    );
    settings
}

const PHONE: &str = "+4917667111638";

/// Somebody with a phone number that was verified.
fn reachable(more: Value) -> Value {
    let mut somebody = person(json!({"email": MAIL, "phone": PHONE}), more);
    somebody["verifiable_addresses"] =
        json!([{"value": PHONE, "via": "sms", "verified": true, "status": "completed"}]);
    somebody
}

#[tokio::test]
async fn a_phone_alone_is_a_second_factor() {
    let world = town(phones()).await;
    world.create(&reachable(json!({}))).await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let whoami = app.refused("/sessions/whoami").await;
    assert_eq!(whoami["error"]["id"], "session_aal2_required");
    let flow = app.begin("login", "?aal=aal2").await;
    let mut body = json!({"method": "code", "identifier": PHONE});
    let asked = app.submit(&flow, body.clone()).await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{}", asked.body);
    assert_eq!(asked.json()["state"], "sent_email", "{}", asked.body);
    body["code"] = world.code(PHONE).await.into();
    let answer = app.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let whoami = app.json("/sessions/whoami").await;
    assert_eq!(whoami["authenticator_assurance_level"], "aal2");
}

#[tokio::test]
async fn a_phone_and_an_app_are_both_offered() {
    let world = town(phones()).await;
    world.create(&reachable(authenticator())).await;
    let mut browser = Client::browser(&world);
    let answer = browser.sign_in(MAIL, PASSWORD).await;
    let to = answer.header("location").unwrap().to_owned();
    assert_eq!(parameter(&to, "via"), None, "{to}");
    let answer = browser.get(&to).await;
    let flow = browser.led_to("login", &answer).await;
    let groups: Vec<&Value> = flow["ui"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| &n["group"])
        .collect();
    for group in ["code", "totp"] {
        assert!(groups.contains(&&json!(group)), "{group}: {groups:?}");
    }
    let answer = browser.submit(&flow, proof(code_now(&world, KEY))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let whoami = browser.json("/sessions/whoami").await;
    assert_eq!(whoami["authenticator_assurance_level"], "aal2");
}

#[tokio::test]
async fn keys_and_passkeys_stand_side_by_side() {
    let rp =
        json!({"id": "example.org", "display_name": "Example", "origins": ["https://example.org"]});
    let email = json!({"credentials": {
        "password": {"identifier": true}, "webauthn": {"identifier": true}, "passkey": {"display_name": true},
    }});
    let schema = json!({
        "$id": "https://example.org/keys.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {
            "email": {"type": "string", "ory.sh/kratos": email},
        }}},
    });
    let world = town(json!({
        "identity": {"schemas": [{"id": "default", "url": crate::world::as_url(&schema)}]},
        "selfservice": {"methods": {
            "webauthn": {"enabled": true, "config": {"passwordless": true, "rp": rp}},
            "passkey": {"enabled": true, "config": {"rp": rp}},
        }},
    }))
    .await;
    for kind in ["registration", "login"] {
        let mut browser = Client::browser(&world);
        let flow = browser.begin(kind, "").await;
        let nodes = flow["ui"]["nodes"].as_array().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for node in nodes.iter().filter(|n| n["type"] == "input") {
            let attributes = &node["attributes"];
            let key = (
                attributes["name"].to_string(),
                attributes["value"].to_string(),
            );
            assert!(seen.insert(key.clone()), "{kind}: {key:?} is there twice");
        }
        let groups: Vec<&Value> = nodes.iter().map(|n| &n["group"]).collect();
        assert!(groups.contains(&&json!("webauthn")), "{kind}: {groups:?}");
        assert!(groups.contains(&&json!("passkey")), "{kind}: {groups:?}");
    }
}

/// The credential of so many backup codes, `code0` and on.
fn backup_codes(count: usize) -> Value {
    let codes: Vec<Value> = (0..count)
        .map(|n| json!({"code": format!("code{n}")}))
        .collect();
    json!({"lookup_secret": {"config": {"codes": codes}}})
}

/// Gives a backup code as the second factor.
async fn give(client: &mut Client<'_>, code: usize) -> StatusCode {
    let flow = client.begin("login", "?aal=aal2").await;
    let proof = json!({"method": "lookup_secret", "lookup_secret": format!("code{code}")});
    client.submit(&flow, proof).await.status
}

/// How many codes a settings flow says are left; none where it says nothing of that.
fn told(flow: &Value) -> Option<u64> {
    let notices = flow["bia"]["notices"].as_array()?;
    assert_eq!(notices.len(), 1, "{flow}");
    assert_eq!(notices[0]["id"], 1_490_003);
    notices[0]["context"]["left"].as_u64()
}

#[tokio::test]
async fn few_backup_codes_are_told_of_until_there_are_new_ones() {
    for (help, says) in [(true, true), (false, false)] {
        let world = town(json!({"bia": {"help": help}})).await;
        let made = person(json!({"email": MAIL}), backup_codes(5));
        world.create(&made).await;
        for (used, left) in [
            (0, None),
            (1, Some(3)),
            (2, Some(2)),
            (3, Some(1)),
            (4, Some(0)),
        ] {
            let mut app = Client::app(&world);
            app.sign_in(MAIL, PASSWORD).await;
            assert_eq!(give(&mut app, used).await, StatusCode::OK);
            let flow = app.begin("settings", "").await;
            assert_eq!(told(&flow), left.filter(|_| says), "{used} {help}");
            assert_eq!(
                messages(&flow),
                [] as [u64; 0],
                "stock clients see nothing of it"
            );
            let shown = app.flow("settings", flow["id"].as_str().unwrap()).await;
            assert_eq!(told(&shown), left.filter(|_| says));
            if used == 4 {
                // A form that is wrong has the hint and the notice, one that makes new codes ends it.
                let wrong = app
                    .submit(&flow, json!({"method": "profile", "traits": {"age": "x"}}))
                    .await
                    .json();
                assert_eq!(told(&wrong), left.filter(|_| says), "{wrong}");
                assert_eq!(wrong["bia"]["hint"].is_string(), says, "{wrong}");
                app.submit(&flow, json!({"lookup_secret_regenerate": true}))
                    .await;
                let saved = app
                    .submit(&flow, json!({"lookup_secret_confirm": true}))
                    .await;
                assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
                assert_eq!(told(&saved.json()), None, "{}", saved.body);
            }
        }
    }
}

#[tokio::test]
async fn the_built_in_page_tells_of_few_backup_codes() {
    let world = town(json!({})).await;
    for (mail, count, says) in [(MAIL, 4, true), ("user-2@example.org", 5, false)] {
        let made = person(json!({"email": mail}), backup_codes(count));
        world.create(&made).await;
        let mut browser = Client::browser(&world);
        browser.sign_in(mail, PASSWORD).await;
        assert_eq!(give(&mut browser, 0).await, StatusCode::SEE_OTHER);
        let begun = browser.get("/self-service/settings/browser").await;
        let page = browser.get(begun.header("location").unwrap()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert_eq!(
            page.body.contains("You have 3 backup codes left."),
            says,
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn backup_codes_alone_are_a_second_factor_and_the_last_one_makes_new_ones() {
    let world = town(highest()).await;
    let mut both = authenticator();
    both["lookup_secret"] = backup_codes(2)["lookup_secret"].clone();
    let id = world.create(&person(json!({"email": MAIL}), both)).await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("login", "?aal=aal2").await;
    app.submit(&flow, proof(code_now(&world, KEY))).await;
    let flow = app.begin("settings", "").await;
    let unlinked = app.submit(&flow, json!({"totp_unlink": true})).await;
    assert_eq!(unlinked.status, StatusCode::OK, "{}", unlinked.body);
    // Codes alone still ask for a second factor, and are one.
    for code in [0, 1] {
        let mut later = Client::app(&world);
        later.sign_in(MAIL, PASSWORD).await;
        let refused = later.refused("/sessions/whoami").await;
        assert_eq!(refused["error"]["id"], "session_aal2_required");
        assert_eq!(give(&mut later, code).await, StatusCode::OK);
        assert_eq!(later.get("/sessions/whoami").await.status, StatusCode::OK);
        app = later;
    }
    // Whoever gave the last one can make new ones, or do without.
    let flow = app.begin("settings", "").await;
    assert_eq!(told(&flow), Some(0));
    assert!(flow["ui"].to_string().contains("lookup_secret_disable"));
    // Whoever did neither is let in by an operator, who takes the used codes away.
    let mut late = Client::app(&world);
    late.sign_in(MAIL, PASSWORD).await;
    assert_eq!(give(&mut late, 1).await, StatusCode::BAD_REQUEST);
    let path = format!("/admin/identities/{id}/credentials/lookup_secret");
    let removed = world.call("DELETE", &path, "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.body);
    assert_eq!(late.get("/sessions/whoami").await.status, StatusCode::OK);
}

#[tokio::test]
async fn backup_codes_can_be_given_up() {
    let world = town(highest()).await;
    let made = person(json!({"email": MAIL}), backup_codes(1));
    world.create(&made).await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    give(&mut app, 0).await;
    let flow = app.begin("settings", "").await;
    let given_up = app
        .submit(&flow, json!({"lookup_secret_disable": true}))
        .await;
    assert_eq!(given_up.status, StatusCode::OK, "{}", given_up.body);
    assert_eq!(told(&given_up.json()), None);
    let mut later = Client::app(&world);
    later.sign_in(MAIL, PASSWORD).await;
    assert_eq!(later.get("/sessions/whoami").await.status, StatusCode::OK);
}
