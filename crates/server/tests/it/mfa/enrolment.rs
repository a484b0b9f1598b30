//! Staff who have no second factor yet.

use http::StatusCode;
use serde_json::{Value, json};
use time::Duration;

use super::{STAFF, groups, led_to_enrolment, settings, signed_in_app, staff, world};
use crate::client::{Client, flow_in, messages, value_of};
use crate::folk::{MAIL, PASSWORD, enrol};
use crate::world::World;

#[tokio::test]
async fn an_app_without_a_factor_does_nothing_but_set_one_up() {
    let world = world(json!({"methods": ["totp"]}), json!({})).await;
    world.create(&staff(json!({}))).await;
    let mut app = Client::app(&world);
    let answer = app.sign_in(MAIL, PASSWORD).await.json();
    assert_eq!(answer["session"]["bia"]["mfa"]["satisfied"], false);
    assert_eq!(answer["session"]["identity"], Value::Null);
    let next = answer["bia"]["next"]["url"].as_str().unwrap();
    assert!(next.ends_with("/self-service/settings/api"), "{next}");

    led_to_enrolment(&app.get("/sessions/whoami").await);
    led_to_enrolment(&app.get("/sessions").await);
    led_to_enrolment(&app.get("/self-service/login/api").await);
    let flow = app.begin("settings", "").await;
    assert_eq!(groups(&flow), ["totp"]);
    let id = flow["id"].as_str().unwrap();
    assert_eq!(groups(&app.flow("settings", id).await), ["totp"]);
    for other in [
        json!({"method": "password", "password": "correct-horse-battery-43"}),
        json!({"method": "profile", "traits": {"name": "customer"}}),
        json!({"lookup_secret_regenerate": true}),
    ] {
        led_to_enrolment(&app.submit(&flow, other).await);
    }
    enrol(&world, &mut app).await;

    let session = app.json("/sessions/whoami").await;
    assert_eq!(session["authenticator_assurance_level"], "aal2");
    assert_eq!(session["bia"]["mfa"]["satisfied"], true);
    let flow = app.begin("settings", "").await;
    assert!(groups(&flow).contains(&"password".to_owned()));
    let answer = app.submit(&flow, json!({"totp_unlink": true})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(messages(&answer.json()), [4_000_001]);
    app.json("/sessions/whoami").await;
}

#[tokio::test]
async fn there_is_time_until_the_grace_ends() {
    let world = world(json!({"grace": "72h"}), json!({})).await;
    world.create(&staff(json!({}))).await;
    let begun = world.app.clock.now();
    let mut app = signed_in_app(&world).await;
    let session = app.json("/sessions/whoami").await;
    let by = session["bia"]["mfa"]["enrol_by"].as_str().unwrap();
    let format = &time::format_description::well_known::Rfc3339;
    let by = time::OffsetDateTime::parse(by, format).unwrap();
    assert!(
        (by - begun - Duration::hours(72)).abs() < Duration::seconds(5),
        "{by}"
    );
    let open = app.begin("settings", "").await;
    assert!(groups(&open).contains(&"password".to_owned()));

    // Another sign-in does not begin it anew.
    world.app.clock.advance(Duration::hours(71));
    let mut later = signed_in_app(&world).await;
    later.json("/sessions/whoami").await;
    world.app.clock.advance(Duration::hours(2));
    led_to_enrolment(&app.get("/sessions/whoami").await);
    led_to_enrolment(&later.get("/sessions/whoami").await);
    // A form of before is narrowed as well.
    let change = json!({"method": "password", "password": "correct-horse-battery-43"});
    let fresh = later.begin("settings", "").await;
    assert_eq!(groups(&fresh), ["lookup_secret", "totp"]);
    led_to_enrolment(&later.submit(&fresh, change).await);
    enrol(&world, &mut later).await;
    later.json("/sessions/whoami").await;
}

#[tokio::test]
async fn browsers_and_scripts_are_led_to_the_settings() {
    let world = world(json!({}), json!({})).await;
    world.create(&staff(json!({}))).await;
    let mut browser = Client::browser(&world);
    let answer = browser.sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let to = answer.header("location").unwrap().to_owned();
    assert!(to.ends_with("/self-service/settings/browser"), "{to}");
    let page = browser.get(&to).await;
    let flow = browser.led_to("settings", &page).await;
    assert_eq!(groups(&flow), ["lookup_secret", "totp"]);
    assert!(value_of(&flow, "csrf_token").is_string());
    let change = json!({"method": "profile", "traits": {"name": "customer"}});
    let answer = browser.submit(&flow, change).await;
    assert_eq!(answer.header("location"), Some(to.as_str()));
    // Somebody who is signed in and begins again is led there as well, also from the built-in home page.
    for path in ["/self-service/login/browser", "/ui/"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("location"), Some(to.as_str()), "{path}");
    }

    let mut script = Client::script(&world);
    let answer = script.sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["redirect_browser_to"], to);
    led_to_enrolment(&script.get("/sessions/whoami").await);
    enrol(&world, &mut script).await;
    script.json("/sessions/whoami").await;
    let out = script.json("/self-service/logout/browser").await;
    assert!(out["logout_token"].is_string());
}

