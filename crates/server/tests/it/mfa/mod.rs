//! The MFA policy per identity (`bia.mfa`): staff need a second factor, others notice nothing.

mod admin;
mod changes;
mod enrolment;
mod passkey;
mod races;
mod step_up;

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{self, MAIL, PASSWORD, person};
use crate::world::{Answer, World, merge};

/// Whoever is named so is one of the staff.
const STAFF: &str = "staff";

/// A rule for the staff; `more` is merged over it.
fn rule(more: Value) -> Value {
    let named = json!({"properties": {"name": {"const": STAFF}}, "required": ["name"]});
    let mut rule = json!({
        "when": {"properties": {"traits": named}, "required": ["traits"]},
        "require": "required",
    });
    merge(&mut rule, more);
    rule
}

/// Settings with a rule for the staff, where stock levels ask nothing; `more` is merged over them.
fn settings(rule_more: Value, more: Value) -> Value {
    let mut settings = json!({
        "session": {"whoami": {"required_aal": "aal1"}, "lifespan": "720h"},
        "selfservice": {"flows": {"settings": {
            "required_aal": "aal1", "privileged_session_max_age": "720h",
        }}},
        "bia": {"mfa": {"rules": [rule(rule_more)]}},
    });
    merge(&mut settings, more);
    folk::settings(settings)
}

async fn world(rule_more: Value, more: Value) -> World {
    World::with(settings(rule_more, more)).await
}

/// Somebody of the staff; `more` credentials beside the password.
fn staff(more: Value) -> Value {
    person(json!({"email": MAIL, "name": STAFF}), more)
}

async fn signed_in_app(world: &World) -> Client<'_> {
    let mut app = Client::app(world);
    let answer = app.sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    app
}

/// The groups of a form, each once, but for what all methods share.
fn groups(flow: &Value) -> Vec<String> {
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    let named = nodes
        .iter()
        .map(|n| n["group"].as_str().unwrap().to_owned());
    let mut groups: Vec<String> = named.filter(|g| g != "default").collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Refused with the way to set a factor up.
fn led_to_enrolment(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["error"]["id"], "session_aal2_required");
    let to = body["redirect_browser_to"].as_str().unwrap();
    let path = "/self-service/settings/browser";
    assert!(to.contains(path), "{to}");
    let next = body["bia"]["next"]["url"].as_str().unwrap();
    assert!(next.ends_with("/self-service/settings/api"), "{next}");
}

/// Refused with the way to a login flow.
fn led_to_login(answer: &Answer, query: &str) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["error"]["id"], "session_aal2_required");
    let to = body["redirect_browser_to"].as_str().unwrap();
    let way = format!("/self-service/login/browser?{query}");
    assert!(to.contains(&way), "{to}");
}

#[tokio::test]
async fn whom_no_rule_is_about_notices_nothing() {
    let world = world(json!({}), json!({})).await;
    let customer = person(json!({"email": MAIL, "name": "customer"}), json!({}));
    let id = world.create(&customer).await;
    let mut app = Client::app(&world);
    let answer = app.sign_in(MAIL, PASSWORD).await.json();
    assert_eq!(answer.get("bia"), None);
    assert_eq!(answer["session"].get("bia"), None);
    let session = app.json("/sessions/whoami").await;
    assert_eq!(session.get("bia"), None);
    assert_eq!(world.whole(&id).await.get("bia"), None);
    let flow = app.begin("settings", "").await;
    assert_eq!(
        groups(&flow),
        ["lookup_secret", "password", "profile", "totp"]
    );
}
