//! Calls of web hooks that are to be made whatever happens, on each database.

use std::collections::BTreeSet;

use bia_store::cleanup::{Expiring, remove_expired};
use bia_store::hook_outbox::{self, Attempted, CallPage, CallState, HookCall};
use bia_store::transact;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::place::{NOW, Place};

on_each_database!(
    a_call_comes_back_the_same,
    two_workers_never_share_a_call,
    the_calls_of_a_dead_worker_are_made_by_another_under_the_same_id,
    an_end_is_noted_by_the_holder_only,
    what_failed_is_listed_and_replayed_and_what_was_delivered_is_removed,
);

fn a_call(n: i64) -> HookCall {
    let at = NOW + Duration::seconds(n);
    HookCall {
        id: Uuid::new_v4(),
        hook: "id:crm".into(),
        name: "crm".into(),
        body: json!({"n": n, "text": "ä😀\u{1}", "nested": [null, 1.5]}),
        state: CallState::Waiting,
        attempts: 0,
        last_error: String::new(),
        due_at: at,
        created_at: at,
        updated_at: at,
    }
}

async fn written(place: &Place, count: i64) -> Vec<HookCall> {
    let calls: Vec<HookCall> = (0..count).map(a_call).collect();
    let mut conn = place.store.write().await.unwrap();
    for call in &calls {
        hook_outbox::insert(&mut conn, call).await.unwrap();
    }
    calls
}

fn at(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

async fn claim(place: &Place, worker: Uuid, count: u32, now: i64) -> Vec<Uuid> {
    let lease = Duration::seconds(60);
    let claimed =
        transact!(place.store, tx => hook_outbox::claim(tx, worker, count, lease, at(now)).await);
    claimed.unwrap().iter().map(|call| call.id).collect()
}

async fn finish(place: &Place, worker: Uuid, id: Uuid, ended: Attempted<'_>, now: i64) -> bool {
    let mut conn = place.store.write().await.unwrap();
    hook_outbox::finish(&mut conn, worker, id, ended, at(now))
        .await
        .unwrap()
}

async fn found(place: &Place, id: Uuid) -> HookCall {
    let mut conn = place.store.read().await.unwrap();
    hook_outbox::find(&mut conn, id).await.unwrap().unwrap()
}

async fn a_call_comes_back_the_same(place: &Place) {
    let call = written(place, 1).await.remove(0);
    let stored = found(place, call.id).await;
    let seconds =
        |c: &HookCall| [c.due_at, c.created_at, c.updated_at].map(OffsetDateTime::unix_timestamp);
    assert_eq!(seconds(&stored), seconds(&call));
    let (due_at, created_at, updated_at) = (stored.due_at, stored.created_at, stored.updated_at);
    let expected = HookCall {
        due_at,
        created_at,
        updated_at,
        ..call.clone()
    };
    assert_eq!(stored, expected);
    let mut conn = place.store.read().await.unwrap();
    assert_eq!(
        hook_outbox::find(&mut conn, Uuid::new_v4()).await.unwrap(),
        None
    );
    assert!(!hook_outbox::is_due(&mut conn, at(-1)).await.unwrap());
    assert!(hook_outbox::is_due(&mut conn, at(0)).await.unwrap());
}

async fn two_workers_never_share_a_call(place: &Place) {
    let calls = written(place, 40).await;
    let worker = async || {
        let (me, mut mine) = (Uuid::new_v4(), Vec::new());
        loop {
            let taken = claim(place, me, 3, 100).await;
            if taken.is_empty() {
                return mine;
            }
            mine.extend(taken);
        }
    };
    let (a, b, c, d) = tokio::join!(worker(), worker(), worker(), worker());
    let all: Vec<Uuid> = [a, b, c, d].concat();
    assert_eq!(all.len(), calls.len(), "each once");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), calls.len());
}

