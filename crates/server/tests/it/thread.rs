//! The questions of the support thread that began this project, as curl and scripts put them: each answer says what
//! to do.

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages};
use crate::folk::{KEY, MAIL, PASSWORD, authenticator, code_now, person, town};
use crate::world::{BASE, World};

/// The help of an error or a flow.
fn help(body: &Value) -> &Value {
    let error = &body["error"]["bia"];
    if error.is_null() { &body["bia"] } else { error }
}

fn hint(body: &Value) -> &str {
    help(body)["hint"]
        .as_str()
        .unwrap_or_else(|| panic!("no hint in {body}"))
}

fn next(body: &Value) -> (&str, &str) {
    let next = &help(body)["next"];
    (
        next["method"].as_str().unwrap_or_default(),
        next["url"].as_str().unwrap_or_default(),
    )
}

/// What `docs` names can be read, and says something about the matter.
async fn reads_on(world: &World, body: &Value, word: &str) {
    let docs = help(body)["docs"].as_str().unwrap();
    let answer = world
        .public("GET", docs.strip_prefix(BASE).unwrap(), &[])
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{docs}");
    assert!(answer.body.contains(word), "{docs}: {}", answer.body);
}

fn says(body: &Value, words: &[&str]) {
    let hint = hint(body);
    for word in words {
        assert!(hint.contains(word), "{word:?} is not in {hint:?}");
    }
}

#[tokio::test]
async fn question_4_aal1_is_required_and_the_answer_says_which_request_comes_first() {
    let world = town(json!({})).await;
    let answer = world
        .public("GET", "/self-service/login/api?aal=aal2", &[])
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let body = answer.json();
    assert_eq!(body["error"]["id"], "session_aal1_required");
    says(
        &body,
        &[
            "Neither a session cookie (ory_kratos_session) nor a session token came",
            "No cookie came at all",
        ],
    );
    assert_eq!(
        next(&body),
        ("GET", "http://public.example.org/self-service/login/api")
    );
    reads_on(&world, &body, "X-Session-Token").await;
    let wrong = world
        .public(
            "GET",
            "/self-service/login/api?aal=aal2",
            &[("x-session-token", "nobody's")],
        )
        .await;
    says(
        &wrong.json(),
        &["The session token in the header is not valid"],
    );
}

#[tokio::test]
async fn question_5_a_missing_csrf_cookie_is_named_and_so_is_what_came_instead() {
    let world = town(json!({})).await;
    let mut script = Client::script(&world);
    let flow = script.begin("login", "").await;
    let path = flow["ui"]["action"]
        .as_str()
        .unwrap()
        .strip_prefix(BASE)
        .unwrap()
        .to_owned();
    let bare = world.post(&path, &json!({"method": "password", "identifier": MAIL, "password": PASSWORD, "csrf_token": "x"})).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN);
    let body = bare.json();
    assert_eq!(body["error"]["id"], "security_csrf_violation");
    says(
        &body,
        &[
            "The anti-CSRF cookie csrf_token_",
            "did not come",
            "No cookie came at all",
        ],
    );
    assert_eq!(
        next(&body),
        (
            "GET",
            "http://public.example.org/self-service/login/browser"
        )
    );
    assert!(
        help(&body)["next"]["text"]
            .as_str()
            .unwrap()
            .contains("curl -c jar -b jar")
    );
    let id = flow["id"].as_str().unwrap();
    let read = format!("/self-service/login/flows?id={id}");
    let other = format!("csrf_token_{}=abc; theme=dark", "0".repeat(64));
    let other = world
        .public(
            "GET",
            &read,
            &[("cookie", &other), ("accept", "application/json")],
        )
        .await;
    says(
        &other.json(),
        &["came instead", "another serve.public.base_url"],
    );
    let theme = world
        .public("GET", &read, &[("cookie", "theme=dark")])
        .await;
    says(&theme.json(), &["Only the cookie theme came"]);
}

