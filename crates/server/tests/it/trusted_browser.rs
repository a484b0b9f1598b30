//! Browsers that need not give the second factor at each login (`bia.trusted_browser`).

use http::StatusCode;
use serde_json::{Value, json};
use time::Duration;

use crate::client::{Client, value_of};
use crate::folk::{self, KEY, MAIL, OTHER, PASSWORD, authenticator, code_now, person};
use crate::world::World;

const COOKIE: &str = "bia_trusted_browser_";
const SECOND: &str = "user-2@example.org";

fn on() -> Value {
    json!({
        "session": {"whoami": {"required_aal": "highest_available"}, "lifespan": "2000h"},
        "selfservice": {"flows": {"settings": {
            "required_aal": "highest_available", "privileged_session_max_age": "2000h",
        }}},
        "bia": {"trusted_browser": {"enabled": true}},
    })
}

async fn town() -> World {
    folk::town(on()).await
}

/// Somebody with an authenticator app.
async fn careful(world: &World, mail: &str) -> String {
    world
        .create(&person(json!({"email": mail}), authenticator()))
        .await
}

/// Signs in by a password. Whether that is all that is asked.
async fn enough(client: &mut Client<'_>, mail: &str) -> bool {
    client.take_cookie("ory_kratos_session");
    let answer = client.sign_in(mail, PASSWORD).await;
    match answer.status {
        StatusCode::OK => true,
        StatusCode::UNPROCESSABLE_ENTITY => false,
        other => panic!("{other}: {}", answer.body),
    }
}

/// Gives the second factor and has the browser trusted.
async fn trust(world: &World, client: &mut Client<'_>, mail: &str) {
    assert!(!enough(client, mail).await);
    world.app.clock.advance(Duration::seconds(31));
    let flow = client.begin("login", "?aal=aal2").await;
    assert_eq!(value_of(&flow, "trust_browser"), false);
    let body = json!({"method": "totp", "totp_code": code_now(world, KEY), "trust_browser": true});
    let answer = client.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let session = &answer.json()["session"];
    assert_eq!(session["authenticator_assurance_level"], "aal2");
}

#[tokio::test]
async fn a_trusted_browser_is_not_asked_and_its_session_says_what_it_is() {
    let world = town().await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    let before = script.cookie_like(COOKIE).unwrap();
    assert!(enough(&mut script, MAIL).await);
    assert_ne!(script.cookie_like(COOKIE).unwrap(), before);
    let session = script.json("/sessions/whoami").await;
    assert_eq!(session["authenticator_assurance_level"], "aal1");
    assert_eq!(
        session["authentication_methods"].as_array().unwrap().len(),
        1
    );
    let mark = json!({"trusted_browser": {"method": "totp"}});
    assert_eq!(session["bia"], mark);
    // Another browser, and an app, are asked.
    assert!(!enough(&mut Client::script(&world), MAIL).await);
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    app.refused("/sessions/whoami").await;
    let flow = app.begin("login", "?aal=aal2").await;
    assert_eq!(value_of(&flow, "trust_browser"), Value::Null);
    // A month later it is asked as well.
    world.app.clock.advance(Duration::days(31));
    assert!(!enough(&mut script, MAIL).await);
    assert_eq!(script.cookie_like(COOKIE), None);
}

