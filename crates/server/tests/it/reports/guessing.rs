//! Reports on guessing.
//!
//! | Report | Where |
//! |---|---|
//! | B23 | [`a_hundred_wrong_passwords_open_nothing`]; the other stories here say what must not follow from it |

use std::sync::Arc;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, value_of};
use crate::databases::on_each_database;
use crate::folk::{self, KEY, MAIL, PASSWORD, authenticator, code_now, person, town};
use crate::place::Place;
use crate::world::{Answer, World};

on_each_database!(
    a_hundred_wrong_passwords_open_nothing,
    fifty_at_once_get_no_further_than_fifty_one_after_the_other,
);

const WRONG: StatusCode = StatusCode::BAD_REQUEST;
const LOCKED: StatusCode = StatusCode::TOO_MANY_REQUESTS;

/// Few attempts, and waits that no test sits out.
fn few() -> Value {
    json!({"attempts": 3, "window": "2h", "delay": "10m", "max_delay": "1h"})
}

fn limits(more: Value) -> Value {
    let limits = json!({"password": few(), "totp": few(), "lookup_secret": few(), "code": few()});
    let mut settings = json!({"bia": {"abuse": limits}});
    crate::world::merge(&mut settings, more);
    settings
}

async fn try_password(world: &World, identifier: &str, password: &str) -> Answer {
    Client::app(world).sign_in(identifier, password).await
}

/// What an answer says, but for the seconds that are left.
fn gist(answer: &Answer) -> (StatusCode, String, bool) {
    let mut error = answer.json()["error"].take();
    if let Some(help) = error["bia"].as_object_mut() {
        // Each request has a name of its own.
        help.remove("request");
    }
    let body = error.to_string();
    let body = body.chars().filter(|c| !c.is_ascii_digit()).collect();
    (answer.status, body, answer.header("retry-after").is_some())
}

/// How many seconds an answer asks to wait.
fn wait(answer: &Answer) -> i64 {
    assert_eq!(answer.status, LOCKED, "{}", answer.body);
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["id"], &error["code"]),
        (&json!("too_many_attempts"), &json!(429))
    );
    assert_eq!(answer.header("ory-error-id"), Some("too_many_attempts"));
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(error["details"]["retry_after_seconds"], seconds);
    seconds
}

async fn a_hundred_wrong_passwords_open_nothing(place: &Place) {
    let settings = || folk::settings(json!({"bia": {"abuse": {"password": {"delay": "10m"}}}}));
    let mut replicas = [
        place.replica(settings()).await,
        place.replica(settings()).await,
    ];
    let somebody = person(json!({"email": MAIL}), json!({}));
    replicas[0].create(&somebody).await;
    let mut seen = Vec::new();
    for n in 0..100 {
        if n == 50 {
            replicas = [
                place.replica(settings()).await,
                place.replica(settings()).await,
            ];
        }
        let (world, guess) = (&replicas[n % 2], format!("wrong-password-{n}"));
        let known = try_password(world, MAIL, &guess).await;
        let unknown = try_password(world, "nobody@example.org", &guess).await;
        assert_eq!(gist(&known), gist(&unknown), "{n}");
        assert_eq!(
            known.status,
            if n < 10 { WRONG } else { LOCKED },
            "{n}: {}",
            known.body
        );
        seen.push(known);
    }
    assert_eq!(messages(&seen[9].json()), [4_000_006]);
    for world in &replicas {
        let right = try_password(world, MAIL, PASSWORD).await;
        assert_eq!(gist(&right), gist(&seen[99]));
        assert!((500..=600).contains(&wait(&right)));
        // Nothing but this account is locked.
        let other = person(
            json!({"email": format!("{}@example.org", uuid::Uuid::new_v4())}),
            json!({}),
        );
        world.create(&other).await;
        let mail = other["traits"]["email"].as_str().unwrap();
        assert_eq!(
            try_password(world, mail, PASSWORD).await.status,
            StatusCode::OK
        );
    }
    for world in &replicas {
        world.app.clock.advance(time::Duration::minutes(11));
    }
    for world in &replicas {
        let right = try_password(world, MAIL, PASSWORD).await;
        assert_eq!(right.status, StatusCode::OK, "{}", right.body);
    }
}

async fn fifty_at_once_get_no_further_than_fifty_one_after_the_other(place: &Place) {
    let world = place.replica(folk::settings(limits(json!({})))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let tries = (0..50).map(|n| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            try_password(&world, MAIL, &format!("wrong-{n}"))
                .await
                .status
        })
    });
    let all = join_all(tries).await.into_iter().map(Result::unwrap);
    let statuses: Vec<StatusCode> = all.collect();
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(WRONG), count(LOCKED)), (3, 47), "{statuses:?}");
}

