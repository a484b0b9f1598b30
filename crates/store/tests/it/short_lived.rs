//! Flows, codes, continuity containers, errors and their removal, on each database.

use bia_model::{Channel, ClientType, Flow, FlowKind, State};
use bia_store::cleanup::{self, Expiring};
use bia_store::code::{self, Code, CodeKind};
use bia_store::continuity::{self, Container};
use bia_store::error::{self, ErrorContainer};
use bia_store::{StoreError, flow, used_step};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::place::{NOW, Place};

on_each_database!(
    a_flow_comes_back_the_same_and_only_as_its_kind,
    of_two_who_change_a_flow_the_second_is_told,
    twenty_attempts_are_counted_as_twenty,
    twenty_uses_of_a_code_have_one_winner,
    a_link_token_is_found_by_any_key,
    a_time_step_is_used_once_and_never_one_before_it,
    twenty_uses_of_a_time_step_have_one_winner,
    containers_and_errors_are_kept,
    what_has_expired_is_removed_in_batches,
);

fn a_flow() -> Flow {
    let mut flow = Flow::new(
        FlowKind::Login,
        ClientType::Browser,
        NOW,
        NOW + Duration::hours(1),
    );
    flow.request_url = "https://id.example/self-service/login/browser?return_to=x".into();
    flow.context.insert("code".into(), json!({"a": ["ü"]}));
    flow
}

fn a_code(flow_id: Uuid, kind: CodeKind, hmac: &str) -> Code {
    Code {
        id: Uuid::new_v4(),
        flow_id,
        kind,
        hmac: hmac.into(),
        identity_id: Some(Uuid::new_v4()),
        address_id: None,
        address: Some("user-1@example.org".into()),
        via: Some(Channel::Email),
        issued_at: NOW,
        expires_at: NOW + Duration::hours(1),
        used_at: None,
    }
}

async fn a_flow_comes_back_the_same_and_only_as_its_kind(place: &Place) {
    let kept = a_flow();
    let mut conn = place.store.write().await.unwrap();
    flow::insert(&mut conn, &kept).await.unwrap();
    assert_eq!(
        flow::get(&mut conn, FlowKind::Login, kept.id)
            .await
            .unwrap(),
        kept
    );
    assert!(
        flow::find(&mut conn, FlowKind::Settings, kept.id)
            .await
            .unwrap()
            .is_none()
    );
    flow::delete(&mut conn, kept.id).await.unwrap();
    let gone = flow::get(&mut conn, FlowKind::Login, kept.id).await;
    assert!(matches!(
        gone,
        Err(StoreError::NotFound { table: "bia_flow" })
    ));
}

async fn of_two_who_change_a_flow_the_second_is_told(place: &Place) {
    let kept = a_flow();
    let mut conn = place.store.write().await.unwrap();
    flow::insert(&mut conn, &kept).await.unwrap();
    let mut first = flow::get(&mut conn, FlowKind::Login, kept.id)
        .await
        .unwrap();
    let mut second = first.clone();
    first.state = State::SentEmail;
    flow::update(&mut conn, &mut first).await.unwrap();
    first.state = State::PassedChallenge;
    flow::update(&mut conn, &mut first).await.unwrap();
    assert!(matches!(
        flow::update(&mut conn, &mut second).await,
        Err(StoreError::Stale)
    ));
    let stored = flow::get(&mut conn, FlowKind::Login, kept.id)
        .await
        .unwrap();
    assert_eq!((stored.state, stored.revision), (State::PassedChallenge, 2));
}

async fn twenty_attempts_are_counted_as_twenty(place: &Place) {
    let kept = a_flow();
    flow::insert(&mut place.store.write().await.unwrap(), &kept)
        .await
        .unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (store, id) = (place.store.clone(), kept.id);
            tokio::spawn(async move {
                flow::increment_submit_count(&mut store.write().await?, id).await
            })
        })
        .collect();
    let mut counts = Vec::new();
    for task in tasks {
        counts.push(task.await.unwrap().unwrap());
    }
    counts.sort_unstable();
    assert!(
        counts.iter().zip(1..).all(|(count, least)| *count >= least),
        "{counts:?}"
    );
    assert_eq!(counts.last(), Some(&20));
    let nobody =
        flow::increment_submit_count(&mut place.store.write().await.unwrap(), Uuid::new_v4()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })));
}

async fn twenty_uses_of_a_code_have_one_winner(place: &Place) {
    let flow_id = Uuid::new_v4();
    let codes = [
        a_code(flow_id, CodeKind::Login, "aa"),
        a_code(flow_id, CodeKind::Login, "bb"),
    ];
    code::insert(&mut place.store.write().await.unwrap(), &codes)
        .await
        .unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (store, id) = (place.store.clone(), codes[0].id);
            tokio::spawn(async move { code::consume(&mut store.write().await?, id, NOW).await })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap().unwrap());
    }
    assert_eq!(winners, 1);
    let mut conn = place.store.write().await.unwrap();
    let stored = code::list_for_flow(&mut conn, flow_id).await.unwrap();
    assert_eq!(
        stored
            .iter()
            .filter(|c| c.used_at.is_some())
            .map(|c| c.id)
            .collect::<Vec<_>>(),
        [codes[0].id]
    );
    code::delete_for_flow(&mut conn, flow_id).await.unwrap();
    assert!(
        code::list_for_flow(&mut conn, flow_id)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !code::consume(&mut conn, codes[1].id, NOW).await.unwrap(),
        "a deleted code is no code"
    );
}

