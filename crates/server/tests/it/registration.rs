//! Signing up: many at once, and forms that nobody's page would send.

use bia_store::courier::{self, MessagePage};
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World, as_url};

const PASSWORD: &str = "correct-horse-battery-42";

/// A server at which people sign up with an address and a password, on one screen.
async fn world() -> World {
    let extension = json!({
        "credentials": {
            "password": {"identifier": true},
            "code": {"identifier": true, "via": "email"},
        },
        "verification": {"via": "email"},
        "recovery": {"via": "email"},
    });
    let email = json!({"type": "string", "format": "email", "ory.sh/kratos": extension});
    let name = json!({"type": "object", "properties": {"first": {"type": "string"}}});
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"traits": {
            "type": "object",
            "properties": {"email": email, "name": name},
            "required": ["email"],
        }},
    });
    World::with(json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "selfservice": {
            "flows": {
                "registration": {"style": "unified", "login_hints": true},
                "verification": {"enabled": false},
            },
            "methods": {
                "password": {"config": {"haveibeenpwned_enabled": false}},
                "code": {"passwordless_enabled": true},
            },
        },
        "hashers": {"algorithm": "argon2", "argon2": {"memory": "64KB", "iterations": 1, "parallelism": 1}},
    }))
    .await
}

/// Where the form of a fresh native flow is sent.
async fn action(world: &World) -> String {
    let flow = world
        .public("GET", "/self-service/registration/api", &[])
        .await;
    let action = flow.json()["ui"]["action"].as_str().unwrap().to_owned();
    action.replace("http://public.example.org", "")
}

async fn sign_up(world: &World, email: &str) -> Answer {
    let action = action(world).await;
    let body = json!({"method": "password", "password": PASSWORD, "traits": {"email": email}});
    world.post(&action, &body).await
}

fn message_ids(answer: &Answer) -> Vec<u64> {
    let body = answer.json();
    let messages = body["ui"]["messages"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    messages.iter().filter_map(|m| m["id"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_take_one_address_at_once_one_gets_it() {
    let world = world().await;
    let spellings = ["user-1@example.org", "USER-1@example.org"];
    let attempts = (0..20).map(|n| sign_up(&world, spellings[n % spellings.len()]));
    let answers = join_all(attempts).await;

    let (registered, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|a| a.status == StatusCode::OK);
    assert_eq!((registered.len(), refused.len()), (1, 19));
    for answer in refused {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert_eq!(message_ids(answer), [4000028], "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_with_addresses_of_their_own_all_sign_up() {
    let world = world().await;
    let addresses: Vec<String> = (0..20).map(|n| format!("user-{n}@example.org")).collect();
    let answers = join_all(addresses.iter().map(|address| sign_up(&world, address))).await;
    for answer in answers {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_taken_address_is_named_with_the_ways_in_to_its_account() {
    let world = world().await;
    sign_up(&world, "user-1@example.org").await;
    let refused = sign_up(&world, "User-1@example.org").await.json();
    assert_eq!(
        refused["ui"]["messages"][0]["context"],
        json!({
            "available_credential_types": ["code", "password"],
            "available_oidc_providers": [],
            "credential_identifier_hint": "user-1@example.org",
        })
    );
}

#[tokio::test]
async fn odd_forms_are_refused_with_the_form() {
    let world = world().await;
    let action = action(&world).await;
    let deep = (0..60).fold(json!(1), |inner, _| json!({"a": inner}));
    let email = "user-1@example.org";
    let odd = [
        json!({"method": "password", "password": PASSWORD, "traits": [1, 2]}),
        json!({"method": "password", "password": PASSWORD, "traits": 7}),
        json!({"method": "password", "password": PASSWORD, "traits": {"email": {"email": email}}}),
        json!({"method": "password", "password": {"a": 1}, "traits": {"email": email}}),
        json!({"method": "password", "password": [PASSWORD], "traits": {"email": email, "name": deep}}),
        json!({"method": "password", "password": PASSWORD, "traits": {"email": email}, "transient_payload": "x"}),
        json!({"method": "password", "password": PASSWORD, "traits": {"email": "user-1\u{0}@example.org"}}),
        json!({"method": ["password"], "password": PASSWORD}),
        json!({"method": "code", "traits": {"email": email}, "code": 123_456}),
        json!({"method": "profile", "screen": "previous", "traits": {"email": email}}),
        json!({"": {"": ""}, "traits.": 1, ".": 2}),
        Value::Null,
    ];
    for body in odd {
        let answer = world.post(&action, &body).await;
        let status = answer.status.as_u16();
        assert!(
            (400..500).contains(&status),
            "{body}: {status} {}",
            answer.body
        );
    }
    let shown = world
        .public("GET", &action.replace("?flow=", "/flows?id="), &[])
        .await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
}

#[tokio::test]
async fn a_link_signs_nobody_up() {
    let world = world().await;
    let link = format!(
        "{}&method=password&password={PASSWORD}&traits.email=user-1%40example.org",
        action(&world).await
    );
    let answer = world
        .public("GET", &link, &[("accept", "application/json")])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(message_ids(&answer), [4000001]);
    let answer = sign_up(&world, "user-1@example.org").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_that_is_sent_many_times_at_once_signs_up_once() {
    let world = world().await;
    let action = action(&world).await;
    let mut body = json!({"method": "code", "traits": {"email": "user-1@example.org"}});
    assert_eq!(
        world.post(&action, &body).await.json()["state"],
        "sent_email"
    );
    body["code"] = mailed_code(&world).await.into();

    let answers = join_all((0..5).map(|_| world.post(&action, &body))).await;
    let registered = answers.iter().filter(|a| a.status == StatusCode::OK);
    assert_eq!(registered.count(), 1);
    assert!(
        answers.iter().all(|a| a.status.as_u16() < 500),
        "{answers:?}"
    );
}

/// The code in the only message that was written so far.
async fn mailed_code(world: &World) -> String {
    let page = MessagePage {
        status: None,
        recipient: None,
        after: None,
        size: 1,
    };
    let mut conn = world.app.store.read().await.unwrap();
    let messages = courier::list(&mut conn, &page).await.unwrap();
    let body = &messages.items.first().unwrap().body;
    let is_code = |word: &&str| word.len() == 6 && word.chars().all(|c| c.is_ascii_digit());
    let mut words = body.split(|c: char| !c.is_alphanumeric());
    words.find(is_code).unwrap().to_owned()
}
