//! Everybody signs in with what they had.

use bia_webauthn::Algorithm;
use bia_webauthn::soft_key::SoftKey;
use http::StatusCode;
use serde_json::{Value, json};

use super::place::{Filled, ORIGIN};
use crate::client::{Client, messages, value_of};
use crate::folk::{base32, code_now};
use crate::provider::{Browser, Provider};
use crate::world::{Answer, World, merge};

/// A client that is signed in by a password.
async fn signed_in<'w>(world: &'w World, place: &Filled, n: u32) -> Client<'w> {
    let mut client = Client::script(world);
    let email = place.of(n)["email"].as_str().unwrap();
    let answer = client.sign_in(email, password(place)).await;
    assert_eq!(answer.status, StatusCode::OK, "{n}: {}", answer.body);
    client
}

fn password(place: &Filled) -> &str {
    place.known["password"].as_str().unwrap()
}

fn key(known: &Value) -> SoftKey {
    let bytes = |name: &str| hex::decode(known["key"][name].as_str().unwrap()).unwrap();
    let mut key = SoftKey::kept(Algorithm::Es256, &bytes("pkcs8"), "localhost", ORIGIN);
    key.id = bytes("id");
    key.user_handle = Some(bytes("handle"));
    key.counter = u32::try_from(known["key"]["counter"].as_u64().unwrap()).unwrap() + 1;
    key
}

/// The options in a field of a flow.
fn options(flow: &Value, field: &str) -> Value {
    let text = value_of(flow, field);
    let options: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    options.get("credentialOptions").unwrap_or(&options)["publicKey"].clone()
}

/// Steps up by what `body` makes of a flow. Gives the answer.
async fn step_up(client: &mut Client<'_>, body: impl FnOnce(&Value) -> Value) -> Answer {
    let flow = client.begin("login", "?aal=aal2").await;
    client.submit(&flow, body(&flow)).await
}

fn level(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["session"]["authenticator_assurance_level"].clone()
}

pub(super) async fn a_password_signs_in_but_nobody_inactive(place: &Filled) {
    let world = place.world().await;
    for n in [1, 2, 3, 4, 9] {
        signed_in(&world, place, n).await;
    }
    let mut by_name = Client::app(&world);
    let answer = by_name.sign_in("user-10", password(place)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.json()["session"]["identity"]["schema_id"], "plain");
    let mut inactive = Client::app(&world);
    let answer = inactive
        .sign_in("user-8@example.org", password(place))
        .await;
    assert!(answer.status.is_client_error(), "{}", answer.body);
    let mut wrong = Client::app(&world);
    let answer = wrong
        .sign_in("user-1@example.org", "another-horse-battery-43")
        .await;
    assert_eq!(messages(&answer.json()), [4_000_006]);
}

pub(super) async fn a_second_factor_of_each_kind_is_taken(place: &Filled) {
    let world = place.world().await;
    let secret = base32(place.of(2)["totp"].as_str().unwrap());
    let mut client = signed_in(&world, place, 2).await;
    let code = code_now(&world, &secret);
    let answer = step_up(
        &mut client,
        |_| json!({"method": "totp", "totp_code": code}),
    )
    .await;
    assert_eq!(level(&answer), "aal2");

    let mut client = signed_in(&world, place, 3).await;
    let used = place.of(3)["used"].clone();
    let answer = step_up(
        &mut client,
        |_| json!({"method": "lookup_secret", "lookup_secret": used}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let good = place.of(3)["codes"][0].clone();
    let answer = step_up(
        &mut client,
        |_| json!({"method": "lookup_secret", "lookup_secret": good}),
    )
    .await;
    assert_eq!(level(&answer), "aal2");

    let key = key(place.of(4));
    let mut client = signed_in(&world, place, 4).await;
    let answer = step_up(&mut client, |flow| {
        let given = key.get(&options(flow, "webauthn_login_trigger"));
        json!({"method": "webauthn", "identifier": "user-4@example.org", "webauthn_login": given})
    })
    .await;
    assert_eq!(level(&answer), "aal2");
}

pub(super) async fn a_passkey_signs_in(place: &Filled) {
    let world = place.world().await;
    let key = key(place.of(5));
    let mut client = Client::script(&world);
    let flow = client.begin("login", "").await;
    let given = key.get(&options(&flow, "passkey_challenge"));
    let answer = client
        .submit(&flow, json!({"method": "passkey", "passkey_login": given}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(
        answer.json()["session"]["identity"]["traits"]["email"],
        place.of(5)["email"]
    );
}

pub(super) async fn a_social_account_signs_in(place: &Filled) {
    let provider = Provider::start().await;
    let mut more = json!({});
    merge(
        &mut more,
        json!({"selfservice": {"methods": {"oidc": {"enabled": true, "config": {"providers": [provider.entry()]}}}}}),
    );
    let world = place.world_with(more).await;
    let known = place.of(6);

    // The tokens that were kept can be read.
    let path = format!(
        "/admin/identities/{}?include_credential=oidc",
        known["id"].as_str().unwrap()
    );
    let identity = world.admin("GET", &path, &[]).await.json();
    let kept = &identity["credentials"]["oidc"]["config"]["providers"][0];
    assert_eq!(kept["initial_access_token"], known["access_token"]);
    assert_eq!(kept["initial_refresh_token"], known["refresh_token"]);

    provider.user(json!({"sub": known["subject"], "email": "changed@example.org"}));
    let mut browser = Browser::default();
    let answer = browser.sign_in(&world, "login").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(browser.methods(&world).await, ["oidc"]);
    let session = browser.get(&world, "/sessions/whoami").await.json();
    assert_eq!(session["identity"]["id"], known["id"]);
}

pub(super) async fn a_code_is_sent_to_who_had_one(place: &Filled) {
    let world = place.world().await;
    let email = "user-7@example.org";
    let mut client = Client::app(&world);
    let flow = client.begin("login", "").await;
    let asked = client
        .submit(&flow, json!({"method": "code", "identifier": email}))
        .await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{}", asked.body);
    let body = json!({"method": "code", "identifier": email, "code": world.code(email).await});
    let answer = client.submit(&asked.json(), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(
        answer.json()["session"]["identity"]["traits"]["email"],
        email
    );
}
