//! Staff who have a second factor.

use http::StatusCode;
use serde_json::{Value, json};

use super::{groups, led_to_login, signed_in_app, staff, world};
use crate::client::{Client, messages};
use crate::folk::{KEY, MAIL, PASSWORD, authenticator, code_now};
use crate::world::World;

fn by_code() -> Value {
    json!({"selfservice": {"methods": {"code": {"passwordless_enabled": false, "mfa_enabled": true}}}})
}

fn proof(world: &World) -> Value {
    json!({"method": "totp", "totp_code": code_now(world, KEY)})
}

#[tokio::test]
async fn whoever_has_a_factor_gives_it_though_the_stock_level_asks_for_none() {
    let world = world(json!({"grace": "72h"}), json!({})).await;
    world.create(&staff(authenticator())).await;
    let mut app = signed_in_app(&world).await;
    for path in [
        "/sessions/whoami",
        "/sessions",
        "/self-service/settings/api",
    ] {
        led_to_login(&app.get(path).await, "aal=aal2");
    }
    let flow = app.begin("login", "?aal=aal2").await;
    let answer = app.submit(&flow, proof(&world)).await;
    let session = &answer.json()["session"];
    assert_eq!(
        session["bia"]["mfa"],
        json!({"required": true, "satisfied": true})
    );
    app.json("/sessions/whoami").await;
    app.begin("settings", "").await;

    let mut browser = Client::browser(&world);
    let answer = browser.sign_in(MAIL, PASSWORD).await;
    let to = answer.header("location").unwrap();
    assert!(to.contains("aal=aal2"), "{to}");
}

#[tokio::test]
async fn only_what_the_rule_takes_is_offered_and_taken() {
    // Report B42: with codes as a second factor, nobody could turn them off beside an authenticator app.
    let world = world(json!({"methods": ["totp", "webauthn"]}), by_code()).await;
    world.create(&staff(authenticator())).await;
    let mut other = crate::folk::person(
        json!({"email": "user-2@example.org", "name": "customer"}),
        authenticator(),
    );
    other["state"] = json!("active");
    world.create(&other).await;

    let mut app = signed_in_app(&world).await;
    let flow = app.begin("login", "?aal=aal2").await;
    assert_eq!(groups(&flow), ["totp"]);
    for weaker in [
        json!({"method": "code", "address": MAIL}),
        json!({"address": MAIL}),
    ] {
        let answer = app.submit(&flow, weaker).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(messages(&answer.json()), [4_010_002]);
    }
    assert!(world.mails(MAIL).await.is_empty());
    let answer = app.submit(&flow, proof(&world)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    app.json("/sessions/whoami").await;

    let mut app = Client::app(&world);
    app.sign_in("user-2@example.org", PASSWORD).await;
    let flow = app.begin("login", "?aal=aal2").await;
    assert_eq!(groups(&flow), ["code", "totp"]);
}

#[tokio::test]
async fn a_factor_that_does_not_do_is_followed_by_one_that_does() {
    let world = world(json!({"methods": ["totp"]}), by_code()).await;
    let id = world.create(&staff(authenticator())).await;
    let say = async |word: Value| {
        let patch = json!([{"op": "add", "path": "/bia/mfa", "value": word}]);
        let answer = world
            .call(
                "PATCH",
                &format!("/admin/identities/{id}"),
                patch.to_string(),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    };
    // While it is optional for them, they reach the second level by a code.
    say(json!("optional")).await;
    let mut app = signed_in_app(&world).await;
    let flow = app.begin("login", "?aal=aal2").await;
    app.submit(&flow, json!({"method": "code", "address": MAIL}))
        .await;
    let code = world.code(MAIL).await;
    let answer = app
        .submit(&flow, json!({"method": "code", "code": code}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let session = app.json("/sessions/whoami").await;
    assert_eq!(session["authenticator_assurance_level"], "aal2");
    // The next request sees the rule again.
    say(Value::Null).await;
    led_to_login(&app.get("/sessions/whoami").await, "aal=aal2");
    let flow = app.begin("login", "?aal=aal2").await;
    assert_eq!(groups(&flow), ["totp"]);
    let answer = app.submit(&flow, proof(&world)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    app.json("/sessions/whoami").await;
}

#[tokio::test]
async fn whoami_may_be_kept_until_the_grace_ends_and_no_longer() {
    let flags = json!({"feature_flags": {"cacheable_sessions": true}});
    let world = world(json!({"grace": "72h"}), flags).await;
    world.create(&staff(json!({}))).await;
    let mut app = signed_in_app(&world).await;
    let answer = app.get("/sessions/whoami").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let seconds: i64 = answer
        .header("ory-session-cache-for")
        .unwrap()
        .parse()
        .unwrap();
    assert!((259_000..=259_200).contains(&seconds), "{seconds}");
}