async fn a_link_token_is_found_by_any_key(place: &Place) {
    let kept = a_code(Uuid::new_v4(), CodeKind::AdminRecoveryLink, "cc");
    let mut conn = place.store.write().await.unwrap();
    code::insert(&mut conn, std::slice::from_ref(&kept))
        .await
        .unwrap();
    let found = code::find_by_hmac(&mut conn, &["new-key", "cc"])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.id, found.kind, found.via),
        (kept.id, kept.kind, kept.via)
    );
    assert!(
        code::find_by_hmac(&mut conn, &["dd"])
            .await
            .unwrap()
            .is_none()
    );
}

async fn containers_and_errors_are_kept(place: &Place) {
    let mut conn = place.store.write().await.unwrap();
    let container = Container {
        id: Uuid::new_v4(),
        identity_id: None,
        name: "oidc".into(),
        payload: Some(json!({"b": 1, "a": 2})),
        created_at: NOW,
        expires_at: NOW + Duration::minutes(30),
    };
    continuity::insert(&mut conn, &container).await.unwrap();
    assert!(
        continuity::find(&mut conn, container.id, "settings")
            .await
            .unwrap()
            .is_none()
    );
    let earlier = NOW + Duration::minutes(1);
    continuity::shorten(&mut conn, container.id, earlier)
        .await
        .unwrap();
    continuity::shorten(&mut conn, container.id, NOW + Duration::minutes(9))
        .await
        .unwrap();
    let found = continuity::find(&mut conn, container.id, "oidc")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.payload, container.payload);
    assert_eq!(found.expires_at.unix_timestamp(), earlier.unix_timestamp());
    assert!(continuity::delete(&mut conn, container.id).await.unwrap());
    assert!(!continuity::delete(&mut conn, container.id).await.unwrap());

    let kept = ErrorContainer {
        id: Uuid::new_v4(),
        error: json!({"code": 500}),
        csrf_token: "t".into(),
        created_at: NOW,
        seen_at: None,
        expires_at: NOW + Duration::hours(1),
    };
    error::insert(&mut conn, &kept).await.unwrap();
    error::mark_seen(&mut conn, kept.id, NOW).await.unwrap();
    error::mark_seen(&mut conn, kept.id, NOW + Duration::hours(1))
        .await
        .unwrap();
    let found = error::find(&mut conn, kept.id).await.unwrap().unwrap();
    assert_eq!(
        (found.error, found.csrf_token),
        (kept.error, kept.csrf_token)
    );
    assert_eq!(
        found.seen_at.map(|t| t.unix_timestamp()),
        Some(NOW.unix_timestamp())
    );
}

async fn what_has_expired_is_removed_in_batches(place: &Place) {
    let mut conn = place.store.write().await.unwrap();
    for n in 0..5 {
        let mut flow = a_flow();
        flow.expires_at = NOW + Duration::minutes(n);
        flow::insert(&mut conn, &flow).await.unwrap();
        code::insert(&mut conn, &[a_code(flow.id, CodeKind::Login, "x")])
            .await
            .unwrap();
    }
    let before = NOW + Duration::minutes(3);
    assert_eq!(
        cleanup::remove_expired(&mut conn, Expiring::Flows, before, 3)
            .await
            .unwrap(),
        3
    );
    assert_eq!(
        cleanup::remove_expired(&mut conn, Expiring::Flows, before, 3)
            .await
            .unwrap(),
        1
    );
    let left = conn
        .fetch_one("SELECT COUNT(*) FROM bia_code", &[])
        .await
        .unwrap();
    assert_eq!(
        left.only::<i64>("t").unwrap(),
        1,
        "codes go with their flows"
    );
    for kind in Expiring::ALL {
        cleanup::remove_expired(&mut conn, kind, before, 100)
            .await
            .unwrap();
    }
}

async fn a_time_step_is_used_once_and_never_one_before_it(place: &Place) {
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let mut conn = place.store.write().await.unwrap();
    for (identity, key, step, taken) in [
        (one, "k1", 58_000_000, true),
        (one, "k1", 58_000_000, false),
        (one, "k1", 57_999_999, false),
        (one, "k1", 58_000_001, true),
        (other, "k1", 58_000_000, true),
        (one, "k2", 58_000_000, true),
        (one, "k2", 58_000_000, false),
    ] {
        let first = used_step::consume(&mut conn, identity, key, step)
            .await
            .unwrap();
        assert_eq!(first, taken, "{key} {step}");
    }
}

async fn twenty_uses_of_a_time_step_have_one_winner(place: &Place) {
    let identity = Uuid::new_v4();
    for step in [1, 2] {
        let tries = (0..20).map(|_| {
            let store = place.store.clone();
            tokio::spawn(async move {
                let mut conn = store.write().await.unwrap();
                used_step::consume(&mut conn, identity, "key", step)
                    .await
                    .unwrap()
            })
        });
        let mut winners = 0;
        for one in tries.collect::<Vec<_>>() {
            winners += usize::from(one.await.unwrap());
        }
        assert_eq!(winners, 1, "step {step}");
    }
}
