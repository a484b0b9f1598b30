//! Staff whose rule takes passkeys: one that verifies its owner does by itself.

use bia_webauthn::Algorithm;
use bia_webauthn::soft_key::SoftKey;
use http::StatusCode;
use serde_json::{Value, json};

use super::{groups, led_to_login, signed_in_app, staff, world};
use crate::client::{Client, value_of};
use crate::folk::{self, MAIL, PASSWORD};
use crate::world::as_url;

const SITE: &str = "https://login.example.org";

fn passkeys() -> Value {
    let rp = json!({"id": "example.org", "display_name": "Example", "origins": [SITE]});
    let selection = json!({"user_verification": "required"});
    let config = json!({"rp": rp, "authenticator_selection": selection});
    let mut schema = folk::schema();
    let credentials = "/properties/traits/properties/email/ory.sh~1kratos/credentials";
    schema.pointer_mut(credentials).unwrap()["passkey"] = json!({"display_name": true});
    json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "selfservice": {"methods": {"passkey": {"enabled": true, "config": config}}},
    })
}

/// The options in a field of a form.
fn options(flow: &Value, field: &str) -> Value {
    let text = value_of(flow, field);
    let options: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let options = options.get("credentialOptions").unwrap_or(&options);
    options["publicKey"].clone()
}

#[tokio::test]
async fn a_passkey_does_by_itself_and_is_asked_for_after_a_password() {
    let world = world(json!({"methods": ["totp", "passkey"]}), passkeys()).await;
    world.create(&staff(json!({}))).await;
    let mut key = SoftKey::new(Algorithm::Es256, "example.org", SITE);
    let mut script = Client::script(&world);
    script.sign_in(MAIL, PASSWORD).await;
    let flow = script.begin("settings", "").await;
    assert_eq!(groups(&flow), ["passkey", "totp", "webauthn"]);
    let answer = key.create(&options(&flow, "passkey_create_data"));
    let body = json!({"method": "passkey", "passkey_settings_register": answer});
    let answer = script.submit(&flow, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let session = script.json("/sessions/whoami").await;
    assert_eq!(session["bia"]["mfa"]["satisfied"], true);

    // A password alone is not enough: the passkey is asked for by signing in again, and nothing else is.
    let mut app = signed_in_app(&world).await;
    let refused = app.get("/sessions/whoami").await;
    led_to_login(&refused, "refresh=true");
    let next = refused.json()["bia"]["next"]["url"].clone();
    let next = next.as_str().unwrap();
    assert!(
        next.ends_with("/self-service/login/api?refresh=true"),
        "{next}"
    );
    let flow = app.begin("login", "?refresh=true").await;
    let asked = groups(&flow);
    assert!(asked.contains(&"passkey".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"password".to_owned()), "{asked:?}");
    let answer = key.get(&options(&flow, "passkey_challenge"));
    let answer = app
        .submit(&flow, json!({"method": "passkey", "passkey_login": answer}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    app.json("/sessions/whoami").await;
}
