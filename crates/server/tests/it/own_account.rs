//! People who change their accounts and prove second factors, where the recorded answers of the reference
//! say nothing: at the same time, a second time, in the name of others.

use std::collections::HashMap;
use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_selfservice::continuity::{self, Parked};
use bia_selfservice::cx::{Cx, Request};
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::folk::PASSWORD;
use crate::world::{Answer, World};

async fn world() -> World {
    let login = json!({"credentials": {"password": {"identifier": true}}});
    let schema = json!({
        "$id": "https://example.org/name.schema.json",
        "type": "object",
        "properties": {"traits": {"type": "object", "properties": {
            "name": {"type": "string", "ory.sh/kratos": login},
            "motto": {"type": "string"},
        }}},
    });
    let url = format!("base64://{}", STANDARD.encode(schema.to_string()));
    World::with(json!({
        "identity": {"default_schema_id": "name", "schemas": [{"id": "name", "url": url}]},
        "selfservice": {
            "methods": {
                "totp": {"enabled": true},
                "lookup_secret": {"enabled": true},
                "password": {"config": {"haveibeenpwned_enabled": false}},
            },
            "flows": {"settings": {"required_aal": "aal1"}},
        },
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
    }))
    .await
}

async fn person(world: &World, name: &str, more: Value) -> String {
    let mut credentials = json!({"password": {"config": {"password": PASSWORD}}});
    credentials
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let body = json!({"schema_id": "name", "traits": {"name": name}, "credentials": credentials});
    let answer = world
        .call("POST", "/admin/identities", body.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn flow(world: &World, kind: &str, query: &str, token: &str) -> Value {
    let path = format!("/self-service/{kind}/api{query}");
    let answer = world
        .public("GET", &path, &[("x-session-token", token)])
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn submit(world: &World, kind: &str, flow: &Value, token: &str, body: Value) -> Answer {
    let id = flow["id"].as_str().unwrap();
    world
        .post_as(&format!("/self-service/{kind}?flow={id}"), token, body)
        .await
}

async fn sign_in(world: &World, name: &str, password: &str) -> Answer {
    let login = flow(world, "login", "", "").await;
    let body = json!({"method": "password", "identifier": name, "password": password});
    submit(world, "login", &login, "", body).await
}

async fn session(world: &World, name: &str) -> String {
    let answer = sign_in(world, name, PASSWORD).await;
    answer.json()["session_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_changes_to_an_account_at_the_same_time_none_is_lost() {
    let world = world().await;
    for round in 0..4 {
        let name = format!("person-{round}");
        let id = person(&world, &name, json!({})).await;
        let token = session(&world, &name).await;
        let changes = [
            json!({"method": "profile", "traits": {"name": name, "motto": "on time"}}),
            json!({"method": "password", "password": "another-horse-battery-43"}),
            json!({"lookup_secret_confirm": true}),
        ];
        let mut tries = Vec::new();
        for change in changes {
            let settings = flow(&world, "settings", "", &token).await;
            if change.get("lookup_secret_confirm").is_some() {
                let made = json!({"lookup_secret_regenerate": true});
                assert_eq!(
                    submit(&world, "settings", &settings, &token, made)
                        .await
                        .status,
                    StatusCode::OK
                );
            }
            tries.push((settings, change));
        }
        let all = tries
            .iter()
            .map(|(flow, change)| submit(&world, "settings", flow, &token, change.clone()));
        for answer in join_all(all).await {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        }
        let whole = world
            .admin("GET", &format!("/admin/identities/{id}"), &[])
            .await
            .json();
        assert_eq!(whole["traits"]["motto"], "on time");
        assert!(whole["credentials"]["lookup_secret"].is_object(), "{whole}");
        assert_eq!(
            sign_in(&world, &name, "another-horse-battery-43")
                .await
                .status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn a_parked_wish_comes_back_once_to_its_owner_for_its_flow_while_it_is_fresh() {
    let world = world().await;
    let cx = |cookie: &HashMap<String, String>| {
        let request = Request {
            continuity: vec![cookie.clone()],
            ..Request::default()
        };
        Cx::new(Arc::clone(&world.app), request)
    };
    let park = async |about: Parked<'_>| {
        let here = cx(&HashMap::new());
        continuity::park(&here, about, &json!({"password": "a new secret"}))
            .await
            .unwrap();
        let noted = here.take_effects().continuity;
        noted
            .into_iter()
            .map(|(purpose, id)| (purpose, id.unwrap()))
            .collect::<HashMap<_, _>>()
    };
    let about = Parked {
        purpose: "settings",
        subject: Uuid::new_v4(),
        owner: Uuid::new_v4(),
    };
    let cookie = park(about).await;
    let resume = async |cookie: &HashMap<String, String>, about| {
        continuity::resume::<Value>(&cx(cookie), about)
            .await
            .unwrap()
    };

    assert_eq!(
        resume(
            &cookie,
            Parked {
                owner: Uuid::new_v4(),
                ..about
            }
        )
        .await,
        None
    );
    assert_eq!(
        resume(
            &cookie,
            Parked {
                subject: Uuid::new_v4(),
                ..about
            }
        )
        .await,
        None
    );
    let (id, _) = cookie["settings"].split_once('.').unwrap();
    for forged in [
        format!("{id}.AAAA"),
        id.to_owned(),
        "x.y".to_owned(),
        String::new(),
    ] {
        let forged = HashMap::from([("settings".to_owned(), forged)]);
        assert_eq!(resume(&forged, about).await, None);
    }
    assert_eq!(
        resume(&cookie, about).await,
        Some(json!({"password": "a new secret"}))
    );
    assert_eq!(resume(&cookie, about).await, None);

    let late = park(about).await;
    world.app.clock.advance(time::Duration::minutes(16));
    assert_eq!(resume(&late, about).await, None);
}