#[tokio::test]
async fn credentials_change_with_the_factor_itself_only() {
    let world = town().await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    assert!(enough(&mut script, MAIL).await);
    let flow = script.begin("settings", "").await;
    for wish in [
        json!({"method": "password", "password": OTHER}),
        json!({"method": "totp", "totp_unlink": true}),
        json!({"method": "lookup_secret", "lookup_secret_regenerate": true}),
        json!({"method": "profile", "traits": {"email": SECOND}}),
    ] {
        let answer = script.submit(&flow, wish).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        let body = answer.json();
        assert_eq!(body["error"]["id"], "session_aal2_required");
        let to = body["redirect_browser_to"].as_str().unwrap();
        assert!(to.contains("aal=aal2"), "{to}");
    }
    let name = json!({"method": "profile", "traits": {"email": MAIL, "name": "Ann"}});
    assert_eq!(script.submit(&flow, name).await.status, StatusCode::OK);
    world.app.clock.advance(Duration::seconds(31));
    let second = script.begin("login", "?aal=aal2").await;
    let body = json!({"method": "totp", "totp_code": code_now(&world, KEY)});
    assert_eq!(script.submit(&second, body).await.status, StatusCode::OK);
    let flow = script.begin("settings", "").await;
    let new = json!({"method": "password", "password": OTHER});
    assert_eq!(script.submit(&flow, new).await.status, StatusCode::OK);
    // The password is another: nobody is trusted any more.
    let all = script.json("/bia/trusted-browsers").await;
    assert_eq!(all, json!([]));
    script.take_cookie("ory_kratos_session");
    let answer = script.sign_in(MAIL, OTHER).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn trust_is_seen_and_ended_by_its_owner_and_by_operators() {
    let world = town().await;
    let id = careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    let all = script.json("/bia/trusted-browsers").await;
    assert_eq!(all[0]["method"], "totp");
    assert_eq!(all[0]["current"], true);
    assert!(!all.to_string().contains("hash"), "{all}");
    let one = format!("/bia/trusted-browsers/{}", all[0]["id"].as_str().unwrap());
    // Nobody else can end it.
    careful(&world, SECOND).await;
    let mut other = Client::script(&world);
    trust(&world, &mut other, SECOND).await;
    assert_eq!(other.delete(&one).await.status, StatusCode::NOT_FOUND);
    assert_eq!(script.delete(&one).await.status, StatusCode::NO_CONTENT);
    assert!(!enough(&mut script, MAIL).await);
    trust(&world, &mut script, MAIL).await;
    let answer = script.delete("/bia/trusted-browsers").await;
    assert_eq!(answer.json()["count"], 1);
    assert!(!enough(&mut script, MAIL).await);
    trust(&world, &mut script, MAIL).await;
    let path = format!("/admin/identities/{id}/bia/trusted-browsers");
    let seen = world.admin("GET", &path, &[]).await.json();
    assert_eq!(seen.as_array().unwrap().len(), 1);
    let ended = world.admin("DELETE", &path, &[]).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(!enough(&mut script, MAIL).await);
    assert!(enough(&mut other, SECOND).await);
}

#[tokio::test]
async fn two_logins_at_once_both_count_and_a_copy_ends_the_trust() {
    let world = town().await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    let (name, value) = script.cookie_like(COOKIE).unwrap();
    let mut twin = Client::script(&world);
    twin.put_cookie(&name, &value);
    assert!(enough(&mut script, MAIL).await);
    assert!(enough(&mut twin, MAIL).await);
    world.app.clock.advance(Duration::seconds(61));
    // Whoever comes second with it is asked, and so is everybody else from then on.
    assert!(!enough(&mut twin, MAIL).await);
    assert!(!enough(&mut script, MAIL).await);
}

#[tokio::test]
async fn a_cookie_of_somebody_else_or_of_nobody_is_of_no_use() {
    let world = town().await;
    careful(&world, MAIL).await;
    careful(&world, SECOND).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    let (mine, value) = script.cookie_like(COOKIE).unwrap();
    script.take_cookie(&mine);
    trust(&world, &mut script, SECOND).await;
    let (theirs, _) = script.cookie_like(COOKIE).unwrap();
    script.put_cookie(&theirs, &value);
    assert!(!enough(&mut script, SECOND).await);
    script.put_cookie(&mine, "forged");
    assert!(!enough(&mut script, MAIL).await);
}

#[tokio::test]
async fn an_operators_change_ends_it_and_switched_off_nothing_counts() {
    let world = town().await;
    let id = careful(&world, MAIL).await;
    let path = format!("/admin/identities/{id}");
    let patch = async |operations: Value| {
        let answer = world.call("PATCH", &path, operations.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    };
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    patch(json!([{"op": "replace", "path": "/traits/name", "value": "Ann"}])).await;
    assert!(enough(&mut script, MAIL).await);
    patch(json!([{"op": "replace", "path": "/state", "value": "inactive"}])).await;
    patch(json!([{"op": "replace", "path": "/state", "value": "active"}])).await;
    assert!(!enough(&mut script, MAIL).await);
    trust(&world, &mut script, MAIL).await;
    let totp = format!("{path}/credentials/totp");
    let gone = world.admin("DELETE", &totp, &[]).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let seen = world
        .admin("GET", &format!("{path}/bia/trusted-browsers"), &[])
        .await;
    assert_eq!(seen.json(), json!([]));

    let world =
        folk::town(json!({"session": {"whoami": {"required_aal": "highest_available"}}})).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    assert!(!enough(&mut script, MAIL).await);
    let flow = script.begin("login", "?aal=aal2").await;
    assert_eq!(value_of(&flow, "trust_browser"), Value::Null);
    let body = json!({"method": "totp", "totp_code": code_now(&world, KEY), "trust_browser": true});
    assert_eq!(script.submit(&flow, body).await.status, StatusCode::OK);
    assert_eq!(script.cookie_like(COOKIE), None);
}

#[tokio::test]
async fn a_policy_takes_what_the_browser_stands_for_and_no_other_factor() {
    let named = json!({"properties": {"traits": {"type": "object"}}});
    let mut settings = on();
    settings["bia"]["mfa"] =
        json!({"rules": [{"when": named, "require": "required", "methods": ["totp"]}]});
    let world = folk::town(settings.clone()).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    assert!(enough(&mut script, MAIL).await);
    let session = script.json("/sessions/whoami").await;
    assert_eq!(session["bia"]["mfa"]["satisfied"], true);
    assert_eq!(session["bia"]["trusted_browser"]["method"], "totp");
}
