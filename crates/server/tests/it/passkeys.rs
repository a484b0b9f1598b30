//! Passkeys where the recorded answers of the reference say nothing: what happens at the same moment, what is kept,
//! and what a copied key may do.

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_webauthn::Algorithm;
use bia_webauthn::soft_key::SoftKey;
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World, as_url};

const SITE: &str = "https://login.example.org";
const OTHER_SITE: &str = "https://example.org:8443";

pub(crate) async fn world() -> World {
    world_with(json!({})).await
}

/// A server at which people sign up and in with passkeys.
async fn world_with(bia: Value) -> World {
    let email = json!({"type": "string", "format": "email", "ory.sh/kratos": {"credentials": {
        "password": {"identifier": true}, "passkey": {"display_name": true},
    }}});
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "type": "object",
        "properties": {"traits": {
            "type": "object", "properties": {"email": email}, "required": ["email"],
        }},
    });
    let rp = json!({"id": "example.org", "display_name": "Example", "origins": [SITE, OTHER_SITE]});
    World::with(json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "selfservice": {
            "methods": {"passkey": {"enabled": true, "config": {"rp": rp}}},
            "flows": {"registration": {
                "enable_legacy_one_step": true,
                "after": {"passkey": {"hooks": [{"hook": "session"}]}},
            }},
        },
        "bia": bia,
    }))
    .await
}

pub(crate) fn key(algorithm: Algorithm) -> SoftKey {
    SoftKey::new(algorithm, "example.org", SITE)
}

/// A fresh native flow: where it is sent, and the options that stand in a field of it.
async fn asked(world: &World, kind: &str, field: &str) -> (String, Value) {
    let path = format!("/self-service/{kind}/api");
    let flow = world.public("GET", &path, &[]).await.json();
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|n| n["attributes"]["name"] == field);
    let text = node.unwrap()["attributes"]["value"].as_str().unwrap();
    let options: Value = serde_json::from_str(text).unwrap();
    let options = options.get("credentialOptions").unwrap_or(&options);
    let action = flow["ui"]["action"].as_str().unwrap();
    (
        action.replace("http://public.example.org", ""),
        options["publicKey"].clone(),
    )
}

/// The answer of a key to a fresh registration flow, and where it goes.
async fn created(world: &World, key: &mut SoftKey) -> (String, String) {
    let (action, options) = asked(world, "registration", "passkey_create_data").await;
    (action, key.create(&options))
}

async fn sign_up(world: &World, action: &str, email: &str, answer: &str) -> Answer {
    let body = json!({"method": "passkey", "traits": {"email": email}, "passkey_register": answer});
    world.post(action, &body).await
}

/// Somebody with a key of their own. Returns the path of their identity.
pub(crate) async fn somebody(world: &World, email: &str, key: &mut SoftKey) -> String {
    let (action, answer) = created(world, key).await;
    let answer = sign_up(world, &action, email, &answer).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let id = answer.json()["identity"]["id"].as_str().unwrap().to_owned();
    format!("/admin/identities/{id}")
}

pub(crate) async fn sign_in(world: &World, key: &SoftKey) -> Answer {
    let (action, options) = asked(world, "login", "passkey_challenge").await;
    let body = json!({"passkey_login": key.get(&options)});
    world.post(&action, &body).await
}

fn messages(answer: &Answer) -> Vec<Value> {
    let messages = answer.json()["ui"]["messages"].clone();
    let all = messages.as_array().cloned().unwrap_or_default();
    all.iter().map(|m| m["id"].clone()).collect()
}

/// The one key that is stored of somebody.
async fn stored(world: &World, path: &str) -> Value {
    let path = format!("{path}?include_credential=passkey");
    let identity = world.admin("GET", &path, &[]).await.json();
    identity["credentials"]["passkey"]["config"]["credentials"][0].clone()
}

#[tokio::test]
async fn keys_of_all_kinds_sign_up_and_in() {
    let world = world().await;
    for algorithm in Algorithm::ALL {
        let mut key = key(algorithm);
        let email = format!("user{}@example.org", algorithm.cose_id());
        somebody(&world, &email, &mut key).await;
        let answer = sign_in(&world, &key).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{algorithm:?}: {}",
            answer.body
        );
        assert_eq!(
            answer.json()["session"]["identity"]["traits"]["email"],
            email
        );
    }
}

