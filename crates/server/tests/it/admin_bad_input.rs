//! What operators' scripts send by mistake: the documented error, and nothing half-written.

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World};

fn note(label: &str) -> Value {
    json!({"schema_id": "note", "traits": {"label": "x"}, "external_id": label})
}

async fn many(world: &World, identities: Vec<Value>) -> Answer {
    let items: Vec<Value> = identities
        .into_iter()
        .map(|identity| json!({"create": identity}))
        .collect();
    let body = json!({"identities": items}).to_string();
    world.call("PATCH", "/admin/identities", body).await
}

async fn count(world: &World) -> usize {
    let all = world.admin("GET", "/admin/identities?page_size=500", &[]);
    all.await.json().as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn different_identities_are_all_created_at_once() {
    let world = World::new().await;
    let bodies: Vec<String> = (0..24)
        .map(|n| note(&format!("id-{n}")).to_string())
        .collect();
    let calls = bodies
        .iter()
        .map(|body| world.call("POST", "/admin/identities", body.clone()));
    for answer in join_all(calls).await {
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    }
    assert_eq!(count(&world).await, 24);
}

#[tokio::test]
async fn of_duplicates_in_a_batch_the_first_is_created_and_the_rest_told() {
    let world = World::new().await;
    let rows = vec![
        note("a"),
        note("b"),
        note("a"),
        json!({"schema_id": "note", "traits": {"label": 7}}),
    ];
    let answer = many(&world, rows).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let json = answer.json();
    let actions: Vec<&str> = (0..4)
        .map(|n| json["identities"][n]["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["create", "create", "error", "error"]);
    assert_eq!(json["identities"][2]["error"]["code"], 409);
    assert_eq!(json["identities"][3]["error"]["code"], 400);
    assert_eq!(count(&world).await, 2);
}

#[tokio::test]
async fn a_batch_with_one_broken_row_creates_nobody() {
    let world = World::new().await;
    for broken in [
        json!({"schema_id": "note", "traits": {"label": "x"}, "colour": "red"}),
        json!({"schema_id": "note", "traits": {"label": "x"}, "state": "asleep"}),
        json!({"schema_id": "note", "traits": {"label": "x"}, "organization_id": "no-uuid"}),
        json!("not an object"),
    ] {
        let answer = many(&world, vec![note("a"), broken.clone(), note("b")]).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{broken}: {}",
            answer.body
        );
        assert_eq!(count(&world).await, 0, "{broken}");
    }
    let answer = many(&world, (0..1001).map(|n| note(&n.to_string())).collect()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(count(&world).await, 0);
}

#[tokio::test]
async fn bodies_of_ten_megabytes_are_refused_and_change_nothing() {
    let world = World::new().await;
    let id = world.create(&note("a")).await;
    let before = world.whole(&id).await;
    let large = json!({"schema_id": "note", "traits": {"label": "x".repeat(10 << 20)}}).to_string();
    let patch = json!([{"op": "add", "path": "/metadata_admin", "value": "x".repeat(10 << 20)}])
        .to_string();
    for (method, path, body) in [
        ("POST", "/admin/identities".to_owned(), &large),
        ("PATCH", "/admin/identities".to_owned(), &large),
        ("PUT", format!("/admin/identities/{id}"), &large),
        ("PATCH", format!("/admin/identities/{id}"), &patch),
    ] {
        let answer = world.call(method, &path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{method} {path}");
    }
    assert_eq!(count(&world).await, 1);
    assert_eq!(world.whole(&id).await, before);
}

#[tokio::test]
async fn a_hostile_patch_is_refused_as_a_whole() {
    let world = World::new().await;
    let id = world.create(&note("a")).await;
    let path = format!("/admin/identities/{id}");
    let before = world.whole(&id).await;
    let good = json!({"op": "add", "path": "/metadata_admin", "value": "half"});
    for bad in [
        json!({"op": "test", "path": "/id", "value": id}),
        json!({"op": "move", "from": "/traits", "path": "/metadata_public"}),
        json!({"op": "copy", "from": "/credentials", "path": "/metadata_public"}),
        json!({"op": "replace", "path": "/id", "value": "x"}),
        json!({"op": "remove", "path": "/metadata_public/nothing"}),
        json!({"op": "add", "path": "no-pointer", "value": 1}),
        json!({"op": "add", "path": "/credentials/saml/config", "value": {}}),
        json!({"op": "add", "path": "/state", "value": "asleep"}),
        json!({"op": "add"}),
        json!("add"),
    ] {
        let operations = json!([good, bad]).to_string();
        let answer = world.call("PATCH", &path, operations).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{bad}: {}",
            answer.body
        );
        assert_eq!(world.whole(&id).await, before, "{bad}");
    }
}

/// The token behind `rel="next"`.
fn next_token(answer: &Answer) -> String {
    let link = answer.header("link").unwrap();
    let next = link
        .split(',')
        .find(|part| part.contains("rel=\"next\""))
        .unwrap();
    let token = next.split_once("page_token=").unwrap().1;
    token.split(['&', '>']).next().unwrap().to_owned()
}

#[tokio::test]
async fn page_tokens_that_are_forged_or_of_another_list_are_refused() {
    let world = World::new().await;
    for label in ["a", "b", "c"] {
        world.create(&note(label)).await;
    }
    let page = world
        .admin("GET", "/admin/identities?page_size=1", &[])
        .await;
    let of_identities = next_token(&page);
    let page = world
        .admin(
            "GET",
            "/admin/identities?page_size=1&bia_q=schema:note",
            &[],
        )
        .await;
    let of_search = next_token(&page);
    let mut spoilt = of_search.clone();
    let last = spoilt.pop().unwrap();
    spoilt.insert(4, last);
    for (list, token) in [
        ("identities?", of_search.as_str()),
        ("identities?bia_q=schema:note&", of_identities.as_str()),
        ("identities?bia_q=schema:other&", of_search.as_str()),
        ("identities?bia_q=schema:note&", spoilt.as_str()),
        ("courier/messages?", of_search.as_str()),
        ("courier/messages?", of_identities.as_str()),
        ("identities?", "%27%20OR%201=1"),
        ("courier/messages?", "AAAA"),
        ("sessions?", "AAAA"),
    ] {
        let path = format!("/admin/{list}page_token={token}");
        let answer = world.admin("GET", &path, &[]).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{path}: {}",
            answer.body
        );
    }
}
