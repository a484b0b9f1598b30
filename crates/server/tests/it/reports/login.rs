//! Signing in and signing up, and by what.
//!
//! | report | where it is proven |
//! |---|---|
//! | B14 | [`a_user_name_is_known_in_any_case_and_keeps_its_spelling`] |
//! | B15 | [`a_phone_number_is_one_identifier_however_it_is_written`], [`an_identifier_stored_before_is_found_as_it_was_typed_then`] |
//! | B18 | `races::one_address_in_any_case_signs_up_once`, `races::one_address_signs_up_once_by_codes_of_many_flows` |
//! | B19 | [`a_form_that_is_refused_keeps_what_was_typed_but_secrets`] |
//! | B20 | `code_login/unknown_identifier__mitigate`: the reference tells even then, but writes to nobody |
//! | B21 | `hidden_accounts`, with `bia.registration.hide_existing_accounts`; without it as the reference, which tells even then: `login/registration_of_the_taken_in_silence` |
//! | B22 | [`the_time_does_not_tell_of_hashes_that_cost_less`], `login::the_time_of_a_refusal_does_not_tell_who_exists` |
//! | B26 | [`a_second_way_in_leaves_the_first_as_it_is`] |
//! | B27 | [`a_late_code_leaves_the_flow_usable`], `*/expired_code` |
//! | B28 | [`somebody_inactive_is_told_so_everywhere_alike`]; messages are sent as by the reference (`code_login/inactive_identity`) |
//! | B29 | [`very_long_texts_are_refused_quickly`] |
//! | B30 | `method::password::policy` in the crate of flows |

use std::time::{Duration, Instant};

use bia_selfservice::hasher::HasherConfig;
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, parameter, value_of};
use crate::folk::{KEY, MAIL, OTHER, PASSWORD, authenticator, code_now, person, schema, town};
use crate::world::{Answer, World, as_url};

