//! Getting back into an account.
//!
//! | report | where it is proven |
//! |---|---|
//! | B49 | `recovery/code_in_an_spa__plain`, `…__newer`, `recovery/code_in_a_native_app__plain`, `…__newer` |
//! | B50 | `recovery/link_in_an_spa`, [`a_link_takes_the_place_of_somebody_elses_session`] |
//! | B51 | [`whoever_recovers_by_mail_has_verified_that_address_and_no_other`] |
//! | B52 | `recovery/return_to_in_a_browser`, [`a_recovery_leads_where_it_was_asked_to_or_where_the_operator_says`] |
//! | B53 | `recovery/code_in_a_native_app__plain`, `recovery/native_flow_in_a_browser__newer` |
//! | B55 | [`an_old_session_may_change_a_name_and_no_address`] |
//! | B56 | [`addresses_stored_in_capitals_keep_their_rows_and_recover`], [`odd_addresses_recover_and_add_no_recipients`] |

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{MAIL, OTHER, PASSWORD, person, schema, town};
use crate::world::{World, as_url};

const ELSEWHERE: &str = "http://app.example.org/welcome";

fn by_link() -> Value {
    json!({"selfservice": {"flows": {"recovery": {"use": "link"}}}})
}

/// Asks for a recovery message.
async fn ask(client: &mut Client<'_>, method: &str, email: &str, query: &str) -> Value {
    let flow = client.begin("recovery", query).await;
    let answer = client
        .submit(&flow, json!({"method": method, "email": email}))
        .await;
    assert!(answer.status.as_u16() < 400, "{}", answer.body);
    let id = flow["id"].as_str().unwrap();
    client.flow("recovery", id).await
}

#[tokio::test]
async fn a_link_takes_the_place_of_somebody_elses_session() {
    let world = town(by_link()).await;
    for email in [MAIL, "user-2@example.org"] {
        world
            .create(&person(json!({"email": email}), json!({})))
            .await;
    }
    ask(&mut Client::browser(&world), "link", MAIL, "").await;
    let link = world.link(MAIL).await;
    let mut browser = Client::browser(&world);
    browser.sign_in("user-2@example.org", PASSWORD).await;
    let page = browser.get(&link).await;
    let flow = browser.led_to("settings", &page).await;
    let whoami = browser.json("/sessions/whoami").await;
    assert_eq!(whoami["identity"]["traits"]["email"], MAIL);
    let answer = browser
        .submit(&flow, json!({"method": "password", "password": OTHER}))
        .await;
    let flow = browser.led_to("settings", &answer).await;
    assert_eq!(flow["state"], "success");
    for (email, password) in [(MAIL, OTHER), ("user-2@example.org", PASSWORD)] {
        let answer = Client::app(&world).sign_in(email, password).await;
        assert_eq!(answer.status, StatusCode::OK, "{email}: {}", answer.body);
    }
}

