//! Paths: unknown ones, wrong methods, calls that came to the wrong listener (admin.md §1).

use http::StatusCode;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_answered_in_plain_text() {
    let world = World::new().await;
    for path in [
        "/nonsense",
        "/self-service/nonsense",
        "/health/alive/",
        "/schemas/",
    ] {
        let answer = world.public("GET", path, &[]).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::NOT_FOUND, "404 page not found\n"),
            "{path}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.header("vary"), Some("Cookie"));
    }
    for path in [
        "/nope",
        "/admin/nope",
        "/adminidentities",
        "/admin/health/alive/",
    ] {
        assert_eq!(
            world.admin("GET", path, &[]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let wrong = world.public("POST", "/health/alive", &[]).await;
    assert_eq!(
        (wrong.status, wrong.body.as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n")
    );
    assert_eq!(wrong.header("allow"), Some("GET,HEAD"));
    let wrong = world.admin("DELETE", "/version", &[]).await;
    assert_eq!(
        (wrong.status, wrong.header("allow")),
        (StatusCode::METHOD_NOT_ALLOWED, Some("GET,HEAD"))
    );
}

#[tokio::test]
async fn admin_calls_on_the_public_listener_are_sent_to_the_other() {
    let world = World::new().await;
    let id = "2f4a1c9e-0000-4000-8000-000000000001";
    for (method, path, target) in [
        (
            "GET",
            "/identities?page_size=1",
            "/admin/identities?page_size=1".to_owned(),
        ),
        ("GET", "/admin/identities", "/admin/identities".to_owned()),
        ("POST", "/admin/identities", "/admin/identities".to_owned()),
        (
            "PUT",
            &format!("/admin/identities/{id}"),
            format!("/admin/identities/{id}"),
        ),
        (
            "PATCH",
            &format!("/identities/{id}"),
            format!("/admin/identities/{id}"),
        ),
        (
            "DELETE",
            &format!("/identities/{id}/credentials/totp"),
            format!("/admin/identities/{id}/credentials/totp"),
        ),
        (
            "DELETE",
            &format!("/identities/{id}/sessions"),
            format!("/admin/identities/{id}/sessions"),
        ),
        (
            "GET",
            "/identities/by/external/x%2Fy",
            "/admin/identities/by/external/x%2Fy".to_owned(),
        ),
        (
            "GET",
            "/admin/courier/messages?status=sent",
            "/admin/courier/messages?status=sent".to_owned(),
        ),
        ("POST", "/recovery/code", "/admin/recovery/code".to_owned()),
        ("POST", "/recovery/link", "/admin/recovery/link".to_owned()),
    ] {
        let answer = world.public(method, path, &[]).await;
        assert_eq!(
            answer.status,
            StatusCode::TEMPORARY_REDIRECT,
            "{method} {path}"
        );
        assert_eq!(
            answer.header("location"),
            Some(format!("http://admin.example.org{target}").as_str())
        );
    }
}

#[tokio::test]
async fn the_rest_of_the_admin_api_is_not_there_on_the_public_listener() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/admin/sessions"),
        ("PATCH", "/admin/identities"),
        ("GET", "/admin/identities/x/sessions"),
        ("POST", "/admin/recovery/code"),
        ("GET", "/admin/health/alive"),
        ("GET", "/admin/version"),
    ] {
        let status = world.public(method, path, &[]).await.status;
        assert!(
            matches!(status.as_u16(), 404 | 405),
            "{method} {path}: {status}"
        );
    }
}

#[tokio::test]
async fn self_service_on_the_admin_listener_is_sent_to_the_other() {
    let world =
        World::with(json!({"serve": {"public": {"base_url": "https://id.example.org/auth"}}}))
            .await;
    for (method, path, target) in [
        (
            "GET",
            "/self-service/login/browser?aal=aal1",
            "/self-service/login/browser?aal=aal1",
        ),
        (
            "POST",
            "/self-service/login?flow=x",
            "/self-service/login?flow=x",
        ),
        (
            "GET",
            "/self-service/registration/api",
            "/self-service/registration/api",
        ),
        (
            "GET",
            "/admin/self-service/errors?id=x",
            "/self-service/errors?id=x",
        ),
        (
            "DELETE",
            "/self-service/logout/api",
            "/self-service/logout/api",
        ),
        ("GET", "/admin/sessions/whoami", "/sessions/whoami"),
        ("DELETE", "/admin/sessions", "/sessions"),
        ("GET", "/schemas", "/schemas"),
        ("GET", "/admin/schemas/note?x=1", "/schemas/note?x=1"),
    ] {
        let answer = world.admin(method, path, &[]).await;
        assert_eq!(
            answer.status,
            StatusCode::TEMPORARY_REDIRECT,
            "{method} {path}"
        );
        assert_eq!(
            answer.header("location"),
            Some(format!("https://id.example.org/auth{target}").as_str())
        );
    }
}

#[tokio::test]
async fn password_managers_are_sent_to_the_settings_page() {
    let flows = json!({"settings": {"ui_url": "http://app.example.org/settings"}});
    for (flows, page) in [
        (flows, "http://app.example.org/settings"),
        (json!({}), "http://public.example.org/ui/settings"),
    ] {
        let world = World::with(json!({"selfservice": {"flows": flows}})).await;
        let answer = world
            .public("GET", "/.well-known/change-password", &[])
            .await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, Some(page))
        );
        assert!(answer.body.starts_with("<a href="), "{}", answer.body);
    }
}