#[tokio::test]
async fn a_user_name_is_known_in_any_case_and_keeps_its_spelling() {
    let world = town(json!({})).await;
    let mut app = Client::app(&world);
    let flow = app.begin("registration", "").await;
    let sign_up = |name: &str| json!({"method": "password", "traits": {"username": name}, "password": PASSWORD});
    let answer = app.submit(&flow, sign_up("TestAccount")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let id = answer.json()["identity"]["id"].clone();
    for typed in ["TestAccount", "testaccount", " TESTACCOUNT "] {
        let answer = Client::app(&world).sign_in(typed, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{typed}: {}", answer.body);
        let identity = &answer.json()["session"]["identity"];
        assert_eq!(identity["id"], id);
        assert_eq!(identity["traits"]["username"], "TestAccount");
    }
    for typed in ["TESTACCOUNT", "testaccount "] {
        let mut app = Client::app(&world);
        let flow = app.begin("registration", "").await;
        let answer = app.submit(&flow, sign_up(typed)).await;
        assert_eq!(messages(&answer.json()), [4_000_007], "{typed}");
    }
}

#[tokio::test]
async fn a_phone_number_is_one_identifier_however_it_is_written() {
    let world = town(json!({})).await;
    for (registered, ways) in [
        (
            "+49 176 671 11 638",
            &[
                "+4917667111638",
                "+49 (176) 671-11638",
                " +49 176 67111638 ",
            ][..],
        ),
        (
            "+256 731 234 567",
            &["+256731234567", "+256-73-1234567"][..],
        ),
    ] {
        let mut app = Client::app(&world);
        let flow = app.begin("registration", "").await;
        let traits = json!({"phone": registered});
        let body = json!({"method": "password", "traits": traits, "password": PASSWORD});
        let answer = app.submit(&flow, body).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{registered}: {}",
            answer.body
        );
        for typed in ways.iter().chain([&registered]) {
            let answer = Client::app(&world).sign_in(typed, PASSWORD).await;
            assert_eq!(answer.status, StatusCode::OK, "{typed}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_identifier_stored_before_is_found_as_it_was_typed_then() {
    let world = town(json!({})).await;
    let old = "+49 176 671 11 638";
    world
        .create(&person(json!({"phone": old}), json!({})))
        .await;
    let mut conn = world.app.store.write().await.unwrap();
    conn.script("UPDATE identity_credential_identifiers SET identifier = '+49 176 671 11 638'")
        .await
        .unwrap();
    drop(conn);
    let answer = Client::app(&world).sign_in(old, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);

    // Once its owner changes anything at all it is found in every spelling.
    let mut app = Client::app(&world);
    app.sign_in(old, PASSWORD).await;
    let flow = app.begin("settings", "").await;
    let body = json!({"method": "profile", "traits": {"phone": old, "name": "Somebody"}});
    let answer = app.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let answer = Client::app(&world)
        .sign_in("+4917667111638", PASSWORD)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn a_form_that_is_refused_keeps_what_was_typed_but_secrets() {
    let world = town(json!({})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let traits = json!({"email": MAIL, "name": "Somebody", "age": 42, "backup": "b@example.org"});
    let by_password = json!({"method": "password", "traits": traits, "password": OTHER});
    let by_code = json!({"method": "code", "traits": traits});
    for mut body in [by_password, by_code] {
        let mut script = Client::script(&world);
        let flow = script.begin("registration", "").await;
        let mut answer = script.submit(&flow, body.clone()).await;
        if body["method"] == "code" {
            body["code"] = world.code(MAIL).await.into();
            answer = script.submit(&answer.json(), body.clone()).await;
        }
        let flow = answer.json();
        assert_eq!(messages(&flow), [4_000_007], "{}", answer.body);
        for (name, value) in traits.as_object().unwrap() {
            assert_eq!(&value_of(&flow, &format!("traits.{name}")), value, "{body}");
        }
        assert_eq!(value_of(&flow, "password"), Value::Null);
        assert!(!answer.body.contains(OTHER));
    }
}

#[tokio::test]
async fn the_time_does_not_tell_of_hashes_that_cost_less() {
    let slow = json!({"hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 12}}});
    let world = town(slow).await;
    let cheap = HasherConfig::Argon2id {
        memory_kib: 64,
        iterations: 1,
        parallelism: 1,
        salt_bytes: 16,
        key_bytes: 32,
    };
    let hash = cheap.hash_blocking(PASSWORD).unwrap();
    let mut imported = person(json!({"email": MAIL}), json!({}));
    imported["credentials"] = json!({"password": {"config": {"hashed_password": hash}}});
    world.create(&imported).await;
    let nobody = refusal(&world, "nobody@example.org").await;
    let known = refusal(&world, MAIL).await;
    // Without further work it would be a hundredth.
    assert!(known > nobody / 4, "{known:?}, not {nobody:?}");
}

/// How long a wrong password takes; the shortest of some, as other work only adds to it.
async fn refusal(world: &World, email: &str) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        let mut app = Client::app(world);
        let flow = app.begin("login", "").await;
        let body = json!({"method": "password", "identifier": email, "password": OTHER});
        let start = Instant::now();
        let answer = app.submit(&flow, body).await;
        shortest = shortest.min(start.elapsed());
        assert_eq!(messages(&answer.json()), [4_000_006]);
    }
    shortest
}

#[tokio::test]
async fn a_second_way_in_leaves_the_first_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!("sqlite://{}", folder.path().join("bia.sqlite").display());
    let mut before = schema();
    before["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"] =
        json!({"password": {"identifier": true}});
    let before = json!({"identity": {"schemas": [{"id": "default", "url": as_url(&before)}]}});
    let world = World::on(&dsn, crate::folk::settings(before)).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    drop(world);

    let fallback = json!({"selfservice": {"methods": {"code": {"config": {"missing_credential_fallback_enabled": true}}}}});
    let world = World::on(&dsn, crate::folk::settings(fallback)).await;
    let by_password = async || Client::app(&world).sign_in(MAIL, PASSWORD).await.status;
    let by_code = async || log_in_by_code(&world, MAIL).await.status;
    assert_eq!(by_password().await, StatusCode::OK);
    assert_eq!(by_code().await, StatusCode::OK);
    assert_eq!(by_password().await, StatusCode::OK);

    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("settings", "").await;
    let body = json!({"method": "profile", "traits": {"email": MAIL, "name": "Somebody"}});
    let answer = app.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(by_code().await, StatusCode::OK);
    assert_eq!(by_password().await, StatusCode::OK);
}

async fn log_in_by_code(world: &World, email: &str) -> Answer {
    let mut app = Client::app(world);
    let flow = app.begin("login", "").await;
    let mut body = json!({"method": "code", "identifier": email});
    app.submit(&flow, body.clone()).await;
    body["code"] = world.code(email).await.into();
    app.submit(&flow, body).await
}

#[tokio::test]
async fn a_late_code_leaves_the_flow_usable() {
    let short = json!({"selfservice": {"methods": {"code": {"config": {"lifespan": "1m"}}}}});
    let world = town(short).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let new = "user-2@example.org";
    let login = json!({"method": "code", "identifier": MAIL});
    let sign_up = json!({"method": "code", "traits": {"email": new}});
    let by_address = json!({"method": "code", "email": MAIL});
    for (kind, to, ask, late) in [
        ("login", MAIL, login, 4_010_008),
        ("registration", new, sign_up, 4_040_003),
        ("verification", MAIL, by_address.clone(), 4_070_006),
        ("recovery", MAIL, by_address, 4_060_006),
    ] {
        let mut script = Client::script(&world);
        let flow = script.begin(kind, "").await;
        let flow = script.submit(&flow, ask.clone()).await.json();
        // Where a code is typed the address is not sent again; traits and identifier are.
        let mut body = ask.clone();
        body.as_object_mut().unwrap().remove("email");
        body["code"] = world.code(to).await.into();
        world.app.clock.advance(time::Duration::minutes(2));
        let answer = script.submit(&flow, body.clone()).await;
        let refused = answer.json();
        assert_eq!(messages(&refused), [late], "{kind}: {}", answer.body);
        assert_eq!(refused["id"], flow["id"], "{kind}");

        let mut again = ask.clone();
        if kind == "login" || kind == "registration" {
            again["resend"] = "code".into();
        }
        let flow = script.submit(&refused, again).await.json();
        assert_eq!(flow["state"], "sent_email", "{kind}");
        body["code"] = world.code(to).await.into();
        let answer = script.submit(&flow, body).await;
        let passed = answer.status == StatusCode::OK || answer.status == 422;
        assert!(passed, "{kind}: {}", answer.body);
    }
}

#[tokio::test]
async fn somebody_inactive_is_told_so_everywhere_alike() {
    let world = town(json!({})).await;
    let id = world
        .create(&person(json!({"email": MAIL}), authenticator()))
        .await;
    let mut old = Client::app(&world);
    old.sign_in(MAIL, PASSWORD).await;
    let second = old.begin("login", "?aal=aal2").await;
    let settings = {
        let mut at_aal2 = Client::app(&world);
        at_aal2.sign_in(MAIL, PASSWORD).await;
        let flow = at_aal2.begin("login", "?aal=aal2").await;
        let proof = json!({"method": "totp", "totp_code": code_now(&world, KEY)});
        let answer = at_aal2.submit(&flow, proof).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        (at_aal2.begin("settings", "").await, at_aal2)
    };
    let patch = json!([{"op": "replace", "path": "/state", "value": "inactive"}]);
    let path = format!("/admin/identities/{id}");
    world.call("PATCH", &path, patch.to_string()).await;

    let answer = Client::app(&world).sign_in(MAIL, PASSWORD).await;
    assert_eq!(messages(&answer.json()), [4_010_011], "{}", answer.body);
    let answer = log_in_by_code(&world, MAIL).await;
    assert_eq!(messages(&answer.json()), [4_010_011], "{}", answer.body);

    let mut app = Client::app(&world);
    let flow = app.begin("recovery", "").await;
    let asked = json!({"method": "code", "email": MAIL});
    app.submit(&flow, asked).await;
    let body = json!({"method": "code", "code": world.code(MAIL).await});
    let answer = app.submit(&flow, body).await;
    let new = parameter(answer.header("location").unwrap(), "id").unwrap();
    assert_eq!(messages(&app.flow("recovery", &new).await), [4_010_011]);

    world.app.clock.advance(time::Duration::minutes(1));
    let proof = json!({"method": "totp", "totp_code": code_now(&world, KEY)});
    let answer = old.submit(&second, proof).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    let (flow, mut at_aal2) = settings;
    let change = json!({"method": "profile", "traits": {"email": MAIL, "name": "x"}});
    for answer in [
        old.get("/sessions/whoami").await,
        old.get("/sessions").await,
        at_aal2.get("/sessions/whoami").await,
        at_aal2.get("/self-service/settings/api").await,
        at_aal2.submit(&flow, change).await,
    ] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    }
}

#[tokio::test]
async fn very_long_texts_are_refused_quickly() {
    let world = town(json!({})).await;
    let long = "ab".repeat(50_000);
    let start = Instant::now();
    for (traits, password) in [
        (json!({"email": MAIL}), "x".repeat(1_000_000)),
        (json!({"username": long}), "y".repeat(1_000_000)),
        (json!({"username": long}), PASSWORD.to_owned()),
        (json!({"username": long}), long.clone()),
    ] {
        let mut app = Client::app(&world);
        let flow = app.begin("registration", "").await;
        let body = json!({"method": "password", "traits": traits, "password": password});
        let answer = app.submit(&flow, body).await;
        let told = messages(&answer.json());
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{told:?}");
    }
    let mut app = Client::app(&world);
    let answer = app.sign_in(&long, &"x".repeat(1_000_000)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