#[tokio::test]
async fn question_6_a_second_factor_in_a_first_factor_flow_is_recognised() {
    let world = town(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("login", "").await;
    let answer = app
        .submit(&flow, json!({"method": "totp", "totp_code": "123456"}))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let body = answer.json();
    assert_eq!(messages(&body), [4_010_002]);
    says(
        &body,
        &[
            "The method totp is none of this flow's",
            "This flow takes: ",
            "password",
            "code",
            "aal=aal2",
        ],
    );
    assert_eq!(
        next(&body),
        (
            "GET",
            "http://public.example.org/self-service/login/api?aal=aal2"
        )
    );
    reads_on(&world, &body, "4010002").await;
    let nothing = app.submit(&flow, json!({"identifier": MAIL})).await;
    says(&nothing.json(), &["No method came with the form"]);
    assert_eq!(
        next(&nothing.json()),
        ("POST", flow["ui"]["action"].as_str().unwrap())
    );
}

#[tokio::test]
async fn question_8_a_recovery_by_script_ends_in_json_that_says_how_to_go_on() {
    let world = town(json!({})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut script = Client::script(&world);
    let flow = script.begin("recovery", "").await;
    let sent = script
        .submit(&flow, json!({"method": "code", "email": MAIL}))
        .await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    let code = world.code(MAIL).await;
    let done = script
        .submit(&sent.json(), json!({"method": "code", "code": code}))
        .await;
    assert_eq!(
        done.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        done.body
    );
    let body = done.json();
    assert!(
        body["redirect_browser_to"]
            .as_str()
            .unwrap()
            .starts_with("http://public.example.org/ui/settings?flow=")
    );
    assert_eq!(body["bia"]["next"], body["error"]["bia"]["next"]);
    let (method, url) = next(&body);
    assert_eq!(method, "GET");
    let settings = script.json(url.strip_prefix(BASE).unwrap()).await;
    assert_eq!(messages(&settings), [1_060_001]);
    assert!(
        settings["bia"].is_null(),
        "a form without an error needs no help"
    );
}

#[tokio::test]
async fn question_8_a_second_factor_after_the_first_by_script_goes_on_by_script() {
    let world = town(json!({})).await;
    world
        .create(&person(json!({"username": "alice"}), authenticator()))
        .await;
    let mut script = Client::script(&world);
    let first = script.sign_in("alice", PASSWORD).await;
    assert_eq!(
        first.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        first.body
    );
    let body = first.json();
    let (_, url) = next(&body);
    let flow = script.json(url.strip_prefix(BASE).unwrap()).await;
    let second = script
        .submit(
            &flow,
            json!({"method": "totp", "totp_code": code_now(&world, KEY)}),
        )
        .await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.body);
    assert_eq!(
        second.json()["session"]["authenticator_assurance_level"],
        "aal2"
    );
}

#[tokio::test]
async fn question_9_a_flow_of_another_account_is_said_to_be_one() {
    let world = town(json!({})).await;
    for name in ["alice", "bob"] {
        world
            .create(&person(json!({"username": name}), json!({})))
            .await;
    }
    let mut alice = Client::app(&world);
    alice.sign_in("alice", PASSWORD).await;
    let flow = alice.begin("settings", "").await;
    let mut bob = Client::app(&world);
    bob.sign_in("bob", PASSWORD).await;
    let answer = bob
        .submit(
            &flow,
            json!({"method": "profile", "traits": {"username": "bob", "name": "B"}}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["error"]["id"], "security_identity_mismatch");
    says(
        &body,
        &["another account than the one that this request is signed in as"],
    );
    assert!(!hint(&body).contains("alice"));
    let (_, url) = next(&body);
    let own = bob.json(url.strip_prefix(BASE).unwrap()).await;
    let saved = bob
        .submit(
            &own,
            json!({"method": "profile", "traits": {"username": "bob", "name": "B"}}),
        )
        .await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
}

#[tokio::test]
async fn question_11_a_cut_id_is_counted() {
    let world = town(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("login", "").await;
    let id = flow["id"].as_str().unwrap();
    let cut = &id[..35];
    let answer = world
        .post(
            &format!("/self-service/login?flow={cut}"),
            &json!({"method": "password"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let body = answer.json();
    says(&body, &["36 characters", "has 35"]);
    assert_eq!(
        next(&body).1,
        "http://public.example.org/self-service/login/browser"
    );
    reads_on(&world, &body, "36 characters").await;
    let none = world
        .post("/self-service/login", &json!({"method": "password"}))
        .await;
    says(&none.json(), &["The parameter flow did not come"]);
    let read = app
        .refused(&format!("/self-service/login/flows?id={cut}"))
        .await;
    says(&read, &["the parameter id has 35"]);
}

#[tokio::test]
async fn a_return_address_is_refused_with_the_rule_that_did() {
    let world = town(json!({})).await;
    for (address, why) in [
        (
            "https://evil.example.org/",
            "no entry of selfservice.allowed_return_urls has this host",
        ),
        ("https://app.example.org/", "another scheme"),
        ("http://app.example.org:8080/", "another port"),
    ] {
        let answer = world
            .public(
                "GET",
                &format!("/self-service/login/api?return_to={address}"),
                &[],
            )
            .await;
        let answer = if answer.status == StatusCode::OK {
            world
                .public(
                    "GET",
                    &format!("/self-service/login/browser?return_to={address}"),
                    &[("accept", "application/json")],
                )
                .await
        } else {
            answer
        };
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        says(&answer.json(), &[address, why]);
    }
}

#[tokio::test]
async fn whoever_does_not_want_help_gets_the_bodies_of_the_reference() {
    let world = town(json!({"bia": {"help": false}})).await;
    let answer = world.public("GET", "/sessions/whoami", &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.json()["error"]["bia"].is_null());
    let with = town(json!({})).await;
    let answer = with.public("GET", "/sessions/whoami", &[]).await;
    says(&answer.json(), &["Neither a session cookie"]);
}

#[tokio::test]
async fn a_hint_does_not_tell_who_has_an_account() {
    let world = town(json!({"selfservice": {"methods": {"code": {"config": {"missing_credential_fallback_enabled": true}}}}})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut answers = Vec::new();
    for (name, password) in [
        (MAIL, "wrong-horse-battery-42"),
        ("user-2@example.org", PASSWORD),
    ] {
        let mut app = Client::app(&world);
        let flow = app.begin("login", "").await;
        let answer = app
            .submit(
                &flow,
                json!({"method": "password", "identifier": name, "password": password}),
            )
            .await;
        assert_eq!(messages(&answer.json()), [4_000_006]);
        answers.push(hint(&answer.json()).to_owned());
    }
    assert_eq!(answers[0], answers[1]);
}
