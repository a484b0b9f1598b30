//! Web hooks that are told of everything, whatever happens (`bia.hooks.outbox`), and calls that are signed
//! (`bia.hooks.signing_secrets`).

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_selfservice::hook::OutboxWorker;
use bia_store::cleanup::{Expiring, remove_expired};
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::databases::on_each_database;
use crate::folk::{self, MAIL, OTHER, PASSWORD, person};
use crate::log_lines::LogLines;
use crate::peer::{Call, Peer, Reply};
use crate::place::Place;
use crate::world::World;

on_each_database!(
    every_flow_writes_its_calls_down_and_a_worker_makes_them,
    two_workers_make_each_call_once,
    nobody_is_told_of_what_was_not_stored,
);

const KEY_OF_THE_HOOK: &str = "key-of-the-hook-8c1f";

/// All flows tell the peer of what they did; `more` is merged over the settings.
fn settings(peer: &Peer, more: Value) -> Value {
    let auth = json!({"type": "api_key", "config": {"name": "X-Key", "value": KEY_OF_THE_HOOK, "in": "header"}});
    let hook = peer.hook(json!({"id": "crm", "auth": auth, "response": {"ignore": true}}));
    let list = json!({"hooks": [hook]});
    let with_session = json!({"hooks": [hook, {"hook": "session"}]});
    let mut settings = folk::settings(json!({
        "selfservice": {"flows": {
            "registration": {"after": {"password": with_session}},
            "login": {"after": list},
            "settings": {"after": list},
            "recovery": {"after": list},
            "verification": {"after": list},
        }},
        "bia": {"hooks": {"outbox": true}},
    }));
    crate::world::merge(&mut settings, more);
    settings
}

async fn sign_up(world: &World, email: &str) -> u16 {
    let mut app = Client::app(world);
    let flow = app.begin("registration", "").await;
    let form = json!({"method": "password", "traits": {"email": email}, "password": PASSWORD});
    app.submit(&flow, form).await.status.as_u16()
}

async fn work(world: &World) -> usize {
    let worker = OutboxWorker::new(Arc::clone(&world.app));
    worker.work_once().await.unwrap()
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let path = format!("/admin/bia/hooks/outbox{query}");
    let answer = world.admin("GET", &path, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json().as_array().unwrap().clone()
}

fn event(call: &Call) -> &str {
    call.header("webhook-id").unwrap()
}

async fn every_flow_writes_its_calls_down_and_a_worker_makes_them(place: &Place) {
    let peer = Peer::start().await;
    let world = place.world(settings(&peer, json!({}))).await;
    assert_eq!(sign_up(&world, MAIL).await, 200);
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    let flow = app.begin("settings", "").await;
    app.submit(&flow, json!({"method": "password", "password": OTHER}))
        .await;
    for kind in ["recovery", "verification"] {
        let mut other = Client::app(&world);
        let flow = other.begin(kind, "").await;
        other
            .submit(&flow, json!({"method": "code", "email": MAIL}))
            .await;
        let code = world.code(MAIL).await;
        let form = json!({"method": "code", "code": code});
        let answer = other.submit(&flow, form).await;
        assert!(
            matches!(answer.status.as_u16(), 200 | 422),
            "{kind}: {}",
            answer.body
        );
    }
    assert_eq!(peer.take().len(), 0, "nobody is called before it is stored");
    let waiting = listed(&world, "?state=waiting").await;
    assert_eq!(waiting.len(), 5, "{waiting:?}");
    assert!(
        waiting
            .iter()
            .all(|c| c["hook"] == "crm" && c["attempts"] == 0),
        "{waiting:?}"
    );

    assert_eq!(work(&world).await, 5);
    let calls = peer.take();
    let kinds: Vec<String> = calls
        .iter()
        .map(|c| c.json()["request_url"].as_str().unwrap().to_owned())
        .collect();
    for kind in [
        "registration",
        "login",
        "settings",
        "recovery",
        "verification",
    ] {
        assert_eq!(
            kinds
                .iter()
                .filter(|k| k.contains(&format!("/{kind}")))
                .count(),
            1,
            "{kinds:?}"
        );
    }
    for call in &calls {
        assert_eq!(call.header("x-key"), Some(KEY_OF_THE_HOOK));
        assert_eq!(call.json()["identity"]["traits"]["email"], MAIL);
        assert!(waiting.iter().any(|c| c["id"] == event(call)), "{call:?}");
    }
    assert_eq!(listed(&world, "?state=delivered").await.len(), 5);
    assert_eq!(work(&world).await, 0);
}

async fn two_workers_make_each_call_once(place: &Place) {
    const PEOPLE: usize = 12;
    let peer = Peer::start().await;
    let (a, b) = (
        place.world(settings(&peer, json!({}))).await,
        place.world(settings(&peer, json!({}))).await,
    );
    // On SQLite each server has a database of its own: both workers are then on one.
    let same = a.app.store.dialect() == bia_store::Dialect::Sqlite;
    let b = if same { Arc::clone(&a) } else { b };
    for n in 0..PEOPLE {
        assert_eq!(sign_up(&a, &format!("user-{n}@example.org")).await, 200);
    }
    let turns = futures::future::join_all((0..6).map(|n| {
        let world = Arc::clone(if n % 2 == 0 { &a } else { &b });
        tokio::spawn(async move { work(&world).await })
    }));
    let made: usize = turns.await.into_iter().map(Result::unwrap).sum();
    let mut made = made;
    while made < PEOPLE {
        let more = work(&a).await;
        assert!(more > 0, "{made} of {PEOPLE}");
        made += more;
    }
    let calls = peer.take();
    let mut events: Vec<&str> = calls.iter().map(event).collect();
    events.sort_unstable();
    events.dedup();
    assert_eq!((calls.len(), events.len()), (PEOPLE, PEOPLE));
}

async fn nobody_is_told_of_what_was_not_stored(place: &Place) {
    let peer = Peer::start().await;
    let world = place.world(settings(&peer, json!({}))).await;
    let rivals = futures::future::join_all((0..8).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { sign_up(&world, MAIL).await })
    }));
    let won = rivals
        .await
        .into_iter()
        .filter(|status| *status.as_ref().unwrap() == 200);
    assert_eq!(won.count(), 1);
    assert_eq!(listed(&world, "").await.len(), 1, "one account, one event");
}