#[tokio::test]
async fn nothing_is_counted_where_nothing_is_configured_but_codes() {
    let world = town(json!({})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    for n in 0..15 {
        let answer = try_password(&world, MAIL, &format!("wrong-{n}")).await;
        assert_eq!(answer.status, WRONG);
    }
    assert_eq!(
        try_password(&world, MAIL, PASSWORD).await.status,
        StatusCode::OK
    );
    for n in 0..35 {
        let answer = guess_recovery_code(&world, MAIL, "000000").await;
        let expected = if n < 30 { StatusCode::OK } else { LOCKED };
        assert_eq!(answer.status, expected, "{n}: {}", answer.body);
    }
}

#[tokio::test]
async fn waits_grow_and_who_is_right_begins_anew() {
    let world = town(limits(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut waits = Vec::new();
    for n in 0..6 {
        let answer = try_password(&world, MAIL, "wrong").await;
        assert_eq!(answer.status, WRONG, "{n}: {}", answer.body);
        if n >= 2 {
            let locked = try_password(&world, MAIL, PASSWORD).await;
            waits.push((wait(&locked) + 30) / 60);
            world
                .app
                .clock
                .advance(time::Duration::seconds(wait(&locked)));
        }
    }
    assert_eq!(waits, [10, 20, 40, 60]);
    assert_eq!(
        try_password(&world, MAIL, PASSWORD).await.status,
        StatusCode::OK
    );
    for _ in 0..2 {
        assert_eq!(try_password(&world, MAIL, "wrong").await.status, WRONG);
    }
    assert_eq!(
        try_password(&world, MAIL, PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_identifier_is_one_however_it_is_typed() {
    let world = town(limits(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    for typed in [MAIL, "USER-1@example.org", " user-1@Example.org"] {
        assert_eq!(try_password(&world, typed, "wrong").await.status, WRONG);
    }
    assert_eq!(try_password(&world, MAIL, PASSWORD).await.status, LOCKED);
}

#[tokio::test]
async fn a_browser_finds_the_wait_in_its_form_and_loses_nothing() {
    let world = town(limits(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut browser = Client::browser(&world);
    let flow = browser.begin("login", "").await;
    let body =
        |password: &str| json!({"method": "password", "identifier": MAIL, "password": password});
    for _ in 0..3 {
        browser.submit(&flow, body("wrong")).await;
    }
    let answer = browser.submit(&flow, body(PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let shown = browser.led_to("login", &answer).await;
    assert_eq!(
        (messages(&shown), &shown["id"]),
        (vec![4_900_001], &flow["id"])
    );
    assert_eq!(value_of(&shown, "identifier"), MAIL);
    assert_eq!(value_of(&shown, "password"), Value::Null);
    let context = &shown["ui"]["messages"][0]["context"];
    assert!(context["retry_after_seconds"].as_u64().unwrap() > 500);

    let mut script = Client::script(&world);
    let flow = script.begin("login", "").await;
    let answer = script.submit(&flow, body(PASSWORD)).await;
    assert!(wait(&answer) > 500);
    let help = &answer.json()["bia"];
    assert!(help["hint"].is_string() && help["next"]["text"].is_string());
    assert!(
        help["docs"]
            .as_str()
            .unwrap()
            .ends_with("/bia/explain/too_many_attempts")
    );

    world.app.clock.advance(time::Duration::minutes(11));
    let answer = script.submit(&flow, body(PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn what_is_not_a_guess_is_not_counted() {
    let world = town(limits(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut script = Client::script(&world);
    let flow = script.begin("login", "").await;
    let forged =
        json!({"method": "password", "identifier": MAIL, "password": "x", "csrf_token": "x"});
    for _ in 0..5 {
        let action = flow["ui"]["action"].as_str().unwrap();
        assert_eq!(
            script.post(action, &forged).await.status,
            StatusCode::FORBIDDEN
        );
        let empty = json!({"method": "password", "identifier": MAIL, "password": ""});
        assert_eq!(script.submit(&flow, empty).await.status, WRONG);
    }
    assert_eq!(
        try_password(&world, MAIL, PASSWORD).await.status,
        StatusCode::OK
    );
}

/// Signed in by a password, with a flow for the second factor.
async fn at_the_second_step(world: &World) -> (Client<'_>, Value) {
    let mut app = Client::app(world);
    let answer = app.sign_in(MAIL, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let flow = app.begin("login", "?aal=aal2").await;
    (app, flow)
}

#[tokio::test]
async fn second_factors_are_guessed_at_three_times_whatever_the_session() {
    let backup = json!({"lookup_secret": {"config": {"codes": [{"code": "right-code"}]}}});
    for (method, field, credential) in [
        ("totp", "totp_code", authenticator()),
        ("lookup_secret", "lookup_secret", backup),
    ] {
        let world = town(limits(json!({}))).await;
        world
            .create(&person(json!({"email": MAIL}), credential))
            .await;
        let right = |world: &World| match method {
            "totp" => code_now(world, KEY),
            _ => "right-code".to_owned(),
        };
        for _ in 0..3 {
            let (mut app, flow) = at_the_second_step(&world).await;
            let answer = app
                .submit(&flow, json!({"method": method, field: "000000"}))
                .await;
            assert_eq!(answer.status, WRONG, "{method}: {}", answer.body);
        }
        let (mut app, flow) = at_the_second_step(&world).await;
        let answer = app
            .submit(&flow, json!({"method": method, field: right(&world)}))
            .await;
        assert!(wait(&answer) > 500, "{method}");
        world.app.clock.advance(time::Duration::minutes(11));
        let answer = app
            .submit(&flow, json!({"method": method, field: right(&world)}))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{method}: {}", answer.body);
    }
}

/// Asks for a code in a new flow, and sends another one than came.
async fn guess_recovery_code(world: &World, address: &str, code: &str) -> Answer {
    guess_code(world, "recovery", address, code).await
}

async fn guess_code(world: &World, kind: &str, address: &str, code: &str) -> Answer {
    let mut app = Client::app(world);
    let flow = app.begin(kind, "").await;
    let flow = app.submit(&flow, asking(kind, address)).await.json();
    let mut body = asking(kind, address);
    if kind == "recovery" || kind == "verification" {
        body.as_object_mut().unwrap().remove("email");
    }
    body["code"] = code.into();
    app.submit(&flow, body).await
}

fn asking(kind: &str, address: &str) -> Value {
    match kind {
        "login" => json!({"method": "code", "identifier": address}),
        "registration" => json!({"method": "code", "traits": {"email": address}}),
        _ => json!({"method": "code", "email": address}),
    }
}

#[tokio::test]
async fn codes_are_guessed_at_three_times_in_whatever_flows() {
    for kind in ["login", "recovery", "verification"] {
        let world = town(limits(json!({}))).await;
        world
            .create(&person(json!({"email": MAIL}), json!({})))
            .await;
        for _ in 0..3 {
            let answer = guess_code(&world, kind, MAIL, "000000").await;
            assert_ne!(answer.status, LOCKED, "{kind}: {}", answer.body);
        }
        // The account has one budget, for all kinds of flows.
        for other in ["login", "recovery", "verification"] {
            let answer = guess_code(&world, other, MAIL, "000000").await;
            assert!(wait(&answer) > 500, "{kind}, {other}");
        }
        assert_eq!(
            try_password(&world, MAIL, PASSWORD).await.status,
            StatusCode::OK
        );
        world.app.clock.advance(time::Duration::minutes(11));
        let mut app = Client::app(&world);
        let flow = app.begin("recovery", "").await;
        let flow = app.submit(&flow, asking("recovery", MAIL)).await.json();
        let code = world.code(MAIL).await;
        let answer = app
            .submit(&flow, json!({"method": "code", "code": code}))
            .await;
        assert_eq!(answer.status, 422, "{}", answer.body);
    }
}

#[tokio::test]
async fn codes_for_addresses_that_nobody_has_are_counted_alike() {
    let world = town(limits(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let very_long = format!("{}@example.org", "x".repeat(300));
    for (kind, unknown) in [
        ("recovery", "nobody-1@example.org"),
        ("verification", very_long.as_str()),
    ] {
        for n in 0..4 {
            let known = guess_code(&world, kind, MAIL, "000000").await;
            let other = guess_code(&world, kind, unknown, "000000").await;
            assert_eq!(known.status, other.status, "{kind} {n}: {}", other.body);
            assert_eq!(known.status == LOCKED, n == 3, "{kind} {n}: {}", known.body);
        }
        let path = format!("/admin/identities/{}/bia/locks", id_of(&world).await);
        assert_eq!(
            world.admin("DELETE", &path, &[]).await.status,
            StatusCode::NO_CONTENT
        );
    }
    for n in 0..4 {
        let answer = guess_code(&world, "registration", "new@example.org", "000000").await;
        assert_eq!(answer.status == LOCKED, n == 3, "{n}: {}", answer.body);
    }
    let other = guess_code(&world, "registration", "other@example.org", "000000").await;
    assert_eq!(other.status, WRONG);
}

async fn id_of(world: &World) -> String {
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    all[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_signs_in_again_is_counted_and_keeps_the_session() {
    let world = town(limits(json!({}))).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("login", "?refresh=true").await;
    let body =
        |password: &str| json!({"method": "password", "identifier": MAIL, "password": password});
    for _ in 0..3 {
        assert_eq!(app.submit(&flow, body("wrong")).await.status, WRONG);
    }
    assert!(wait(&app.submit(&flow, body(PASSWORD)).await) > 500);
    assert_eq!(app.get("/sessions/whoami").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_operator_sees_what_was_tried_and_ends_the_wait() {
    let world = town(limits(json!({}))).await;
    let traits = json!({"email": MAIL, "username": "user-1"});
    let id = world.create(&person(traits, json!({}))).await;
    let path = format!("/admin/identities/{id}/bia/locks");
    assert_eq!(
        world.admin("GET", &path, &[]).await.json(),
        json!({"id": id, "locks": []})
    );
    for _ in 0..4 {
        try_password(&world, "user-1", "wrong").await;
    }
    guess_recovery_code(&world, MAIL, "000000").await;
    let told = world.admin("GET", &path, &[]).await.json();
    let locks = told["locks"].as_array().unwrap();
    let facts: Vec<_> = locks
        .iter()
        .map(|l| {
            (
                l["method"].clone(),
                l["identifier"].clone(),
                l["failures"].clone(),
                l["locked_until"].is_string(),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (json!("password"), json!("user-1"), json!(3), true),
            (json!("code"), Value::Null, json!(1), false),
        ]
    );
    let access = world
        .admin("GET", &format!("/admin/identities/{id}/bia/access"), &[])
        .await
        .json();
    assert_eq!(access["locks"], told["locks"]);
    assert_eq!(
        try_password(&world, "user-1", PASSWORD).await.status,
        LOCKED
    );
    // Another name of the same account is another thing to guess at.
    assert_eq!(
        try_password(&world, MAIL, PASSWORD).await.status,
        StatusCode::OK
    );

    let metrics = world
        .admin("GET", "/admin/metrics/prometheus", &[])
        .await
        .body;
    let line = metrics
        .lines()
        .find(|line| line.starts_with("bia_abuse_refused_total{"))
        .unwrap();
    assert!(
        line.contains(r#"subject="identifier""#) && line.contains(r#"method="password""#),
        "{line}"
    );
    assert!(line.ends_with(" 2"), "{line}");

    assert_eq!(
        world.admin("DELETE", &path, &[]).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        world.admin("GET", &path, &[]).await.json()["locks"],
        json!([])
    );
    assert_eq!(
        try_password(&world, "user-1", PASSWORD).await.status,
        StatusCode::OK
    );
    let nobody = "/admin/identities/0b5c1e2a-5f0e-4f54-8a55-3a1c6a9f0001/bia/locks";
    for method in ["GET", "DELETE"] {
        assert_eq!(
            world.admin(method, nobody, &[]).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

async fn try_from(world: &World, client: &str, identifier: &str, password: &str) -> StatusCode {
    let flow = world
        .public("GET", "/self-service/login/api", &[])
        .await
        .json();
    let path = flow["ui"]["action"]
        .as_str()
        .unwrap()
        .replace(crate::world::BASE, "");
    let body = json!({"method": "password", "identifier": identifier, "password": password});
    world.post_from(client, &path, &body).await.status
}

#[tokio::test]
async fn who_tries_many_accounts_is_stopped_by_where_they_are() {
    let mut abuse = json!({"address": few(), "network": few(), "exempt": ["198.51.100.0/24"]});
    abuse["network"]["attempts"] = 5.into();
    let world = town(json!({"bia": {"abuse": abuse}})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let sign_in = |client: &'static str| try_from(&world, client, MAIL, PASSWORD);
    for n in 0..3 {
        let name = format!("nobody-{n}@example.org");
        assert_eq!(try_from(&world, "203.0.113.9", &name, "wrong").await, WRONG);
        // An own account that is signed in to in between forgives nothing.
        assert_eq!(sign_in("203.0.113.8").await, StatusCode::OK);
    }
    assert_eq!(sign_in("203.0.113.9").await, LOCKED);
    // What the client itself wrote before the proxy's word does not help.
    assert_eq!(sign_in("192.0.2.1, 203.0.113.9").await, LOCKED);
    assert_eq!(sign_in("203.0.113.8").await, StatusCode::OK);
    for _ in 0..2 {
        assert_eq!(
            try_from(&world, "203.0.113.7", "nobody@example.org", "wrong").await,
            WRONG
        );
    }
    assert_eq!(sign_in("203.0.113.8").await, LOCKED);
    assert_eq!(sign_in("203.0.114.8").await, StatusCode::OK);
    for _ in 0..10 {
        assert_eq!(try_from(&world, "198.51.100.4", MAIL, "wrong").await, WRONG);
    }
    assert_eq!(sign_in("198.51.100.4").await, StatusCode::OK);
    world.app.clock.advance(time::Duration::minutes(11));
    assert_eq!(sign_in("203.0.113.9").await, StatusCode::OK);
}
