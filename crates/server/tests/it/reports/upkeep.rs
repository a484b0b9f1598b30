//! What operators change and keep: messages on their way, databases, schemas, lists.
//!
//! | report | where it is proven |
//! |---|---|
//! | B83 | `worker::messages_that_fail_hold_up_nobody_else`, `worker::a_refused_recipient_is_tried_as_often_as_configured_and_then_given_up` of the courier |
//! | B85 | `http::every_2xx_is_a_delivery_and_nothing_is_sent_twice`, `http::what_the_service_refuses_for_good_is_given_up_at_once`, `worker::a_busy_database_does_not_make_a_message_go_out_twice` of the courier |
//! | B86 | `messages::nobody_can_flood_an_address_and_the_answers_do_not_tell` |
//! | B97 | `existing_database`, `migrations` of the store; databases of older releases are refused with what to do |
//! | B98 | [`whoever_was_there_before_a_required_trait_signs_in_and_fills_it_in`] |
//! | B99 | [`a_schema_that_points_to_what_is_no_schema_stops_the_start_and_shows_nothing_of_it`], `schema::tests::compiling` of the model, `fetch` of the configuration |
//! | B100 | `admin_bad_input::page_tokens_that_are_forged_or_of_another_list_are_refused`, `wire::link_header::tests`, `identities::lists_are_paged_by_id` of the store |

use std::sync::Arc;
use std::time::Duration;

use bia_config::Config;
use bia_server::start;
use bia_store::Dsn;
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, messages, value_of};
use crate::folk::{self, MAIL, PASSWORD, person};
use crate::world::{self, World, as_url};

/// A server on a database in a folder, with a schema.
async fn on(folder: &tempfile::TempDir, schema: &Value) -> World {
    let dsn = start::in_folder(folder.path());
    let identity = json!({"identity": {"schemas": [{"id": "default", "url": as_url(schema)}]}});
    World::on(&dsn, folk::settings(identity)).await
}

#[tokio::test]
async fn whoever_was_there_before_a_required_trait_signs_in_and_fills_it_in() {
    let folder = tempfile::tempdir().unwrap();
    let world = on(&folder, &folk::schema()).await;
    let traits = json!({"email": MAIL, "name": "Ada"});
    let id = world.create(&person(traits, json!({}))).await;
    world.app.store.close().await;
    drop(world);

    let mut stricter = folk::schema();
    let traits = &mut stricter["properties"]["traits"];
    traits["properties"]["nick"] = json!({"type": "string", "minLength": 1});
    traits["required"] = json!(["nick"]);
    let world = on(&folder, &stricter).await;
    let mut app = Client::app(&world);
    assert_eq!(app.sign_in(MAIL, PASSWORD).await.status, StatusCode::OK);
    assert_eq!(app.get("/sessions/whoami").await.status, StatusCode::OK);
    let flow = app.begin("settings", "").await;
    assert_eq!(value_of(&flow, "traits.name"), "Ada");
    let nodes = flow["ui"]["nodes"].as_array().unwrap();
    assert!(
        nodes
            .iter()
            .any(|node| node["attributes"]["name"] == "traits.nick")
    );
    let form = |traits: Value| json!({"method": "profile", "traits": traits});
    let refused = app
        .submit(&flow, form(json!({"email": MAIL, "name": "Eve"})))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    let nodes = refused.json()["ui"]["nodes"].clone();
    let said = nodes
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["attributes"]["name"] == "traits.nick");
    assert_eq!(said.unwrap()["messages"][0]["id"], 4_000_002, "{nodes}");
    assert!(messages(&refused.json()).is_empty());

    let path = format!("/admin/identities/{id}");
    let patch = json!([{"op": "replace", "path": "/traits/name", "value": "Eve"}]);
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let patch = json!([{"op": "replace", "path": "/state", "value": "active"}, {"op": "add", "path": "/traits/nick", "value": "ada"}]);
    let answer = world.call("PATCH", &path, patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let whole = form(json!({"email": MAIL, "name": "Eve", "nick": "eve"}));
    assert_eq!(app.submit(&flow, whole).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_schema_that_points_to_what_is_no_schema_stops_the_start_and_shows_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "root:hidden-content").unwrap();
    let large = folder.path().join("large.json");
    std::fs::write(
        &large,
        format!("{{\"title\": \"{}\"}}", "x".repeat(10 << 20)),
    )
    .unwrap();
    let here = |path: &std::path::Path| format!("file://{}", path.display());
    let of = |reference: String| {
        let mut schema = world::schema("email");
        schema["properties"]["traits"]["properties"]["email"] = json!({"$ref": reference});
        schema
    };
    for schema in [
        of(here(&secret)),
        of(here(&large)),
        of("#/properties/traits".into()),
    ] {
        let settings =
            json!({"identity": {"schemas": [{"id": "default", "url": as_url(&schema)}]}});
        let config = Arc::new(Config::from_json(world::settings(settings)).unwrap());
        let store = start::open(&Dsn::parse("memory").unwrap(), Duration::from_secs(5))
            .await
            .unwrap();
        let began = std::time::Instant::now();
        let Err(error) = start::app(config, store, world::jsonnet()).await else {
            panic!("it starts with {schema}");
        };
        let text = format!("{error:#}");
        assert!(!text.contains("hidden-content"), "{text}");
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );
    }
}