fn verified(identity: &Value) -> Vec<&str> {
    let all = identity["verifiable_addresses"].as_array().unwrap();
    let verified = all.iter().filter(|a| a["verified"] == true);
    verified.map(|a| a["value"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn whoever_recovers_by_mail_has_verified_that_address_and_no_other() {
    for method in ["code", "link"] {
        let hook = json!({"hooks": [{"hook": "require_verified_address"}]});
        let flows = json!({"login": {"after": {"password": hook}}, "recovery": {"use": method}});
        let world = town(json!({"selfservice": {"flows": flows}})).await;
        let traits = json!({"email": MAIL, "second": "second@example.org"});
        let id = world.create(&person(traits, json!({}))).await;
        let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");

        let mut browser = Client::browser(&world);
        let flow = ask(&mut browser, method, MAIL, "").await;
        let answer = if method == "code" {
            let body = json!({"method": "code", "code": world.code(MAIL).await});
            browser.submit(&flow, body).await
        } else {
            browser.get(&world.link(MAIL).await).await
        };
        let flow = browser.led_to("settings", &answer).await;
        let body = json!({"method": "password", "password": OTHER});
        browser.submit(&flow, body).await;
        assert_eq!(verified(&world.whole(&id).await), [MAIL], "{method}");
        let answer = Client::app(&world).sign_in(MAIL, OTHER).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_recovery_leads_where_it_was_asked_to_or_where_the_operator_says() {
    let after = "http://app.example.org/recovered";
    for method in ["code", "link"] {
        let recovery = json!({"use": method, "after": {"default_browser_return_url": after}});
        let world = town(json!({"selfservice": {"flows": {"recovery": recovery}}})).await;
        world
            .create(&person(json!({"email": MAIL}), json!({})))
            .await;
        let asked = format!("?return_to={ELSEWHERE}");
        for (query, expected) in [(asked.as_str(), ELSEWHERE), ("", after)] {
            let mut browser = Client::browser(&world);
            let flow = ask(&mut browser, method, MAIL, query).await;
            let mut other = Client::browser(&world);
            let answer = if method == "code" {
                let body = json!({"method": "code", "code": world.code(MAIL).await});
                browser.submit(&flow, body).await
            } else {
                other.get(&world.link(MAIL).await).await
            };
            let client = if method == "code" {
                &mut browser
            } else {
                &mut other
            };
            let flow = client.led_to("settings", &answer).await;
            assert_eq!(flow["return_to"], expected, "{method}");
            let change = json!({"method": "profile", "traits.email": MAIL, "traits.name": query});
            let answer = client.submit(&flow, change).await;
            assert_eq!(answer.header("location"), Some(expected), "{method}");
        }

        // What takes the place of a used one still leads there.
        let mut browser = Client::browser(&world);
        let flow = ask(&mut browser, method, MAIL, &asked).await;
        let code_or_link = if method == "code" {
            world.code(MAIL).await
        } else {
            world.link(MAIL).await
        };
        let mut new = Value::Null;
        for _ in 0..2 {
            let mut other = Client::browser(&world);
            let answer = if method == "code" {
                let flow = browser.flow("recovery", flow["id"].as_str().unwrap()).await;
                let body = json!({"method": "code", "code": code_or_link});
                browser.submit(&flow, body).await
            } else {
                other.get(&code_or_link).await
            };
            if answer.header("location").unwrap().contains("/recovery") {
                let client = if method == "code" {
                    &mut browser
                } else {
                    &mut other
                };
                new = client.led_to("recovery", &answer).await;
            }
        }
        assert_eq!(new["return_to"], ELSEWHERE, "{method}");
    }
}

#[tokio::test]
async fn an_old_session_may_change_a_name_and_no_address() {
    let short =
        json!({"selfservice": {"flows": {"settings": {"privileged_session_max_age": "1m"}}}});
    let world = town(short).await;
    let traits = json!({"email": MAIL, "backup": "backup@example.org", "second": "second@example.org", "name": "A"});
    world.create(&person(traits.clone(), json!({}))).await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    world.app.clock.advance(time::Duration::minutes(2));
    let flow = app.begin("settings", "").await;
    for (name, value, allowed) in [
        ("backup", json!("new@example.org"), false),
        ("second", json!("new@example.org"), false),
        ("email", json!("new@example.org"), false),
        ("username", json!("somebody"), false),
        ("backup", Value::Null, false),
        ("name", json!("B"), true),
        ("age", json!(42), true),
        ("backup", json!("BACKUP@example.org"), true),
    ] {
        let mut changed = traits.clone();
        changed[name] = value.clone();
        changed.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        let body = json!({"method": "profile", "traits": changed});
        let answer = app.submit(&flow, body).await;
        if allowed {
            assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.body);
        } else {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {value}");
            assert_eq!(answer.json()["error"]["id"], "session_refresh_required");
        }
    }
}

#[tokio::test]
async fn addresses_stored_in_capitals_keep_their_rows_and_recover() {
    let world = town(json!({})).await;
    let mut body = person(json!({"email": MAIL, "name": "A"}), json!({}));
    body["verifiable_addresses"] =
        json!([{"value": MAIL, "via": "email", "verified": true, "status": "completed"}]);
    let id = world.create(&body).await;
    let mut conn = world.app.store.write().await.unwrap();
    conn.script(
        "UPDATE identity_verifiable_addresses SET value = ' User-1@Example.org';
         UPDATE identity_recovery_addresses SET value = ' User-1@Example.org'",
    )
    .await
    .unwrap();
    drop(conn);
    let before = world.whole(&id).await;

    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("settings", "").await;
    let change = json!({"method": "profile", "traits": {"email": MAIL, "name": "B"}});
    let answer = app.submit(&flow, change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let after = world.whole(&id).await;
    for kind in ["verifiable_addresses", "recovery_addresses"] {
        assert_eq!(after[kind].as_array().unwrap().len(), 1, "{kind}");
        assert_eq!(after[kind][0]["id"], before[kind][0]["id"], "{kind}");
        assert_eq!(after[kind][0]["value"], MAIL, "{kind}");
    }
    assert_eq!(verified(&after), [MAIL]);
    assert_eq!(world.mails(MAIL).await.len(), 0, "nothing is new");

    recover(&world, "USER-1@EXAMPLE.ORG", MAIL).await;
}

/// Recovers by a code, in an app.
async fn recover(world: &World, typed: &str, stored: &str) {
    let mut app = Client::app(world);
    let flow = ask(&mut app, "code", typed, "").await;
    let body = json!({"method": "code", "code": world.code(stored).await});
    let answer = app.submit(&flow, body).await;
    assert_eq!(answer.status, 422, "{typed}: {}", answer.body);
}

#[tokio::test]
async fn odd_addresses_recover_and_add_no_recipients() {
    let mut lax = schema();
    let email = &mut lax["properties"]["traits"]["properties"]["email"];
    email["format"] = "no-validate".into();
    let lax = json!({"identity": {"schemas": [{"id": "default", "url": as_url(&lax)}]}});
    let world = town(lax).await;
    let odd = "a..b@example.org";
    world
        .create(&person(json!({"email": odd}), json!({})))
        .await;
    recover(&world, odd, odd).await;

    for more in [
        "a@example.org,b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org b@example.org",
        "<a@example.org>,<b@example.org>",
    ] {
        let mut app = Client::app(&world);
        let flow = app.begin("registration", "").await;
        let body = json!({"method": "password", "traits": {"email": more}, "password": PASSWORD});
        let answer = app.submit(&flow, body).await;
        assert!(answer.status.as_u16() < 500, "{more:?}: {}", answer.body);
        let mut app = Client::app(&world);
        let flow = app.begin("recovery", "").await;
        let answer = app
            .submit(&flow, json!({"method": "code", "email": more}))
            .await;
        assert!(answer.status.as_u16() < 500, "{more:?}: {}", answer.body);
        for to in ["a@example.org", "b@example.org"] {
            assert_eq!(world.mails(to).await.len(), 0, "{more:?}");
        }
    }
}