#[tokio::test]
async fn a_peer_that_was_down_is_told_later_under_the_same_id_and_in_the_end_given_up() {
    let log = LogLines::collect();
    let peer = Peer::start().await;
    let world = World::with(settings(&peer, json!({}))).await;
    peer.answers([
        Reply::Text(503, "{}"),
        Reply::Closed,
        Reply::Json(200, json!({})),
    ]);
    assert_eq!(
        sign_up(&world, MAIL).await,
        200,
        "the flow does not wait for the peer"
    );
    assert_eq!(work(&world).await, 1);
    assert_eq!(work(&world).await, 0, "it is not tried again at once");
    let shown = &listed(&world, "?state=waiting").await[0];
    assert_eq!(
        (&shown["attempts"], &shown["last_error"]),
        (&json!(1), &json!("it answered with status 503"))
    );
    assert!(shown.get("body").is_none(), "{shown}");
    for wait in [6, 34] {
        world.app.clock.advance(time::Duration::seconds(wait));
        assert_eq!(work(&world).await, 1);
    }
    let calls = peer.take();
    assert_eq!(calls.len(), 3);
    assert!(
        calls
            .iter()
            .all(|c| event(c) == event(&calls[0]) && c.body == calls[0].body)
    );
    assert_eq!(
        calls[0].header("ory-webhook-trigger-id"),
        calls[0].header("webhook-id")
    );
    assert_eq!(
        calls[0].header("webhook-signature"),
        None,
        "nothing is configured to sign with"
    );
    assert_eq!(listed(&world, "?state=delivered").await.len(), 1);

    peer.answers([Reply::Text(500, "{}")]);
    let mut app = Client::app(&world);
    app.sign_in(MAIL, PASSWORD).await;
    for _ in 0..20 {
        work(&world).await;
        world.app.clock.advance(time::Duration::days(2));
    }
    let failed = listed(&world, "?state=failed").await;
    assert_eq!(
        (failed.len(), &failed[0]["attempts"]),
        (1, &json!(11)),
        "{failed:?}"
    );
    peer.take();

    peer.answers([Reply::Json(200, json!({}))]);
    let id = failed[0]["id"].as_str().unwrap();
    let replay = format!("/admin/bia/hooks/outbox/{id}/replay");
    let answer = world.admin("POST", &replay, &[]).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["state"]),
        (200, &json!("waiting"))
    );
    let again = world.admin("POST", &replay, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(work(&world).await, 1);
    assert_eq!(event(&peer.take()[0]), id);
    for (path, status) in [
        ("nonsense", 400),
        ("00000000-0000-0000-0000-000000000001", 404),
    ] {
        let answer = world
            .admin(
                "POST",
                &format!("/admin/bia/hooks/outbox/{path}/replay"),
                &[],
            )
            .await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }

    let first = world
        .admin("GET", "/admin/bia/hooks/outbox?page_size=1", &[])
        .await;
    assert_eq!(first.json().as_array().unwrap().len(), 1);
    let link = first.header("link").unwrap();
    let next = link
        .split(',')
        .find(|part| part.contains("rel=\"next\""))
        .unwrap();
    let next = next.split(['<', '>']).nth(1).unwrap();
    let second = world.admin("GET", next, &[]).await.json();
    assert_eq!(second.as_array().unwrap().len(), 1);
    assert_ne!(first.json()[0]["id"], second[0]["id"]);
    let answer = world
        .admin("GET", "/admin/bia/hooks/outbox?state=odd", &[])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);

    let mut conn = world.app.store.write().await.unwrap();
    let removed = remove_expired(&mut conn, Expiring::HookCalls, world.app.clock.now(), 10).await;
    assert_eq!(removed.unwrap(), 2);
    let text = log.text();
    for secret in [KEY_OF_THE_HOOK, PASSWORD] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn a_call_is_made_even_if_its_worker_died_while_it_made_it() {
    let peer = Peer::start().await;
    let world = World::with(settings(&peer, json!({}))).await;
    peer.answers([Reply::Never, Reply::Json(200, json!({}))]);
    sign_up(&world, MAIL).await;
    let doomed = tokio::spawn({
        let app = Arc::clone(&world.app);
        async move { OutboxWorker::new(app).work_once().await }
    });
    let first = peer.wait_for(1).await;
    doomed.abort();
    assert_eq!(work(&world).await, 0, "it is leased");
    world.app.clock.advance(time::Duration::seconds(61));
    assert_eq!(work(&world).await, 1);
    assert_eq!(event(&peer.wait_for(1).await[0]), event(&first[0]));
}

