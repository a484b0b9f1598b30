//! Sessions as signed tokens for other services.
//!
//! | report | where it is proven |
//! |---|---|
//! | B71 | [`a_template_that_cannot_sign_is_told_of_at_start_and_when_it_is_used`], `tokenizer/templates_that_do_not_work` |
//! | B72 | [`a_token_for_others_lets_nobody_in_and_the_answer_says_why`] |

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{MAIL, PASSWORD, person, town};
use crate::log_lines::LogLines;
use crate::world::{World, as_url};

fn secret_key() -> Value {
    json!({"kty": "oct", "alg": "HS256", "kid": "k-1", "k": URL_SAFE_NO_PAD.encode([7; 32])})
}

/// As an identity provider publishes it.
fn public_key() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k-2",
        "x": "RdthoWhD3Ykde-405kGo8iY7A8JiQRErano6DdIVf5w", "y": "AuGfAc2OtuVtk7MlKH-1PkGGb774zLgSuna8cBkYWfk",
    })
}

fn templates() -> Value {
    let of = |keys: Value| json!({"jwks_url": as_url(&json!({"keys": keys})), "ttl": "5m"});
    let templates = json!({
        "good": of(json!([secret_key()])),
        "several": of(json!([secret_key(), public_key()])),
        "public": of(json!([public_key()])),
    });
    json!({"session": {"whoami": {"tokenizer": {"templates": templates}}}})
}

async fn signed_in(world: &World) -> Client<'_> {
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let mut app = Client::app(world);
    app.sign_in(MAIL, PASSWORD).await;
    app
}

#[tokio::test]
async fn a_template_that_cannot_sign_is_told_of_at_start_and_when_it_is_used() {
    let log = LogLines::collect();
    let world = town(templates()).await;
    let cause = "its first key is a public one, which cannot sign";
    let told: Vec<String> = log
        .text()
        .lines()
        .filter(|l| l.contains("WARN"))
        .map(str::to_owned)
        .collect();
    assert!(
        told.iter()
            .any(|l| l.contains("templates.public.jwks_url") && l.contains(cause)),
        "{told:?}"
    );
    assert!(
        !told
            .iter()
            .any(|l| l.contains("templates.good") || l.contains("templates.several"))
    );

    let mut app = signed_in(&world).await;
    for (name, status) in [
        ("good", 200),
        ("several", 200),
        ("public", 500),
        ("unknown", 400),
    ] {
        let answer = app
            .get(&format!("/sessions/whoami?tokenize_as={name}"))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.body);
        if status == 500 {
            let reason = answer.json()["error"]["reason"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(reason.contains(cause) && reason.contains(name), "{reason}");
        }
        assert_eq!(
            answer.json()["tokenized"].is_string(),
            status == 200,
            "{name}"
        );
    }
    assert!(!log.text().contains(&URL_SAFE_NO_PAD.encode([7; 32])));
}

#[tokio::test]
async fn a_token_for_others_lets_nobody_in_and_the_answer_says_why() {
    let world = town(templates()).await;
    let mut app = signed_in(&world).await;
    let answer = app.json("/sessions/whoami?tokenize_as=good").await;
    let token = answer["tokenized"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    for (name, value) in [
        ("authorization", bearer.as_str()),
        ("x-session-token", token),
    ] {
        let answer = world
            .public("GET", "/sessions/whoami", &[(name, value)])
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        let reason = answer.json()["error"]["reason"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(reason.contains("other services verify"), "{name}: {reason}");
    }
}
