//! Addresses and their verification.
//!
//! | report | where it is proven |
//! |---|---|
//! | B02 | `verification/login_with_one_of_two_verified`; more than one is asked for where that is wanted: [`an_operator_chooses_which_addresses_have_to_be_verified`] |
//! | B04 | [`an_imported_address_counts_however_it_is_spelled`] |
//! | B05 | [`an_address_in_a_replacement_is_taken_over_or_refused`] |
//! | B07 | [`changes_that_concern_no_address_send_no_mail`] |
//! | B08 | [`of_two_mails_the_newer_counts_by_code_and_by_link`] |
//! | B09 | [`what_takes_the_place_of_a_used_link_still_leads_where_it_led`] |
//! | B10 | [`an_expired_flow_of_an_app_is_replaced_by_one_that_the_app_can_use`]; the status is the reference's (`verification/expired_flow`) |
//! | B11 | [`an_address_that_an_operator_changes_waits_until_it_is_asked_for`], [`an_operator_has_an_address_verified`] |
//! | B12 | [`whoever_has_to_verify_first_keeps_the_way_back`]; for an OAuth2 server verifying finishes the login: [`verifying_finishes_the_login_that_an_oauth2_server_waits_for`], but for nobody else: [`verifying_elsewhere_finishes_nobodys_login`] |

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, flow_in, messages, parameter, value_of};
use crate::folk::{MAIL, OTHER, PASSWORD, enrol, person, town};
use crate::peer::{Peer, Reply};
use crate::world::{World, code_in, link_in};

const ELSEWHERE: &str = "http://app.example.org/welcome";

fn address<'a>(identity: &'a Value, value: &str) -> &'a Value {
    let all = identity["verifiable_addresses"].as_array().unwrap();
    let found = all.iter().find(|a| a["value"] == value);
    found.unwrap_or_else(|| panic!("{value} is not among {all:?}"))
}

#[tokio::test]
async fn an_imported_address_counts_however_it_is_spelled() {
    let world = town(json!({})).await;
    let verified = |value: &str| json!([{"value": value, "via": "email", "verified": true, "status": "completed", "verified_at": "2020-02-02T02:02:02Z"}]);
    for (at, (in_traits, in_address)) in [
        ("test-{}@example.org", "Test-{}@Example.org"),
        ("Test-{}@Example.Org", "test-{}@example.org"),
        ("Test-{}@Example.Org", " TEST-{}@EXAMPLE.ORG "),
    ]
    .into_iter()
    .enumerate()
    {
        let spelled = |text: &str| text.replace("{}", &at.to_string());
        let mut body = person(json!({"email": spelled(in_traits)}), json!({}));
        body["verifiable_addresses"] = verified(&spelled(in_address));
        let id = world.create(&body).await;
        let stored = world.whole(&id).await;
        let stored = address(&stored, &format!("test-{at}@example.org"));
        assert_eq!(stored["verified"], true, "{in_traits} {in_address}");
        assert_eq!(stored["status"], "completed");
        assert_eq!(stored["verified_at"], "2020-02-02T02:02:02Z");
    }

    // The same where an identity is changed in parts: the address is typed anew, in capitals.
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let typed = json!([{"value": MAIL.to_uppercase(), "via": "email", "verified": true, "status": "completed"}]);
    let patch = json!([{"op": "replace", "path": "/verifiable_addresses", "value": typed}]);
    let path = format!("/admin/identities/{id}");
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(address(&answer.json(), MAIL)["verified"], true);
}

