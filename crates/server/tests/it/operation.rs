//! Health, version, metrics (ops.md §1–2).

use http::StatusCode;
use serde_json::json;

use crate::world::World;

const NO_CACHE: Option<&str> = Some("private, no-cache, no-store, must-revalidate");

#[tokio::test]
async fn both_listeners_say_that_they_live_and_are_ready() {
    let world = World::new().await;
    for path in ["/health/alive", "/health/ready"] {
        let answers = [
            world.public("GET", path, &[]).await,
            world.admin("GET", path, &[]).await,
            world.admin("GET", &format!("/admin{path}"), &[]).await,
        ];
        for answer in answers {
            assert_eq!(
                (answer.status, answer.json()),
                (StatusCode::OK, json!({"status": "ok"})),
                "{path}"
            );
            assert_eq!(answer.header("cache-control"), NO_CACHE);
            assert_eq!(
                answer.header("content-type"),
                Some("application/json; charset=utf-8")
            );
            assert_eq!(answer.header("vary"), None);
            assert!(answer.body.ends_with("}\n"));
        }
    }
}

#[tokio::test]
async fn a_long_write_does_not_make_the_server_look_unready() {
    let world = World::new().await;
    let writing = world.app.store.begin().await.unwrap();
    for path in ["/health/ready", "/health/alive"] {
        let asked = world.public("GET", path, &[]);
        let limit = std::time::Duration::from_secs(5);
        let answer = tokio::time::timeout(limit, asked).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    drop(writing);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told_to_the_operator_and_hidden_from_others() {
    let world = World::new().await;
    world.app.store.close().await;
    let told = world.admin("GET", "/health/ready", &[]).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    let error = &told.json()["error"];
    assert_eq!(
        (error["code"].clone(), error["status"].clone()),
        (json!(500), json!("Internal Server Error"))
    );
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("database: The database does not answer")
    );
    let hidden = world.public("GET", "/health/ready", &[]).await;
    assert_eq!(hidden.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!hidden.body.contains("does not answer"), "{}", hidden.body);
    assert_eq!(
        world.public("GET", "/health/alive", &[]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn version_metrics_and_revision_are_for_the_admin_listener_only() {
    let world = World::with(json!({"revision": "r-17"})).await;
    for path in ["/version", "/metrics/prometheus", "/health/config"] {
        assert_eq!(
            world.public("GET", path, &[]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        for path in [path.to_owned(), format!("/admin{path}")] {
            let answer = world.admin("GET", &path, &[]).await;
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (StatusCode::OK, NO_CACHE),
                "{path}"
            );
        }
    }
    let version = world.admin("GET", "/version", &[]).await.json();
    assert_eq!(version, json!({"version": bia_server::version::VERSION}));
    let revision = world.admin("GET", "/health/config", &[]).await;
    assert_eq!(
        (revision.body.as_str(), revision.header("content-type")),
        ("r-17", Some("text/plain; charset=utf-8"))
    );
    let hash = World::new()
        .await
        .admin("GET", "/health/config", &[])
        .await
        .body;
    assert!(
        hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()),
        "{hash}"
    );
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let world = World::new().await;
    world.admin("GET", "/health/alive", &[]).await;
    world.admin("GET", "/nowhere", &[]).await;
    let metrics = world.admin("GET", "/metrics/prometheus", &[]).await;
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let counted = |endpoint: &str, code: &str| {
        let (endpoint, code) = (
            format!("endpoint=\"{endpoint}\""),
            format!("code=\"{code}\""),
        );
        metrics.body.lines().any(|l| {
            l.starts_with("http_requests_total{") && l.contains(&endpoint) && l.contains(&code)
        })
    };
    assert!(counted("/admin/health/alive", "200"), "{}", metrics.body);
    assert!(counted("", "404"), "{}", metrics.body);
}

#[tokio::test]
async fn head_is_answered_where_get_is_without_a_body() {
    let world = World::new().await;
    let answer = world.public("HEAD", "/health/alive", &[]).await;
    assert_eq!(
        (
            answer.status,
            answer.body.as_str(),
            answer.header("cache-control")
        ),
        (StatusCode::OK, "", None)
    );
    assert_eq!(answer.header("content-length"), Some("16"));
}
