//! Identity schemas for clients (admin.md §8).

use http::StatusCode;
use serde_json::json;

use crate::world::{World, schema};

#[tokio::test]
async fn a_schema_is_found_by_its_id_and_by_the_encoded_id() {
    let world = World::new().await;
    for path in ["/schemas/note", "/schemas/bm90ZQ", "/admin/schemas/note"] {
        let answer = world.public("GET", path, &[]).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::OK, schema("label")),
            "{path}"
        );
        let utf8 = Some("application/json; charset=utf-8");
        assert_eq!(answer.header("content-type"), utf8);
    }
}

#[tokio::test]
async fn an_unknown_schema_is_an_error_that_repeats_the_request_s_id() {
    let world = World::new().await;
    let answer = world
        .public("GET", "/schemas/Note", &[("x-request-id", "r-1")])
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::NOT_FOUND, Some("application/json"))
    );
    let error = &answer.json()["error"];
    assert_eq!(error["code"], json!(404));
    assert_eq!(error["request"], json!("r-1"));
    assert_eq!(answer.header("ory-error-id"), Some(""));
}

#[tokio::test]
async fn schemas_are_listed_by_pages_in_the_order_of_the_configuration() {
    let world = World::new().await;
    let all = world.public("GET", "/schemas", &[]).await;
    let expected = json!([{"id": "default", "schema": schema("email")}, {"id": "note", "schema": schema("label")}]);
    assert_eq!(
        (all.status, all.json(), all.header("x-total-count")),
        (StatusCode::OK, expected, Some("2"))
    );
    assert!(all.body.contains("A \\u0026 B"), "{}", all.body);
    assert!(
        all.header("link").unwrap().starts_with("</schemas?"),
        "{:?}",
        all.header("link")
    );
    for (query, ids) in [
        ("page=1&per_page=1", vec!["note"]),
        ("page_size=1", vec!["default"]),
        ("page=9&per_page=2", vec![]),
    ] {
        let page = world
            .public("GET", &format!("/admin/schemas?{query}"), &[])
            .await;
        let found: Vec<String> = page
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["id"].as_str().unwrap().into())
            .collect();
        assert_eq!(
            (found, page.header("x-total-count")),
            (ids.into_iter().map(str::to_owned).collect(), Some("2")),
            "{query}"
        );
    }
}
