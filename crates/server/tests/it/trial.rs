//! Trying a provider out (admin.md §12): what comes is shown to the browser that was there, and to nobody else.

use http::StatusCode;
use serde_json::{Value, json};

use crate::provider::{Browser, Mood, Provider};
use crate::world::{World, as_url};

/// A schema that wants a name beside the address.
async fn world(provider: &Provider) -> World {
    let email = json!({"type": "string", "format": "email", "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}});
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "type": "object",
        "properties": {"traits": {
            "type": "object", "properties": {"email": email, "name": {"type": "string"}}, "required": ["email", "name"],
        }},
    });
    World::with(json!({
        "identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]},
        "selfservice": {"methods": {"oidc": {"enabled": true, "config": {"providers": [provider.entry()]}}}},
    }))
    .await
}

async fn begun(world: &World) -> Value {
    let body = json!({"provider_id": "acme"}).to_string();
    let answer = world.call("POST", "/admin/test-login-flows", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()
}

/// Goes to the provider and comes back; gives what was kept.
async fn tried(world: &World, browser: &mut Browser, flow: &Value) -> Value {
    let chosen = json!({"method": "oidc", "provider": "acme"});
    let back = browser.visit(world, flow, chosen).await;
    let answer = browser.get(world, &back).await;
    let location = answer.header("location").unwrap().to_owned();
    assert!(
        location.contains("/self-service/login/flows?id="),
        "{location}"
    );
    browser.get(world, &location).await.json()
}

async fn remove(world: &World, id: &Value, cookies: &str) -> StatusCode {
    let path = format!("/self-service/login/test?id={}", id.as_str().unwrap());
    let headers = [("cookie", cookies)];
    world.public("DELETE", &path, &headers).await.status
}

fn cookies(browser: &Browser) -> String {
    let all: Vec<String> = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    all.join("; ")
}

#[tokio::test]
async fn what_comes_from_a_provider_is_shown_and_nobody_is_made_or_signed_in() {
    let provider = Provider::start().await;
    let world = world(&provider).await;
    provider.user(json!({"sub": "s-1", "email": "user-1@example.org", "name": "Ann"}));
    let flow = begun(&world).await;
    let mut browser = Browser::default();
    let shown = tried(&world, &mut browser, &flow).await;
    let came = &shown["test_context"]["debug_payload"];
    assert_eq!(came["id_token_claims"]["sub"], "s-1", "{shown}");
    assert_eq!(
        came["jsonnet_output"]["identity"]["traits"]["email"],
        "user-1@example.org"
    );
    assert_eq!(came["error"], Value::Null);
    let whoami = browser.get(&world, "/sessions/whoami").await;
    assert_eq!(whoami.status, StatusCode::UNAUTHORIZED);
    let all = world.admin("GET", "/admin/identities", &[]).await.json();
    assert_eq!(all, json!([]));

    // It is this browser's from now on, and it works once.
    let path = format!(
        "/self-service/login/flows?id={}",
        flow["id"].as_str().unwrap()
    );
    let other = Browser::default().get(&world, &path).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "{}", other.body);
    let chosen = json!({"method": "oidc", "provider": "acme"});
    let again = browser.submit(&world, &flow, chosen).await;
    assert!(again.status.is_client_error(), "{}", again.body);
    assert_eq!(remove(&world, &flow["id"], "").await, StatusCode::FORBIDDEN);
    assert_eq!(
        remove(&world, &flow["id"], &cookies(&browser)).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        remove(&world, &flow["id"], &cookies(&browser)).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_goes_wrong_is_shown_with_the_step_at_which_it_did() {
    let provider = Provider::start().await;
    let world = world(&provider).await;
    provider.user(json!({"sub": "s-1", "email": "user-1@example.org"}));
    let shown = tried(&world, &mut Browser::default(), &begun(&world).await).await;
    let came = &shown["test_context"]["debug_payload"];
    assert_eq!(came["error"]["step"], "schema_validate", "{shown}");
    assert_eq!(came["schema_validation_errors"][0]["path"], "/traits/name");

    provider.mood(Mood::Refuses);
    let shown = tried(&world, &mut Browser::default(), &begun(&world).await).await;
    let came = &shown["test_context"]["debug_payload"];
    assert_eq!(came["error"]["step"], "token_exchange", "{shown}");
}

#[tokio::test]
async fn such_a_flow_takes_nothing_but_its_provider_by_its_token() {
    let provider = Provider::start().await;
    let world = world(&provider).await;
    let flow = begun(&world).await;
    let action = flow["ui"]["action"].as_str().unwrap();
    let path = action.replace("http://public.example.org", "");
    let token = &flow["ui"]["nodes"][0]["attributes"]["value"];
    for body in [
        json!({"method": "oidc", "provider": "acme"}),
        json!({"method": "oidc", "provider": "acme", "csrf_token": "another"}),
        json!({"method": "oidc", "provider": "nobody", "csrf_token": token}),
        json!({"method": "password", "identifier": "user-1@example.org", "password": "x", "csrf_token": token}),
    ] {
        let answer = world.post(&path, &body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.body);
        assert_eq!(answer.json()["redirect_browser_to"], Value::Null, "{body}");
    }
}