#[tokio::test]
async fn every_configured_site_counts_and_no_other() {
    let world = world().await;
    let mut key = key(Algorithm::Es256);
    somebody(&world, "user-1@example.org", &mut key).await;
    for (site, status) in [
        (OTHER_SITE, StatusCode::OK),
        ("https://example.org", StatusCode::BAD_REQUEST),
        ("http://login.example.org", StatusCode::BAD_REQUEST),
        (
            "https://login.example.org.evil.example",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        key.origin = site.into();
        assert_eq!(sign_in(&world, &key).await.status, status, "{site}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_is_sent_many_times_at_once_signs_in_once() {
    let world = world().await;
    for counter in [0, 1] {
        let mut key = key(Algorithm::Es256);
        key.counter = counter;
        somebody(&world, &format!("user-{counter}@example.org"), &mut key).await;
        key.counter *= 7;
        let (action, options) = asked(&world, "login", "passkey_challenge").await;
        let body = json!({"passkey_login": key.get(&options)});
        let answers = join_all((0..8).map(|_| world.post(&action, &body))).await;
        let signed_in = answers.iter().filter(|a| a.status == StatusCode::OK);
        assert_eq!(signed_in.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_answer_makes_one_account() {
    let world = world().await;
    let mut key = key(Algorithm::Es256);
    let (action, made) = created(&world, &mut key).await;
    let emails: Vec<String> = (0..6).map(|n| format!("user-{n}@example.org")).collect();
    let tries = emails.iter().map(|e| sign_up(&world, &action, e, &made));
    let answers = join_all(tries).await;
    let made_it = answers.iter().filter(|a| a.status == StatusCode::OK);
    assert_eq!(made_it.count(), 1);
    let late = sign_up(&world, &action, "user-9@example.org", &made).await;
    assert_eq!(
        (late.status, messages(&late)),
        (StatusCode::BAD_REQUEST, vec![json!(4_000_001)])
    );
}

#[tokio::test]
async fn an_answer_is_worth_nothing_in_another_flow_or_after_its_own() {
    let world = world().await;
    let mut key = key(Algorithm::Es256);
    somebody(&world, "user-1@example.org", &mut key).await;
    let (first, options) = asked(&world, "login", "passkey_challenge").await;
    let (second, _) = asked(&world, "login", "passkey_challenge").await;
    let body = json!({"passkey_login": key.get(&options)});
    let wrong = world.post(&second, &body).await;
    assert_eq!(messages(&wrong), [json!(4_000_043)]);
    world.app.clock.advance(time::Duration::hours(2));
    assert_eq!(world.post(&first, &body).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_counter_that_does_not_go_on_marks_the_key() {
    let world = world().await;
    let mut key = key(Algorithm::Es256);
    key.counter = 5;
    let path = somebody(&world, "user-1@example.org", &mut key).await;
    key.counter = 9;
    assert_eq!(sign_in(&world, &key).await.status, StatusCode::OK);
    assert_eq!(
        stored(&world, &path).await["authenticator"]["clone_warning"],
        false
    );
    key.counter = 7;
    assert_eq!(sign_in(&world, &key).await.status, StatusCode::OK);
    let authenticator = stored(&world, &path).await["authenticator"].clone();
    assert_eq!(authenticator["clone_warning"], true);
    assert_eq!(authenticator["sign_count"], 9);
}

#[tokio::test]
async fn a_copied_key_is_refused_where_that_is_wanted_and_one_without_counter_is_not() {
    let world = world_with(json!({"security_keys": {"stuck_counter": "refuse"}})).await;
    let mut counting = key(Algorithm::Es256);
    counting.counter = 5;
    let path = somebody(&world, "user-1@example.org", &mut counting).await;
    let refused = sign_in(&world, &counting).await;
    assert_eq!(
        (refused.status, messages(&refused)),
        (StatusCode::BAD_REQUEST, vec![json!(4_000_043)])
    );
    assert_eq!(
        stored(&world, &path).await["authenticator"]["clone_warning"],
        true
    );
    counting.counter = 6;
    assert_eq!(sign_in(&world, &counting).await.status, StatusCode::OK);

    let mut plain = key(Algorithm::Es256);
    somebody(&world, "user-2@example.org", &mut plain).await;
    for _ in 0..3 {
        assert_eq!(sign_in(&world, &plain).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_key_is_stored_as_the_reference_stores_it_and_read_as_old_versions_did() {
    let world = world().await;
    let mut key = key(Algorithm::Es256);
    key.user_handle = Some(b"a handle from long ago".to_vec());
    // Before flags were kept, and with members that came later left out.
    let old = json!({
        "id": STANDARD.encode(&key.id),
        "public_key": STANDARD.encode(key.public_key()),
        "attestation_type": "none",
        "display_name": "Blue",
        "added_at": "2023-01-02T03:04:05Z",
        "is_passwordless": true,
    });
    let handle = STANDARD.encode(b"a handle from long ago");
    let body = json!({
        "schema_id": "default",
        "traits": {"email": "user-1@example.org"},
        "credentials": {"passkey": {"config": {"credentials": [old], "user_handle": handle}}},
    });
    let made = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    key.flags |= bia_webauthn::soft_key::BE;
    assert_eq!(sign_in(&world, &key).await.status, StatusCode::OK);

    let mut new = self::key(Algorithm::EdDsa);
    let path = somebody(&world, "user-2@example.org", &mut new).await;
    let mut stored = stored(&world, &path).await;
    let added = stored
        .as_object_mut()
        .unwrap()
        .shift_remove("added_at")
        .unwrap();
    assert!(added.as_str().unwrap().ends_with('Z') && !added.as_str().unwrap().contains('.'));
    assert_eq!(
        stored,
        json!({
            "id": STANDARD.encode(&new.id),
            "public_key": STANDARD.encode(new.public_key()),
            "attestation_type": "none",
            "authenticator": {
                "aaguid": "AAAAAAAAAAAAAAAAAAAAAA==", "sign_count": 0, "clone_warning": false,
            },
            "display_name": "",
            "is_passwordless": true,
            "flags": {
                "user_present": true, "user_verified": true,
                "backup_eligible": false, "backup_state": false,
            },
            "transport": ["usb"],
        })
    );
}
