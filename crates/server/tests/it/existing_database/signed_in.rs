//! Who was signed in stays so.

use http::StatusCode;
use serde_json::{Value, json};

use super::place::Filled;
use crate::world::{Answer, World};

async fn whoami(world: &World, header: &str, value: &str) -> Answer {
    world
        .public("GET", "/sessions/whoami", &[(header, value)])
        .await
}

fn cookie(value: &Value) -> String {
    format!("ory_kratos_session={}", value.as_str().unwrap())
}

pub(super) async fn session_tokens_of_before_are_good(place: &Filled) {
    let world = place.world().await;
    for (n, level) in [(1, "aal1"), (2, "aal2"), (3, "aal2"), (7, "aal1")] {
        let known = place.of(n);
        let token = known["token"].as_str().unwrap();
        let answer = whoami(&world, "x-session-token", token).await;
        assert_eq!(answer.status, StatusCode::OK, "{n}: {}", answer.body);
        let session = answer.json();
        assert_eq!(session["identity"]["traits"]["email"], known["email"]);
        assert_eq!(session["authenticator_assurance_level"], level, "{n}");
        assert_eq!(session["devices"].as_array().unwrap().len(), 1);
    }
    // And they can be given back.
    let token = &place.of(1)["token"];
    let body = json!({"session_token": token}).to_string();
    let headers = [("content-type", "application/json")];
    let request = headers.iter().fold(
        http::Request::builder()
            .method("DELETE")
            .uri("/self-service/logout/api"),
        |request, (name, value)| request.header(*name, *value),
    );
    let out = world.send_public(request.body(body.into()).unwrap()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.body);
    let gone = whoami(&world, "x-session-token", token.as_str().unwrap()).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
}

pub(super) async fn cookies_of_before_are_good(place: &Filled) {
    let world = place.world().await;
    for n in [1, 4, 6] {
        let known = place.of(n);
        let answer = whoami(&world, "cookie", &cookie(&known["cookie"])).await;
        assert_eq!(answer.status, StatusCode::OK, "{n}: {}", answer.body);
        assert_eq!(answer.json()["identity"]["traits"]["email"], known["email"]);
    }
    let cookie = cookie(&place.of(1)["cookie"]);
    let headers = [("cookie", cookie.as_str()), ("accept", "application/json")];
    let out = world
        .public("GET", "/self-service/logout/browser", &headers)
        .await;
    assert_eq!(out.status, StatusCode::OK, "{}", out.body);
    let token = out.json()["logout_token"].as_str().unwrap().to_owned();
    let path = format!("/self-service/logout?token={token}");
    let out = world.public("GET", &path, &headers).await;
    assert!(
        out.status.is_success() || out.status.is_redirection(),
        "{}",
        out.body
    );
    assert_eq!(
        whoami(&world, "cookie", &cookie).await.status,
        StatusCode::UNAUTHORIZED
    );
    // With another secret nobody can read them; the database alone is not enough.
    let other = json!({"secrets": {"cookie": ["another-secret-of-nobody-at-all"]}});
    let world = place.world_with(other).await;
    let answer = whoami(&world, "cookie", &self::cookie(&place.of(4)["cookie"])).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
