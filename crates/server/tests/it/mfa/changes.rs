//! A policy that changes while people are signed in, people whose factor is another than the one that counts, and
//! people who come back by recovery: for browsers, scripts and apps.

use http::StatusCode;
use serde_json::{Value, json};

use super::{STAFF, groups, led_to_enrolment, led_to_login, settings, staff, world};
use crate::client::{Client, flow_in, messages, parameter};
use crate::folk::{self, KEY, MAIL, OTHER, PASSWORD, authenticator, code_now, person};
use crate::world::World;

const CUSTOMER: &str = "user-2@example.org";

/// Settings in which nobody needs a second factor.
fn lenient() -> Value {
    let mut settings = settings(json!({}), json!({}));
    settings["bia"]["mfa"] = json!({"rules": []});
    settings
}

fn app_code(world: &World) -> Value {
    json!({"method": "totp", "totp_code": code_now(world, KEY)})
}

#[tokio::test]
async fn a_new_rule_counts_at_the_next_request_of_whoever_is_signed_in() {
    let world = World::with(lenient()).await;
    world.create(&staff(json!({}))).await;
    let traits = json!({"email": CUSTOMER, "name": "customer"});
    world.create(&person(traits, json!({}))).await;
    let mut everybody = [
        Client::app(&world),
        Client::script(&world),
        Client::browser(&world),
    ];
    let mut open = Vec::new();
    for client in &mut everybody {
        client.sign_in(MAIL, PASSWORD).await;
        client.json("/sessions/whoami").await;
        open.push(client.begin("settings", "").await);
    }
    let mut customer = Client::app(&world);
    customer.sign_in(CUSTOMER, PASSWORD).await;

    world.configure(settings(json!({}), json!({}))).await;
    let rename = json!({"method": "profile", "traits": {"email": MAIL, "name": STAFF}});
    for (client, open) in everybody.iter_mut().zip(&open) {
        led_to_enrolment(&client.get("/sessions/whoami").await);
        // Nor does the form that was open before do anything else.
        let answer = client.submit(open, rename.clone()).await;
        match answer.header("location") {
            Some(to) => assert!(to.ends_with("/self-service/settings/browser"), "{to}"),
            None => led_to_enrolment(&answer),
        }
        let fresh = client.begin("settings", "").await;
        assert_eq!(groups(&fresh), ["lookup_secret", "totp"]);
    }
    let session = customer.json("/sessions/whoami").await;
    assert_eq!(session.get("bia"), None);

    world.configure(lenient()).await;
    for client in &mut everybody {
        let session = client.json("/sessions/whoami").await;
        assert_eq!(session.get("bia"), None);
    }
}

#[tokio::test]
async fn another_factor_than_the_rule_names_is_no_way_in_and_the_named_one_is_set_up() {
    let world = world(json!({"methods": ["lookup_secret"]}), json!({})).await;
    world.create(&staff(authenticator())).await;
    let mut script = Client::script(&world);
    let answer = script.sign_in(MAIL, PASSWORD).await;
    let to = answer.json()["redirect_browser_to"].clone();
    let to = to.as_str().unwrap();
    assert!(to.contains("/self-service/settings/browser"), "{to}");
    led_to_enrolment(&script.get("/sessions/whoami").await);
    // The app brings them to the second level, which is not what the rule asks for.
    let second = script.begin("login", "?aal=aal2").await;
    let answer = script.submit(&second, app_code(&world)).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.body
    );
    led_to_enrolment(&script.get("/sessions/whoami").await);

    let form = script.begin("settings", "").await;
    assert_eq!(groups(&form), ["lookup_secret"]);
    let unlink = json!({"method": "totp", "totp_unlink": true});
    led_to_enrolment(&script.submit(&form, unlink).await);
    let new = json!({"method": "lookup_secret", "lookup_secret_regenerate": true});
    let form = script.submit(&form, new).await.json();
    let keep = json!({"method": "lookup_secret", "lookup_secret_confirm": true});
    let answer = script.submit(&form, keep).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let session = script.json("/sessions/whoami").await;
    assert_eq!(session["bia"]["mfa"]["satisfied"], true);

    // From now on the codes are asked for, and the app is not.
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    led_to_login(&app.get("/sessions/whoami").await, "aal=aal2");
    let second = app.begin("login", "?aal=aal2").await;
    assert_eq!(groups(&second), ["lookup_secret"]);
    let answer = app.submit(&second, app_code(&world)).await;
    assert_eq!(messages(&answer.json()), [4_010_002]);
}

#[tokio::test]
async fn a_browser_that_recovers_gives_its_factor_before_it_does_anything_else() {
    let world = world(json!({}), json!({})).await;
    world.create(&staff(authenticator())).await;
    let (mut browser, form) = recovered(&world).await;
    led_to_login(&browser.get("/sessions/whoami").await, "aal=aal2");
    let refused = browser.refused(&form).await;
    let to = refused["redirect_browser_to"].as_str().unwrap().to_owned();
    let page = browser.get(&to).await;
    let second = browser.led_to("login", &page).await;
    let answer = browser.submit(&second, app_code(&world)).await;
    let back = answer.header("location").unwrap();
    assert_eq!(parameter(back, "flow"), parameter(&form, "id"), "{back}");
    let form = browser.json(&form).await;
    let change = json!({"method": "password", "password": OTHER});
    browser.submit(&form, change).await;
    browser.json("/sessions/whoami").await;
}

#[tokio::test]
async fn a_browser_that_recovers_without_a_factor_sets_one_up() {
    let world = world(json!({}), json!({})).await;
    world.create(&staff(json!({}))).await;
    let (mut browser, form) = recovered(&world).await;
    led_to_enrolment(&browser.get("/sessions/whoami").await);
    let form = browser.json(&form).await;
    assert_eq!(groups(&form), ["lookup_secret", "totp"]);
    let change = json!({"method": "password", "password": OTHER});
    let answer = browser.submit(&form, change).await;
    let to = answer.header("location").unwrap();
    assert!(to.ends_with("/self-service/settings/browser"), "{to}");
    folk::enrol(&world, &mut browser).await;
    browser.json("/sessions/whoami").await;
}

/// A browser whose owner comes back by a mailed code, and the path of the settings that it is led to.
async fn recovered(world: &World) -> (Client<'_>, String) {
    let mut browser = Client::browser(world);
    let flow = browser.begin("recovery", "").await;
    let asked = json!({"method": "code", "email": MAIL});
    browser.submit(&flow, asked).await;
    let flow = browser.flow("recovery", flow["id"].as_str().unwrap()).await;
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = browser.submit(&flow, body).await;
    let id = flow_in(answer.header("location").unwrap()).unwrap();
    (browser, format!("/self-service/settings/flows?id={id}"))
}