#[tokio::test]
async fn an_address_in_a_replacement_is_taken_over_or_refused() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let path = format!("/admin/identities/{id}");
    let mut body = json!({"schema_id": "default", "state": "active", "traits": {"email": MAIL}});
    body["verifiable_addresses"] =
        json!([{"value": MAIL, "via": "email", "verified": true, "status": "completed"}]);
    let answer = world.call("PUT", &path, body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let stored = world.whole(&id).await;
    assert_eq!(address(&stored, MAIL)["verified"], true);
    assert_eq!(address(&stored, MAIL)["status"], "completed");

    // A replacement that does not speak of addresses leaves them as they are.
    let before = address(&stored, MAIL).clone();
    body.as_object_mut().unwrap().remove("verifiable_addresses");
    world.call("PUT", &path, body.to_string()).await;
    assert_eq!(address(&world.whole(&id).await, MAIL), &before);

    for odd in [json!([{"value": MAIL, "colour": "red"}]), json!("x")] {
        body["verifiable_addresses"] = odd;
        let answer = world.call("PUT", &path, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    }
}

#[tokio::test]
async fn changes_that_concern_no_address_send_no_mail() {
    let world = town(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let body = json!({"method": "password", "traits": {"email": MAIL}, "password": PASSWORD});
    let answer = app.submit(&flow, body).await.json();
    app.token = answer["session_token"].as_str().unwrap().to_owned();
    assert_eq!(world.mails(MAIL).await.len(), 1, "of the registration");

    enrol(&world, &mut app).await;
    assert_eq!(world.mails(MAIL).await.len(), 1, "an authenticator app");
    let flow = app.begin("settings", "").await;
    let changes = [
        json!({"method": "password", "password": OTHER}),
        json!({"method": "profile", "traits": {"email": MAIL, "name": "Somebody"}}),
        json!({"totp_unlink": true}),
        json!({"lookup_secret_regenerate": true}),
        json!({"lookup_secret_confirm": true}),
    ];
    for change in changes {
        let answer = app.submit(&flow, change.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{change}: {}", answer.body);
        assert_eq!(world.mails(MAIL).await.len(), 1, "{change}");
    }
    Client::app(&world).sign_in(MAIL, OTHER).await;
    assert_eq!(world.mails(MAIL).await.len(), 1, "a sign-in");

    // What does concern an address is told to that address alone.
    let flow = app.begin("settings", "").await;
    let body =
        json!({"method": "profile", "traits": {"email": MAIL, "second": "second@example.org"}});
    app.submit(&flow, body).await;
    assert_eq!(world.mails(MAIL).await.len(), 1);
    assert_eq!(world.mails("second@example.org").await.len(), 1);
}

#[tokio::test]
async fn of_two_mails_the_newer_counts_by_code_and_by_link() {
    let world = town(json!({})).await;
    for by_link in [false, true] {
        let email = format!("user-{by_link}@example.org");
        let id = world
            .create(&person(json!({"email": email}), json!({})))
            .await;
        let mut browser = Client::browser(&world);
        let flow = browser.begin("verification", "").await;
        let asked = json!({"method": "code", "email": email});
        browser.submit(&flow, asked.clone()).await;
        let flow = browser
            .flow("verification", flow["id"].as_str().unwrap())
            .await;
        browser.submit(&flow, asked).await;
        let mails = world.mails(&email).await;
        assert_eq!(mails.len(), 2);
        for (mail, counts) in mails.iter().zip([false, true]) {
            let flow = if by_link {
                let page = browser.get(&link_in(mail)).await;
                browser.led_to("verification", &page).await
            } else {
                let id = flow["id"].as_str().unwrap();
                browser.flow("verification", id).await
            };
            if by_link {
                assert_eq!(value_of(&flow, "code"), code_in(mail), "filled in");
            }
            let body = json!({"method": "code", "code": code_in(mail)});
            let answer = browser.submit(&flow, body).await;
            let flow = browser.led_to("verification", &answer).await;
            let expected = if counts { 1_080_002 } else { 4_070_006 };
            assert_eq!(messages(&flow), [expected], "by link: {by_link}");
            let whole = world.whole(&id).await;
            assert_eq!(address(&whole, &email)["verified"], counts);
        }
    }
}

#[tokio::test]
async fn what_takes_the_place_of_a_used_link_still_leads_where_it_led() {
    for method in ["link", "code"] {
        let chosen = json!({"selfservice": {"flows": {"verification": {"use": method}}}});
        let world = town(chosen).await;
        let mut browser = Client::browser(&world);
        let query = format!("?after_verification_return_to={ELSEWHERE}");
        let flow = browser.begin("registration", &query).await;
        let body = json!({"method": "password", "traits": {"email": MAIL}, "password": PASSWORD});
        browser.submit(&flow, body).await;
        let link = world.link(MAIL).await;
        let page = browser.get(&link).await;
        let mut flow = browser.led_to("verification", &page).await;
        if method == "code" {
            let body = json!({"method": "code", "code": world.code(MAIL).await});
            let answer = browser.submit(&flow, body).await;
            flow = browser.led_to("verification", &answer).await;
        }
        assert_eq!(flow["ui"]["action"], ELSEWHERE, "{method}");

        let again = browser.get(&link).await;
        let new = browser.led_to("verification", &again).await;
        assert_ne!(new["id"], flow["id"]);
        assert_eq!(messages(&new).len(), 1);
        assert_eq!(new["return_to"], ELSEWHERE, "{method}");
    }
}

#[tokio::test]
async fn an_expired_flow_of_an_app_is_replaced_by_one_that_the_app_can_use() {
    let world = town(json!({})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    for kind in ["verification", "recovery"] {
        let mut app = Client::app(&world);
        let old = app.begin(kind, "").await;
        world.app.clock.advance(time::Duration::hours(2));
        let asked = json!({"method": "code", "email": MAIL});
        let answer = app.submit(&old, asked.clone()).await;
        let id = parameter(answer.header("location").unwrap(), "id").unwrap();
        let new = app.flow(kind, &id).await;
        assert_eq!(new["type"], "api", "{kind}");
        let answer = app.submit(&new, asked).await;
        assert_eq!(answer.json()["state"], "sent_email", "{kind}");
        let body = json!({"method": "code", "code": world.code(MAIL).await});
        assert!(app.submit(&new, body).await.status.as_u16() < 500);
    }
}

#[tokio::test]
async fn an_address_that_an_operator_changes_waits_until_it_is_asked_for() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let new = "user-2@example.org";
    let patch = json!([{"op": "replace", "path": "/traits/email", "value": new}]);
    let path = format!("/admin/identities/{id}");
    world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(world.mails(new).await.len(), 0);
    assert_eq!(address(&world.whole(&id).await, new)["status"], "pending");
    verify(&world, new).await;
    assert_eq!(address(&world.whole(&id).await, new)["verified"], true);
}

#[tokio::test]
async fn an_operator_has_an_address_verified() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let call = async |body: Value| {
        let path = "/admin/bia/verification/code";
        world.call("POST", path, body.to_string()).await
    };
    let made = call(json!({"identity_id": id, "flow_type": "api", "expires_in": "2h"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let made = made.json();
    assert_eq!(
        world.mails(MAIL).await.len(),
        0,
        "the operator hands it out"
    );
    let flow = flow_in(made["verification_link"].as_str().unwrap()).unwrap();
    let mut app = Client::app(&world);
    let flow = app.flow("verification", &flow).await;
    let wrong = app
        .submit(&flow, json!({"method": "code", "code": "000000"}))
        .await;
    assert_eq!(messages(&wrong.json()), [4_070_006], "{}", wrong.body);
    let right = json!({"method": "code", "code": made["verification_code"]});
    let answer = app.submit(&flow, right).await;
    assert_eq!(
        answer.json()["state"],
        "passed_challenge",
        "{}",
        answer.body
    );
    assert_eq!(address(&world.whole(&id).await, MAIL)["verified"], true);

    // Now none is left; one that is named may be verified again, and its owner may be asked.
    let answer = call(json!({"identity_id": id})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let answer =
        call(json!({"identity_id": id, "address": MAIL.to_uppercase(), "send": true})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let made = answer.json();
    assert_eq!(made.get("verification_code"), None);
    let flow = flow_in(made["verification_link"].as_str().unwrap()).unwrap();
    let mut browser = Client::browser(&world);
    let flow = browser.flow("verification", &flow).await;
    let code = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = browser.submit(&flow, code).await;
    let flow = browser.led_to("verification", &answer).await;
    assert_eq!(flow["state"], "passed_challenge");
}

#[tokio::test]
async fn an_operator_who_asks_for_what_is_not_there_is_told() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(
            json!({"email": MAIL, "second": "user-2@example.org"}),
            json!({}),
        ))
        .await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (body, status) in [
        (json!({"identity_id": id}), StatusCode::BAD_REQUEST),
        (
            json!({"identity_id": id, "address": "user-3@example.org"}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"identity_id": id, "address": MAIL, "expires_in": "-1h"}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"identity_id": id, "address": MAIL, "expires_in": "1h", "send": true}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"identity_id": id, "address": MAIL, "flow_type": "spa"}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"identity_id": id, "address": MAIL, "via": "sms"}),
            StatusCode::BAD_REQUEST,
        ),
        (
            json!({"identity_id": nobody, "address": MAIL}),
            StatusCode::NOT_FOUND,
        ),
        (json!({}), StatusCode::BAD_REQUEST),
    ] {
        let path = "/admin/bia/verification/code";
        let answer = world.call("POST", path, body.to_string()).await;
        assert_eq!(answer.status, status, "{body} {}", answer.body);
    }
    assert_eq!(world.mails(MAIL).await.len(), 0);
}

#[tokio::test]
async fn an_operator_chooses_which_addresses_have_to_be_verified() {
    let second = "user-2@example.org";
    for (rule, lets_in) in [
        ("any", [false, true, true, true]),
        ("identifier", [false, true, false, true]),
        ("all", [false, false, false, true]),
    ] {
        let hook = json!({"hooks": [{"hook": "require_verified_address"}]});
        let world = town(json!({
            "selfservice": {"flows": {"login": {"after": {"password": hook}}}},
            "bia": {"require_verified_address": rule},
        }))
        .await;
        let traits = json!({"email": MAIL, "second": second});
        let id = world.create(&person(traits, json!({}))).await;
        for (verified, lets_in) in [
            (vec![], lets_in[0]),
            (vec![MAIL], lets_in[1]),
            (vec![second], lets_in[2]),
            (vec![MAIL, second], lets_in[3]),
        ] {
            set_verified(&world, &id, &verified).await;
            let mut app = Client::app(&world);
            let flow = app.begin("login", "").await;
            let body = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
            let answer = app.submit(&flow, body).await;
            assert_eq!(
                answer.status == StatusCode::OK,
                lets_in,
                "{rule} {verified:?} {}",
                answer.body
            );
        }
    }
}

/// Says which of somebody's two addresses are verified.
async fn set_verified(world: &World, id: &str, verified: &[&str]) {
    let all = [MAIL, "user-2@example.org"];
    let all = all.map(|value| {
        let done = verified.contains(&value);
        let status = if done { "completed" } else { "pending" };
        json!({"value": value, "via": "email", "verified": done, "status": status})
    });
    let patch = json!([{"op": "replace", "path": "/verifiable_addresses", "value": all}]);
    let path = format!("/admin/identities/{id}");
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

/// Somebody verifies an address by a code.
async fn verify(world: &World, email: &str) {
    let mut app = Client::app(world);
    let flow = app.begin("verification", "").await;
    let asked = json!({"method": "code", "email": email});
    app.submit(&flow, asked).await;
    let body = json!({"method": "code", "code": world.code(email).await});
    let answer = app.submit(&flow, body).await;
    assert_eq!(
        answer.json()["state"],
        "passed_challenge",
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn whoever_has_to_verify_first_keeps_the_way_back() {
    let hook = json!({"hooks": [{"hook": "require_verified_address"}]});
    let strict = json!({"selfservice": {"flows": {"login": {"after": {"password": hook}}}}});
    let world = town(strict).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut browser = Client::browser(&world);
    let flow = browser
        .begin("login", &format!("?return_to={ELSEWHERE}"))
        .await;
    let body = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = browser.submit(&flow, body).await;
    let id = flow_in(answer.header("location").unwrap()).unwrap();
    let flow = browser.flow("verification", &id).await;
    assert_eq!(flow["return_to"], ELSEWHERE);
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = browser.submit(&flow, body).await;
    let flow = browser.led_to("verification", &answer).await;
    assert_eq!(flow["ui"]["action"], ELSEWHERE);
    let answer = browser.sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.header("location"), Some("http://app.example.org/"));
}

/// Where the OAuth2 server sends the browser.
const CONSENT: &str = "http://oauth2.example.org/consent";

/// A server for an OAuth2 server that answers everything with one document, where who signs in needs a verified address.
async fn strict_town(oauth2: &Peer) -> World {
    oauth2.answers([Reply::Json(
        200,
        json!({
            "challenge": "a-challenge",
            "skip": false,
            "subject": "",
            "request_url": "http://oauth2.example.org/auth",
            "client": {"client_id": "a-client"},
            "redirect_to": CONSENT,
        }),
    )]);
    let hook = json!({"hooks": [{"hook": "require_verified_address"}]});
    let world = town(json!({
        "oauth2_provider": {"url": oauth2.url},
        "selfservice": {"flows": {"login": {"after": {"password": hook}}}},
    }))
    .await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    world
}

/// Signs in for the OAuth2 server and is led to a verification.
async fn interrupted(browser: &mut Client<'_>) -> Value {
    let flow = browser.begin("login", "?login_challenge=a-challenge").await;
    let body = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = browser.submit(&flow, body).await;
    browser.led_to("verification", &answer).await
}

#[tokio::test]
async fn verifying_finishes_the_login_that_an_oauth2_server_waits_for() {
    let oauth2 = Peer::start().await;
    let world = strict_town(&oauth2).await;
    let mut browser = Client::browser(&world);
    let flow = interrupted(&mut browser).await;
    assert_eq!(
        browser.refused("/sessions/whoami").await["error"]["code"],
        401
    );
    oauth2.take();

    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = browser.submit(&flow, body.clone()).await;
    assert_eq!(answer.header("location"), Some(CONSENT), "{}", answer.body);
    let accepted = oauth2.take().pop().expect("the acceptance").json();
    let session = browser.json("/sessions/whoami").await;
    assert_eq!(accepted["subject"], session["identity"]["id"]);
    assert_eq!(accepted["identity_provider_session_id"], session["id"]);
    assert_eq!(accepted["amr"], json!(["password"]));

    // Once: the code is used up, and what it held with it.
    let answer = browser.submit(&flow, body).await;
    assert_ne!(answer.header("location"), Some(CONSENT), "{}", answer.body);
    assert!(oauth2.take().iter().all(|call| call.body.is_empty()));
}

#[tokio::test]
async fn verifying_by_ajax_finishes_such_a_login_as_well() {
    let oauth2 = Peer::start().await;
    let world = strict_town(&oauth2).await;
    let mut script = Client::script(&world);
    let flow = script.begin("login", "?login_challenge=a-challenge").await;
    let body = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    let answer = script.submit(&flow, body).await.json();
    let id = answer["error"]["details"]["continue_with"][0]["flow"]["id"].clone();
    let flow = script.flow("verification", id.as_str().unwrap()).await;
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = script.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let nodes = answer.json()["ui"]["nodes"].clone();
    let way_on = nodes
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["type"] == "a");
    assert_eq!(way_on.unwrap()["attributes"]["href"], CONSENT);
    let session = script.json("/sessions/whoami").await;
    assert_eq!(session["identity"]["traits"]["email"], MAIL);
}

#[tokio::test]
async fn verifying_elsewhere_finishes_nobodys_login() {
    let oauth2 = Peer::start().await;
    let world = strict_town(&oauth2).await;
    let mut browser = Client::browser(&world);
    interrupted(&mut browser).await;

    // The mail is read on another device: its link leads to the form there.
    let link = world.link(MAIL).await;
    oauth2.take();
    let mut other = Client::browser(&world);
    let path = &link[link.find("/self-service").unwrap()..];
    let answer = other.get(path).await;
    let flow = other.led_to("verification", &answer).await;
    let code = value_of(&flow, "code");
    let body = json!({"method": "code", "code": code});
    let answer = other.submit(&flow, body).await;
    let there = answer.header("location").unwrap();
    assert!(
        there.contains("/self-service/login/browser?login_challenge=a-challenge"),
        "{there}"
    );
    assert_eq!(
        other.refused("/sessions/whoami").await["error"]["code"],
        401
    );
    assert_eq!(
        browser.refused("/sessions/whoami").await["error"]["code"],
        401
    );
    assert!(oauth2.take().is_empty());
}