#[tokio::test]
async fn the_last_sign_in_may_have_to_be_renewed_before_a_factor_is_set_up() {
    let privileged =
        json!({"selfservice": {"flows": {"settings": {"privileged_session_max_age": "1h"}}}});
    let world = world(json!({"methods": ["lookup_secret"]}), privileged).await;
    world.create(&staff(json!({}))).await;
    let mut browser = Client::browser(&world);
    browser.sign_in(MAIL, PASSWORD).await;
    world.app.clock.advance(Duration::hours(2));
    let flow = browser.begin("settings", "").await;
    let answer = browser
        .submit(&flow, json!({"lookup_secret_regenerate": "true"}))
        .await;
    let to = answer.header("location").unwrap().to_owned();
    assert!(to.contains("refresh=true"), "{to}");
    let page = browser.get(&to).await;
    let login = browser.led_to("login", &page).await;
    let proof = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = browser.submit(&login, proof).await;
    // It goes on with what was begun.
    let back = answer.header("location").unwrap();
    assert_eq!(flow_in(back).as_deref(), flow["id"].as_str(), "{back}");
}

#[tokio::test]
async fn recovery_is_no_way_around() {
    let told = json!({"feature_flags": {"use_continue_with_transitions": true}});
    let world = world(json!({"methods": ["totp"]}), told).await;
    world.create(&staff(json!({}))).await;
    let mut app = recovered(&world).await;
    led_to_enrolment(&app.get("/sessions/whoami").await);
    let flow = app.begin("settings", "").await;
    assert_eq!(groups(&flow), ["totp"]);
    enrol(&world, &mut app).await;
    app.json("/sessions/whoami").await;
    // The next one has to give what was set up.
    let mut thief = recovered(&world).await;
    for path in ["/sessions/whoami", "/self-service/settings/api"] {
        super::led_to_login(&thief.get(path).await, "aal=aal2");
    }
}

/// An app whose owner comes back by a mailed code.
async fn recovered(world: &World) -> Client<'_> {
    let mut app = Client::app(world);
    let flow = app.begin("recovery", "").await;
    app.submit(&flow, json!({"method": "code", "email": MAIL}))
        .await;
    let code = world.code(MAIL).await;
    let answer = app
        .submit(&flow, json!({"method": "code", "code": code}))
        .await;
    let body = answer.json();
    let items = body["continue_with"]
        .as_array()
        .unwrap_or_else(|| panic!("{body}"));
    let mut tokens = items.iter().filter_map(|i| i["ory_session_token"].as_str());
    tokens.next().unwrap().clone_into(&mut app.token);
    let shown = items
        .iter()
        .find(|i| i["action"] == "show_settings_ui")
        .unwrap();
    let id = shown["flow"]["id"].as_str().unwrap().to_owned();
    let shown = app
        .get(&format!("/self-service/settings/flows?id={id}"))
        .await;
    if shown.status == StatusCode::OK {
        assert_eq!(groups(&shown.json()), ["totp"]);
    }
    app
}

#[tokio::test]
async fn what_somebody_has_is_given_before_something_new_is_set_up() {
    // Codes by mail do not satisfy the rule, but the stock level asks for them: they come first.
    let code = json!({
        "session": {"whoami": {"required_aal": "highest_available"}},
        "selfservice": {
            "methods": {"code": {"passwordless_enabled": false, "mfa_enabled": true}},
            "flows": {"settings": {"required_aal": "highest_available"}},
        },
    });
    let world = World::with(settings(json!({"methods": ["totp"]}), code)).await;
    world.create(&staff(json!({}))).await;
    let mut app = signed_in_app(&world).await;
    super::led_to_login(&app.get("/sessions/whoami").await, "aal=aal2");
    let refused = app.get("/self-service/settings/api").await;
    super::led_to_login(&refused, "aal=aal2");
    let flow = app.begin("login", "?aal=aal2").await;
    let code = world.code(MAIL).await;
    let answer = app
        .submit(&flow, json!({"method": "code", "code": code}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    led_to_enrolment(&app.get("/sessions/whoami").await);
    enrol(&world, &mut app).await;
    app.json("/sessions/whoami").await;
}

#[tokio::test]
async fn who_signs_up_as_one_of_the_staff_is_told_to_set_a_factor_up() {
    let handed_out = json!({"selfservice": {"flows": {"registration": {
        "after": {"password": {"hooks": [{"hook": "session"}]}},
    }}}});
    let world = world(json!({}), handed_out).await;
    for (name, required) in [(STAFF, true), ("customer", false)] {
        let mut app = Client::app(&world);
        let flow = app.begin("registration", "").await;
        let traits = json!({"email": format!("{name}@example.org"), "name": name});
        let form = json!({"method": "password", "password": PASSWORD, "traits": traits});
        let answer = app.submit(&flow, form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let answer = answer.json();
        let next = answer["bia"]["next"]["url"].as_str();
        assert_eq!(
            next.is_some_and(|next| next.ends_with("/self-service/settings/api")),
            required,
            "{answer}"
        );
        assert_eq!(
            answer["session"]["bia"]["mfa"]["required"] == true,
            required
        );
    }
}
