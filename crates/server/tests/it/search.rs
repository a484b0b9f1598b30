//! `GET /admin/identities?bia_q=…`.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::world::{Answer, World, as_url};

async fn world() -> World {
    let trait_of = |text: Value| json!({"type": "string", "ory.sh/kratos": text});
    let schema = json!({
        "$id": "https://example.org/person.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {
            "email": {"type": "string", "format": "email", "ory.sh/kratos": {
                "credentials": {"password": {"identifier": true}},
                "verification": {"via": "email"}, "recovery": {"via": "email"},
            }},
            "name": {"type": "object", "properties": {"first": {"type": "string"}, "last": {"type": "string"}}},
            "nick": trait_of(json!({"credentials": {"password": {"identifier": true}}})),
        }}},
    });
    let schemas = json!([{"id": "person", "url": as_url(&schema)}]);
    World::with(json!({
        "identity": {"default_schema_id": "person", "schemas": schemas},
        "bia": {"search": {"traits": ["name.first"]}},
    }))
    .await
}

async fn ask(world: &World, question: &str, more: &str) -> Answer {
    let question = utf8_percent_encode(question, NON_ALPHANUMERIC);
    let path = format!("/admin/identities?bia_q={question}{more}");
    world.admin("GET", &path, &[]).await
}

async fn found(world: &World, question: &str) -> Vec<String> {
    let answer = ask(world, question, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{question}: {}", answer.body);
    let emails = answer.json();
    let emails = emails.as_array().unwrap().iter();
    emails
        .map(|i| i["traits"]["email"].as_str().unwrap().to_owned())
        .collect()
}

async fn folk(world: &World) -> Vec<String> {
    let mut ids = Vec::new();
    for (n, first, state) in [
        (1, "Ann Marie", "active"),
        (2, "Bob", "inactive"),
        (3, "Ann", "active"),
    ] {
        let identity = json!({
            "schema_id": "person",
            "traits": {"email": format!("user-{n}@example.org"), "name": {"first": first, "last": "Secret"}},
            "state": state,
            "verifiable_addresses": [{"value": format!("user-{n}@example.org"), "via": "email", "verified": n == 2}],
        });
        ids.push(world.create(&identity).await);
    }
    ids
}

#[tokio::test]
async fn operators_find_people_by_what_they_know_of_them() {
    let world = world().await;
    folk(&world).await;
    let all = [
        "user-1@example.org",
        "user-2@example.org",
        "user-3@example.org",
    ];
    for (question, expected) in [
        ("USER-", &all[..]),
        ("user-2@example.org", &all[1..2]),
        ("marie", &all[..1]),
        ("verified:yes", &all[1..2]),
        ("state:inactive user", &all[1..2]),
        ("trait.name.first:ann", &all[2..]),
        ("trait.name.first:\"ann marie\"", &all[..1]),
        ("secret", &[]),
        ("method:password", &[]),
        ("ann bob", &[]),
        ("user-_", &[]),
    ] {
        assert_eq!(found(&world, question).await, expected, "{question}");
    }
    let mut everybody = found(&world, "schema:person").await;
    everybody.sort();
    assert_eq!(everybody, all);
    let answer = ask(&world, "user-1", "").await.json();
    assert_eq!(answer[0].get("credentials"), None, "as in every other list");
    let answer = ask(&world, "user-1", "&include_credential=password")
        .await
        .json();
    assert!(answer[0]["credentials"]["password"].is_object(), "{answer}");
}

#[tokio::test]
async fn changes_are_found_at_once() {
    let world = world().await;
    let ids = folk(&world).await;
    let path = format!("/admin/identities/{}", ids[0]);
    let patch = json!([{"op": "replace", "path": "/traits/email", "value": "new-1@example.org"}]);
    let patched = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
    assert_eq!(found(&world, "user-1").await, [""; 0]);
    assert_eq!(found(&world, "new-1").await, ["new-1@example.org"]);
    world.call("DELETE", &path, "").await;
    assert_eq!(found(&world, "new-1").await, [""; 0]);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_told_where() {
    let world = world().await;
    for (question, part) in [
        ("ann state:asleep", "character 5"),
        ("trait.name.last:x", "bia.search.traits"),
        ("colour:red", "double quotes"),
        ("\"open", "not closed"),
    ] {
        let answer = ask(&world, question, "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{question}");
        let reason = answer.json()["error"]["reason"].to_string();
        assert!(reason.contains(part), "{question}: {reason}");
    }
    for more in [
        "&credentials_identifier=ann",
        "&page=1",
        "&page_size=many",
        "&page_token=forged",
        "&include_credential=magic",
    ] {
        let answer = ask(&world, "ann", more).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{more}: {}",
            answer.body
        );
    }
    // An empty question is none.
    let answer = ask(&world, " ", "").await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// The path behind `rel="next"`.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let part = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    Some(part.split_once('<')?.1.split_once('>')?.0.to_owned())
}

#[tokio::test]
async fn pages_lead_on_and_their_tokens_fit_one_question() {
    let world = world().await;
    folk(&world).await;
    let mut answer = ask(&world, "user", "&page_size=2").await;
    let token = next(&answer).unwrap();
    let mut seen = Vec::new();
    loop {
        let page = answer.json();
        seen.extend(page.as_array().unwrap().iter().map(|i| i["id"].to_string()));
        let Some(path) = next(&answer) else { break };
        answer = world.admin("GET", &path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(seen.len(), 3);
    let other = token.replace("bia_q=user", "bia_q=ann");
    assert_ne!(token, other);
    assert_eq!(
        world.admin("GET", &other, &[]).await.status,
        StatusCode::BAD_REQUEST
    );
    let plain = token.replace("bia_q=user&", "");
    assert_eq!(
        world.admin("GET", &plain, &[]).await.status,
        StatusCode::BAD_REQUEST
    );
    let of_plain = ask(
        &world,
        "user",
        "&page_token=00000000-0000-0000-0000-000000000000",
    )
    .await;
    assert_eq!(of_plain.status, StatusCode::BAD_REQUEST);
}
