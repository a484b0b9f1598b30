//! The people of the stories: what their accounts hold, what they know, and a server for them.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::client::Client;
use crate::world::{World, as_url, merge};

pub(crate) const PASSWORD: &str = "correct-horse-battery-42";
pub(crate) const OTHER: &str = "another-horse-battery-43";
pub(crate) const MAIL: &str = "user-1@example.org";

/// The key of RFC 6238's examples, and what it is as base32.
pub(crate) const KEY: &[u8] = b"12345678901234567890";
pub(crate) const KEY_TEXT: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A schema with every kind of identifier and address, none of them required.
pub(crate) fn schema() -> Value {
    let email = json!({
        "credentials": {"password": {"identifier": true}, "code": {"identifier": true, "via": "email"}},
        "verification": {"via": "email"},
        "recovery": {"via": "email"},
    });
    let login = json!({"credentials": {"password": {"identifier": true}}});
    json!({
        "$id": "https://example.org/folk.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {
            "email": {"type": "string", "ory.sh/kratos": email},
            "second": {"type": "string", "ory.sh/kratos": {"verification": {"via": "email"}}},
            "backup": {"type": "string", "ory.sh/kratos": {"recovery": {"via": "email"}}},
            "username": {"type": "string", "ory.sh/kratos": login},
            "phone": {"type": "string", "format": "tel", "ory.sh/kratos": login},
            "name": {"type": "string"},
            "age": {"type": "integer"},
        }}},
    })
}

/// Everything that needs no other server is on; `more` is merged over it.
pub(crate) fn settings(more: Value) -> Value {
    let session = json!({"hooks": [{"hook": "session"}]});
    let mut settings = json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema())}]},
        "selfservice": {
            "allowed_return_urls": ["http://app.example.org/"],
            "methods": {
                "code": {"enabled": true, "passwordless_enabled": true},
                "link": {"enabled": true},
                "totp": {"enabled": true},
                "lookup_secret": {"enabled": true},
                "password": {"config": {"haveibeenpwned_enabled": false}},
            },
            "flows": {
                "registration": {"style": "unified", "after": {"password": session, "code": session}},
                "recovery": {"enabled": true},
                "verification": {"enabled": true},
            },
        },
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
    });
    merge(&mut settings, more);
    settings
}

/// A server for them.
pub(crate) async fn town(more: Value) -> World {
    World::with(settings(more)).await
}

/// Somebody with traits and the usual password; `more` credentials beside it.
pub(crate) fn person(traits: Value, more: Value) -> Value {
    let mut credentials = json!({"password": {"config": {"password": PASSWORD}}});
    merge(&mut credentials, more);
    json!({"schema_id": "default", "traits": traits, "credentials": credentials})
}

/// The credential of an authenticator app that has [`KEY`].
pub(crate) fn authenticator() -> Value {
    let url = format!("otpauth://totp/App:user?secret={KEY_TEXT}&issuer=App");
    json!({"totp": {"config": {"totp_url": url}}})
}

/// What an authenticator app shows now. RFC 6238, written once more so that the server's is not compared
/// with itself.
pub(crate) fn code_now(world: &World, key: &[u8]) -> String {
    let step = u64::try_from(world.app.clock.now().unix_timestamp() / 30).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// Sets an authenticator app up for whoever a client is signed in as. Gives its key.
pub(crate) async fn enrol(world: &World, client: &mut Client<'_>) -> Vec<u8> {
    let flow = client.begin("settings", "").await;
    let (body, key) = app_code(world, &flow);
    let answer = client.submit(&flow, body).await;
    // A browser is led back to the page of its flow.
    assert!(
        matches!(answer.status.as_u16(), 200 | 303),
        "{}",
        answer.body
    );
    key
}

/// The form that sets the app up whose key the settings show, and that key.
pub(crate) fn app_code(world: &World, settings: &Value) -> (Value, Vec<u8>) {
    let nodes = settings["ui"]["nodes"].as_array().unwrap();
    let mut shown = nodes.iter().map(|node| &node["attributes"]);
    let shown = shown.find(|a| a["id"] == "totp_secret_key").unwrap();
    let secret = shown["text"]["context"]["secret"].as_str().unwrap();
    let key = base32(secret);
    let body = json!({"method": "totp", "totp_code": code_now(world, &key)});
    (body, key)
}

/// What is written as base32.
pub(crate) fn base32(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.bytes() {
        let digit = ALPHABET.iter().position(|a| *a == c).unwrap();
        bits = bits << 5 | u32::try_from(digit).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}