async fn the_calls_of_a_dead_worker_are_made_by_another_under_the_same_id(place: &Place) {
    let call = written(place, 1).await.remove(0);
    let (dead, heir) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(claim(place, dead, 9, 10).await, [call.id]);
    assert!(claim(place, heir, 9, 69).await.is_empty(), "it is leased");
    assert_eq!(claim(place, heir, 9, 71).await, [call.id]);
    assert_eq!(found(place, call.id).await.attempts, 2);
    assert!(!finish(place, dead, call.id, Attempted::Delivered, 72).await);
    assert!(finish(place, heir, call.id, Attempted::Delivered, 72).await);
    assert!(claim(place, heir, 9, 500).await.is_empty());
}

async fn an_end_is_noted_by_the_holder_only(place: &Place) {
    let call = written(place, 1).await.remove(0);
    let (holder, other) = (Uuid::new_v4(), Uuid::new_v4());
    claim(place, holder, 1, 10).await;
    let later = Attempted::PutOff("it answered with status 500", at(100));
    assert!(!finish(place, other, call.id, later, 11).await);
    assert!(finish(place, holder, call.id, later, 11).await);
    assert!(
        !finish(place, holder, call.id, later, 12).await,
        "it holds it no more"
    );
    let stored = found(place, call.id).await;
    assert_eq!((stored.state, stored.attempts), (CallState::Waiting, 1));
    assert_eq!(stored.last_error, "it answered with status 500");
    assert!(claim(place, other, 1, 99).await.is_empty());
    assert_eq!(claim(place, other, 1, 100).await, [call.id]);
    let long = "é".repeat(400);
    assert!(finish(place, other, call.id, Attempted::Failed(&long), 101).await);
    assert_eq!(found(place, call.id).await.last_error.chars().count(), 255);
}

async fn what_failed_is_listed_and_replayed_and_what_was_delivered_is_removed(place: &Place) {
    let calls = written(place, 5).await;
    let worker = Uuid::new_v4();
    claim(place, worker, 5, 10).await;
    for (n, call) in calls.iter().enumerate() {
        let ended = if n == 0 {
            Attempted::Delivered
        } else {
            Attempted::Failed("down")
        };
        assert!(finish(place, worker, call.id, ended, 11).await);
    }
    let list = async |state, after| {
        let mut conn = place.store.read().await.unwrap();
        let page = hook_outbox::list(
            &mut conn,
            CallPage {
                state,
                after,
                size: 3,
            },
        )
        .await
        .unwrap();
        (
            page.items.iter().map(|c| c.id).collect::<Vec<_>>(),
            page.more,
        )
    };
    let ids = |of: &[usize]| of.iter().map(|n| calls[*n].id).collect::<Vec<_>>();
    let failed = Some(CallState::Failed);
    assert_eq!(list(failed, None).await, (ids(&[4, 3, 2]), true));
    let last = Some((calls[2].created_at, calls[2].id));
    assert_eq!(list(failed, last).await, (ids(&[1]), false));
    assert_eq!(list(None, last).await, (ids(&[1, 0]), false));
    assert_eq!(list(Some(CallState::Waiting), None).await, (vec![], false));

    let mut conn = place.store.write().await.unwrap();
    assert!(
        hook_outbox::replay(&mut conn, calls[3].id, at(20))
            .await
            .unwrap()
    );
    assert!(
        !hook_outbox::replay(&mut conn, calls[3].id, at(20))
            .await
            .unwrap(),
        "it waits"
    );
    assert!(
        !hook_outbox::replay(&mut conn, Uuid::new_v4(), at(20))
            .await
            .unwrap()
    );
    drop(conn);
    assert_eq!(claim(place, worker, 5, 20).await, [calls[3].id]);

    let mut conn = place.store.write().await.unwrap();
    let removed = async |conn: &mut bia_store::Conn, before| {
        remove_expired(conn, Expiring::HookCalls, at(before), 10)
            .await
            .unwrap()
    };
    assert_eq!(removed(&mut conn, 10).await, 0, "not that old");
    assert_eq!(removed(&mut conn, 12).await, 1, "only what was delivered");
    assert_eq!(
        hook_outbox::find(&mut conn, calls[0].id).await.unwrap(),
        None
    );
}
