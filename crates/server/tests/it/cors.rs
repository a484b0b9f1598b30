//! Other origins (config.md §6). The rules have tests of their own; here it is seen that they are asked.

use http::StatusCode;
use serde_json::json;

use crate::world::{Answer, World};

async fn open() -> World {
    let cors = json!({"enabled": true, "allowed_origins": ["https://app.example.org", "https://*.wild.example.org"], "max_age": 60});
    World::with(json!({"serve": {"public": {"cors": cors}}})).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn preflights_are_answered_for_every_path() {
    let world = open().await;
    for (origin, welcome) in [
        ("https://app.example.org", true),
        ("https://a.wild.example.org", true),
        ("https://evil.com", false),
    ] {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
        ];
        for path in ["/schemas", "/nothing/here"] {
            let answer = world.public("OPTIONS", path, &headers).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (StatusCode::NO_CONTENT, "")
            );
            assert_eq!(allowed(&answer), welcome.then_some(origin));
            assert_eq!(
                answer.header("access-control-max-age"),
                welcome.then_some("60")
            );
        }
    }
}

#[tokio::test]
async fn answers_and_errors_carry_the_headers_and_the_admin_listener_never() {
    let world = open().await;
    let origin = [("origin", "https://app.example.org")];
    for path in ["/health/alive", "/schemas/nonsense", "/nothing/here"] {
        let answer = world.public("GET", path, &origin).await;
        assert_eq!(allowed(&answer), Some("https://app.example.org"), "{path}");
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            Some("true")
        );
        assert!(
            answer
                .headers
                .get_all("vary")
                .iter()
                .any(|vary| vary == "Origin")
        );
    }
    assert_eq!(
        allowed(&world.admin("GET", "/health/alive", &origin).await),
        None
    );
}

#[tokio::test]
async fn switched_off_nothing_is_allowed_and_options_is_no_method() {
    let world = World::new().await;
    let headers = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "POST"),
    ];
    let answer = world.public("OPTIONS", "/health/alive", &headers).await;
    assert_eq!(
        (answer.status, allowed(&answer)),
        (StatusCode::METHOD_NOT_ALLOWED, None)
    );
}

#[tokio::test]
async fn an_answered_preflight_names_no_methods_but_those_that_were_asked_for() {
    let world = open().await;
    let headers = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "GET"),
    ];
    let answer = world.public("OPTIONS", "/health/alive", &headers).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (StatusCode::NO_CONTENT, None)
    );
}
