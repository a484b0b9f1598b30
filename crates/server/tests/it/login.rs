//! Signing in: what happens at the same moment, and what the time of an answer tells.

use std::time::{Duration, Instant};

use bia_selfservice::hasher::HasherConfig;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World, as_url};

const PASSWORD: &str = "correct-horse-battery-42";
const MAIL: &str = "user-1@example.org";

/// A server at which people sign in with an address by a password or a code.
async fn world(more: Value) -> World {
    let extension = json!({
        "credentials": {
            "password": {"identifier": true},
            "code": {"identifier": true, "via": "email"},
        },
        "verification": {"via": "email"},
    });
    let email = json!({"type": "string", "format": "email", "ory.sh/kratos": extension});
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"traits": {
            "type": "object",
            "properties": {"email": email, "visits": {"type": "integer"}},
            "required": ["email"],
        }},
    });
    let mut settings = json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "selfservice": {"methods": {"code": {"passwordless_enabled": true}}},
    });
    settings["hashers"] = more;
    World::with(settings).await
}

fn quick() -> Value {
    json!({"algorithm": "argon2", "argon2": {"memory": "64KB", "iterations": 1, "parallelism": 1}})
}

/// Hashes take some tens of milliseconds and more: long enough for other things to happen meanwhile.
fn slow() -> Value {
    json!({"algorithm": "bcrypt", "bcrypt": {"cost": 12}})
}

/// Somebody, as an operator creates them. Returns the path of their identity.
async fn somebody(world: &World, email: &str, credentials: Value) -> String {
    let body =
        json!({"schema_id": "default", "traits": {"email": email}, "credentials": credentials});
    let answer = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    format!(
        "/admin/identities/{}",
        answer.json()["id"].as_str().unwrap()
    )
}

fn with_password(config: &Value) -> Value {
    json!({"password": {"config": config}})
}

/// Where the form of a fresh native flow is sent.
async fn action(world: &World) -> String {
    let flow = world.public("GET", "/self-service/login/api", &[]).await;
    let action = flow.json()["ui"]["action"].as_str().unwrap().to_owned();
    action.replace("http://public.example.org", "")
}

async fn log_in(world: &World, email: &str, password: &str) -> Answer {
    let action = action(world).await;
    let body = json!({"method": "password", "identifier": email, "password": password});
    world.post(&action, &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_renews_the_hash_keeps_what_is_changed_meanwhile() {
    let world = world(slow()).await;
    let imported = HasherConfig::Argon2id {
        memory_kib: 64,
        iterations: 1,
        parallelism: 1,
        salt_bytes: 16,
        key_bytes: 32,
    };
    let hash = imported.hash_blocking(PASSWORD).unwrap();
    let credentials = with_password(&json!({"hashed_password": hash}));
    let path = somebody(&world, MAIL, credentials).await;

    let changes = async {
        for visits in 1..=5 {
            let patch = json!([{"op": "add", "path": "/traits/visits", "value": visits}]);
            let answer = world.call("PATCH", &path, patch.to_string()).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        }
    };
    let (answer, ()) = tokio::join!(log_in(&world, MAIL, PASSWORD), changes);

    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let now = world.admin("GET", &path, &[]).await.json();
    assert_eq!(now["traits"]["visits"], 5);
    assert_eq!(log_in(&world, MAIL, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_time_of_a_refusal_does_not_tell_who_exists() {
    let world = world(slow()).await;
    somebody(&world, MAIL, with_password(&json!({"password": PASSWORD}))).await;
    somebody(&world, "user-2@example.org", json!({})).await;

    let known = refusal(&world, MAIL).await;
    for other in ["user-2@example.org", "nobody@example.org"] {
        // Without the work of a verification it would be a hundredth.
        let took = refusal(&world, other).await;
        assert!(took > known / 4, "{other}: {took:?}, not {known:?}");
    }
}

/// How long a wrong password takes; the shortest of some, as other work only adds to it.
async fn refusal(world: &World, email: &str) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        let action = action(world).await;
        let body =
            json!({"method": "password", "identifier": email, "password": "another-horse-43"});
        let start = Instant::now();
        let answer = world.post(&action, &body).await;
        shortest = shortest.min(start.elapsed());
        assert_eq!(answer.json()["ui"]["messages"][0]["id"], 4_000_006);
    }
    shortest
}

#[tokio::test]
async fn odd_forms_are_refused_with_the_form() {
    let world = world(quick()).await;
    somebody(&world, MAIL, with_password(&json!({"password": PASSWORD}))).await;
    let action = action(&world).await;
    let odd = [
        json!({"method": "password", "identifier": {"a": 1}, "password": PASSWORD}),
        json!({"method": "password", "identifier": MAIL, "password": [PASSWORD]}),
        json!({"method": "password", "identifier": "user-2\u{0}@example.org", "password": PASSWORD}),
        json!({"method": "password", "identifier": MAIL, "password": PASSWORD, "transient_payload": "x"}),
        json!({"method": "password", "identifier": MAIL, "password": "x".repeat(100_000)}),
        json!({"method": "code", "identifier": MAIL, "code": 123_456, "resend": ["code"]}),
        json!({"method": "code", "address": {"a": MAIL}}),
        json!({"method": "code", "identifier": "\u{0}"}),
        json!({"method": {"method": "password"}}),
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
    let body = json!({"method": "password", "identifier": MAIL, "password": PASSWORD});
    assert_eq!(world.post(&action, &body).await.status, StatusCode::OK);
}
