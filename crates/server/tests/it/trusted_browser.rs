//! Browsers that need not give the second factor at each login (`bia.trusted_browser`), on each database.

use http::StatusCode;
use serde_json::{Value, json};
use time::Duration;

use crate::client::{Client, value_of};
use crate::databases::on_each_database;
use crate::folk::{self, KEY, MAIL, OTHER, PASSWORD, authenticator, code_now, person};
use crate::place::Place;
use crate::world::World;

on_each_database!(
    a_trusted_browser_is_not_asked_and_its_session_says_what_it_is,
    credentials_change_with_the_factor_itself_only,
    trust_is_seen_and_ended_by_its_owner_and_by_operators,
    two_logins_at_once_both_count_and_a_copy_ends_the_trust,
    a_cookie_of_somebody_else_or_of_nobody_is_of_no_use,
    an_operators_change_ends_it,
    switched_off_nothing_counts,
    recovery_ends_it,
    a_page_shows_and_ends_it,
    a_policy_takes_what_the_browser_stands_for,
    a_policy_takes_no_other_factor_than_it_names,
);

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

async fn a_trusted_browser_is_not_asked_and_its_session_says_what_it_is(place: &Place) {
    let world = place.world(folk::settings(on())).await;
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

async fn credentials_change_with_the_factor_itself_only(place: &Place) {
    let world = place.world(folk::settings(on())).await;
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

async fn trust_is_seen_and_ended_by_its_owner_and_by_operators(place: &Place) {
    let world = place.world(folk::settings(on())).await;
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

async fn two_logins_at_once_both_count_and_a_copy_ends_the_trust(place: &Place) {
    let world = place.world(folk::settings(on())).await;
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

async fn a_cookie_of_somebody_else_or_of_nobody_is_of_no_use(place: &Place) {
    let world = place.world(folk::settings(on())).await;
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

async fn an_operators_change_ends_it(place: &Place) {
    let world = place.world(folk::settings(on())).await;
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
}

async fn switched_off_nothing_counts(place: &Place) {
    let mut off = on();
    off["bia"]["trusted_browser"]["enabled"] = json!(false);
    let world = place.world(folk::settings(off)).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    assert!(!enough(&mut script, MAIL).await);
    let flow = script.begin("login", "?aal=aal2").await;
    assert_eq!(value_of(&flow, "trust_browser"), Value::Null);
    let body = json!({"method": "totp", "totp_code": code_now(&world, KEY), "trust_browser": true});
    assert_eq!(script.submit(&flow, body).await.status, StatusCode::OK);
    assert_eq!(script.cookie_like(COOKIE), None);
}

async fn a_policy_takes_what_the_browser_stands_for(place: &Place) {
    let named = json!({"properties": {"traits": {"type": "object"}}});
    let mut settings = on();
    settings["bia"]["mfa"] =
        json!({"rules": [{"when": named, "require": "required", "methods": ["totp"]}]});
    let world = place.world(folk::settings(settings)).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    assert!(enough(&mut script, MAIL).await);
    let session = script.json("/sessions/whoami").await;
    assert_eq!(session["bia"]["mfa"]["satisfied"], true);
    assert_eq!(session["bia"]["trusted_browser"]["method"], "totp");
}

/// A browser trusted for an authenticator app does not stand for what another rule asks for.
async fn a_policy_takes_no_other_factor_than_it_names(place: &Place) {
    let world = place.world(folk::settings(on())).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    assert!(enough(&mut script, MAIL).await);
    let mut settings = on();
    settings["bia"]["mfa"] =
        json!({"rules": [{"when": {}, "require": "required", "methods": ["lookup_secret"]}]});
    world.configure(folk::settings(settings)).await;
    let refused = script.refused("/sessions/whoami").await;
    assert_eq!(refused["error"]["id"], "session_aal2_required");
    assert!(!enough(&mut script, MAIL).await);
}

/// The built-in page lists what the API does, and its forms end it; nobody else's do.
async fn a_page_shows_and_ends_it(place: &Place) {
    let world = place.world(folk::settings(on())).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    let page = "/ui/trusted-browsers";
    // With the cookies of the same browser.
    let mut browser = Client::browser(&world);
    let answer = browser.get(page).await;
    let to = answer.header("location").unwrap();
    assert!(
        to.contains("/self-service/login/browser?return_to="),
        "{to}"
    );
    browser.keep_cookies_of(&script);
    let shown = browser.get(page).await.body;
    assert!(shown.contains("this browser"), "{shown}");
    let id = in_form(&shown, "browser");
    for body in [
        json!({"browser": id}),
        json!({"browser": id, "csrf_token": "AAAA"}),
    ] {
        let answer = browser.post(page, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    }
    assert!(enough(&mut script, MAIL).await);
    // A sign-in changes the anti-CSRF token.
    browser.keep_cookies_of(&script);
    let token = in_form(&browser.get(page).await.body, "csrf_token");
    for _ in 0..2 {
        let body = json!({"browser": id, "csrf_token": token});
        let answer = browser.post(page, &body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert!(answer.header("location").unwrap().ends_with(page));
    }
    assert!(
        browser
            .get(page)
            .await
            .body
            .contains("You trust no browser")
    );
    assert!(!enough(&mut script, MAIL).await);
}

/// The value of the first field or button of this name. Base64 has signs that pages escape.
fn in_form(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split(&field).nth(1).unwrap();
    let text = rest.split('"').next().unwrap();

    text.replace("&#43;", "+")
        .replace("&#x2B;", "+")
        .replace("&#61;", "=")
        .replace("&#x3D;", "=")
}

async fn recovery_ends_it(place: &Place) {
    let world = place.world(folk::settings(on())).await;
    careful(&world, MAIL).await;
    let mut script = Client::script(&world);
    trust(&world, &mut script, MAIL).await;
    let mut elsewhere = Client::browser(&world);
    let flow = elsewhere.begin("recovery", "").await;
    let asked = json!({"method": "code", "email": MAIL});
    elsewhere.submit(&flow, asked).await;
    let code = world.code(MAIL).await;
    elsewhere
        .submit(&flow, json!({"method": "code", "code": code}))
        .await;
    assert!(!enough(&mut script, MAIL).await);
}