#[tokio::test]
async fn a_call_whose_hook_is_gone_from_the_configuration_waits_for_it() {
    let peer = Peer::start().await;
    let world = World::with(settings(&peer, json!({}))).await;
    sign_up(&world, MAIL).await;
    let with = async |hooks: Value| {
        let more = json!({"selfservice": {"flows": {
            "registration": {"after": {"password": {"hooks": hooks}}},
            "login": {"after": {"hooks": []}}, "settings": {"after": {"hooks": []}},
            "recovery": {"after": {"hooks": []}}, "verification": {"after": {"hooks": []}},
        }}});
        world.configure(settings(&peer, more)).await;
    };
    with(json!([{"hook": "session"}])).await;
    assert_eq!(work(&world).await, 1);
    assert_eq!(peer.take().len(), 0);
    let shown = &listed(&world, "?state=waiting").await[0];
    assert!(
        shown["last_error"]
            .as_str()
            .unwrap()
            .contains("configuration"),
        "{shown}"
    );
    let moved = Peer::start().await;
    with(json!([
        moved.hook(json!({"id": "crm", "response": {"ignore": true}}))
    ]))
    .await;
    world.app.clock.advance(time::Duration::seconds(6));
    assert_eq!(work(&world).await, 1);
    assert_eq!((peer.take().len(), moved.take().len()), (0, 1));
}

#[tokio::test]
async fn calls_are_signed_with_every_secret_and_name_their_event() {
    let secrets = [vec![1; 24], vec![2; 64]];
    let spelled: Vec<String> = secrets
        .iter()
        .map(|s| format!("whsec_{}", STANDARD.encode(s)))
        .collect();
    let peer = Peer::start().await;
    let hook = peer.hook(json!({}));
    let world = folk::town(json!({
        "selfservice": {"flows": {"login": {"after": {"hooks": [hook]}}}},
        "bia": {"hooks": {"signing_secrets": spelled}},
    }))
    .await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    peer.answers([Reply::Text(503, "{}"), Reply::Json(200, json!({}))]);
    Client::app(&world).sign_in(MAIL, PASSWORD).await;
    let calls = peer.take();
    assert_eq!(calls.len(), 2, "tried again");
    assert_eq!(event(&calls[0]), event(&calls[1]));
    for call in calls {
        let seconds = call.header("webhook-timestamp").unwrap();
        let now = world.app.clock.now().unix_timestamp();
        assert!((now - seconds.parse::<i64>().unwrap()).abs() < 60);
        let signed = format!("{}.{seconds}.{}", event(&call), call.body);
        let expected: Vec<String> = secrets
            .iter()
            .map(|secret| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                format!(
                    "v1,{}",
                    STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
                )
            })
            .collect();
        assert_eq!(
            call.header("webhook-signature").unwrap(),
            expected.join(" ")
        );
    }
}

#[tokio::test]
async fn without_its_configuration_nothing_of_it_shows() {
    let peer = Peer::start().await;
    let off = json!({"bia": {"hooks": {"outbox": false}}});
    let world = World::with(settings(&peer, off)).await;
    sign_up(&world, MAIL).await;
    let call = peer.wait_for(1).await.remove(0);
    for header in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        assert_eq!(call.header(header), None);
    }
    assert_eq!(listed(&world, "").await.len(), 0);
    assert_eq!(work(&world).await, 0);
}
