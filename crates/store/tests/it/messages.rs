//! The courier's queue, on each database.

use std::collections::BTreeSet;

use bia_model::Channel;
use bia_store::courier::{self, Dispatch, Message, MessagePage, Status};
use bia_store::transact;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::place::{NOW, Place};

on_each_database!(
    a_message_comes_back_the_same,
    two_workers_never_share_a_message,
    the_messages_of_a_dead_worker_are_taken_over,
    an_attempt_is_noted_by_the_holder_only,
    a_message_that_is_put_off_waits_for_its_time,
    lists_are_newest_first_filtered_and_paged,
);

pub(crate) fn a_message(n: i64) -> Message {
    Message {
        id: Uuid::new_v4(),
        status: Status::Queued,
        via: Channel::Email,
        recipient: format!("user-{}@example.org", n % 2),
        subject: "Sign in".into(),
        body: "Your code: 123456".into(),
        template_type: "login_code_valid".into(),
        template_data: json!({"login_code": "123456"}),
        request_headers: [("X-Request-Id".to_owned(), vec!["1".to_owned()])].into(),
        channel: "email".into(),
        send_count: 0,
        created_at: NOW + Duration::seconds(n),
        updated_at: NOW + Duration::seconds(n),
    }
}

async fn queue(place: &Place, count: i64) -> Vec<Message> {
    let messages: Vec<Message> = (0..count).map(a_message).collect();
    let mut conn = place.store.write().await.unwrap();
    for message in &messages {
        courier::insert(&mut conn, message).await.unwrap();
    }
    messages
}

async fn claim(place: &Place, worker: Uuid, count: u32, at: i64) -> Vec<Uuid> {
    let now = NOW + Duration::seconds(at);
    let claimed = transact!(place.store, tx => courier::claim(tx, worker, count, None, Duration::seconds(60), now).await);
    claimed.unwrap().iter().map(|m| m.id).collect()
}

async fn a_message_comes_back_the_same(place: &Place) {
    let kept = queue(place, 1).await.remove(0);
    let mut conn = place.store.read().await.unwrap();
    let found = courier::find(&mut conn, kept.id).await.unwrap().unwrap();
    assert_eq!(
        found.created_at.unix_timestamp(),
        kept.created_at.unix_timestamp()
    );
    let expected = Message {
        created_at: found.created_at,
        updated_at: found.updated_at,
        ..kept
    };
    assert_eq!(found, expected);
    assert_eq!(courier::count_queued(&mut conn).await.unwrap(), 1);
    assert!(
        courier::find(&mut conn, Uuid::new_v4())
            .await
            .unwrap()
            .is_none()
    );
}

async fn two_workers_never_share_a_message(place: &Place) {
    let messages = queue(place, 40).await;
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let store = place.store.clone();
            tokio::spawn(async move {
                let (worker, mut mine) = (Uuid::new_v4(), Vec::new());
                for _ in 0..8 {
                    let claimed = transact!(store, tx => courier::claim(tx, worker, 5, None, Duration::minutes(1), NOW).await);
                    mine.extend(claimed.unwrap().into_iter().map(|m| m.id));
                }
                mine
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    let different: BTreeSet<Uuid> = all.iter().copied().collect();
    assert_eq!(
        (all.len(), different.len()),
        (messages.len(), messages.len())
    );
}

async fn the_messages_of_a_dead_worker_are_taken_over(place: &Place) {
    let messages = queue(place, 2).await;
    let (dead, alive) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(
        claim(place, dead, 10, 0).await,
        [messages[0].id, messages[1].id],
        "oldest first"
    );
    assert!(claim(place, alive, 10, 59).await.is_empty());
    let mut conn = place.store.write().await.unwrap();
    assert!(
        courier::renew(&mut conn, dead, messages[1].id, NOW + Duration::hours(1))
            .await
            .unwrap()
    );
    drop(conn);
    assert_eq!(claim(place, alive, 10, 62).await, [messages[0].id]);
    let mut conn = place.store.write().await.unwrap();
    assert!(
        !courier::renew(&mut conn, dead, messages[0].id, NOW)
            .await
            .unwrap()
    );
    assert!(
        !courier::count_attempt(&mut conn, dead, messages[0].id)
            .await
            .unwrap()
    );
    drop(conn);
    let late = transact!(place.store, tx => courier::finish(tx, dead, messages[0].id, Status::Sent, None).await).unwrap();
    assert!(!late, "the dead worker has no say any more");
    assert!(transact!(place.store, tx => courier::finish(tx, alive, messages[0].id, Status::Sent, None).await).unwrap());
}

async fn an_attempt_is_noted_by_the_holder_only(place: &Place) {
    let message = queue(place, 1).await.remove(0);
    let worker = Uuid::new_v4();
    claim(place, worker, 1, 0).await;
    assert!(
        courier::count_attempt(&mut place.store.write().await.unwrap(), worker, message.id)
            .await
            .unwrap()
    );
    let failed = Dispatch {
        id: Uuid::new_v4(),
        message_id: message.id,
        success: false,
        error: Some(json!({"code": 500})),
        created_at: NOW,
        updated_at: NOW,
    };
    let back = transact!(place.store, tx => courier::finish(tx, worker, message.id, Status::Queued, Some(&failed)).await);
    assert!(back.unwrap());
    let mut conn = place.store.read().await.unwrap();
    let found = courier::find(&mut conn, message.id).await.unwrap().unwrap();
    assert_eq!((found.status, found.send_count), (Status::Queued, 1));
    let dispatches = courier::list_dispatches(&mut conn, message.id)
        .await
        .unwrap();
    assert_eq!(
        (
            dispatches.len(),
            dispatches[0].success,
            &dispatches[0].error
        ),
        (1, false, &failed.error)
    );
    drop(conn);
    assert_eq!(
        claim(place, Uuid::new_v4(), 1, 1).await,
        [message.id],
        "a failed one waits again"
    );
}

async fn a_message_that_is_put_off_waits_for_its_time(place: &Place) {
    let message = queue(place, 1).await.remove(0);
    let (worker, other) = (Uuid::new_v4(), Uuid::new_v4());
    let failed = Dispatch {
        id: Uuid::new_v4(),
        message_id: message.id,
        success: false,
        error: Some(json!({"code": 500})),
        created_at: NOW,
        updated_at: NOW,
    };
    let until = NOW + Duration::seconds(30);
    assert!(is_due(place, 0).await);
    claim(place, worker, 1, 0).await;
    assert!(!is_due(place, 0).await);
    let stranger =
        transact!(place.store, tx => courier::put_off(tx, other, message.id, until, &failed).await);
    assert!(!stranger.unwrap(), "not the holder");
    let holder = transact!(place.store, tx => courier::put_off(tx, worker, message.id, until, &failed).await);
    assert!(holder.unwrap());

    let mut conn = place.store.read().await.unwrap();
    let waiting = courier::find(&mut conn, message.id).await.unwrap().unwrap();
    assert_eq!(waiting.status, Status::Queued);
    drop(conn);
    assert!(!is_due(place, 29).await && claim(place, other, 1, 29).await.is_empty());
    assert!(is_due(place, 31).await);
    assert_eq!(claim(place, other, 1, 31).await, [message.id]);
    assert!(
        !is_due(place, 90).await && is_due(place, 92).await,
        "its lease runs out"
    );
}

async fn is_due(place: &Place, at: i64) -> bool {
    let mut conn = place.store.read().await.unwrap();
    courier::is_due(&mut conn, None, NOW + Duration::seconds(at))
        .await
        .unwrap()
}

async fn lists_are_newest_first_filtered_and_paged(place: &Place) {
    let messages = queue(place, 6).await;
    claim(place, Uuid::new_v4(), 1, 0).await;
    let newest: Vec<Uuid> = messages.iter().rev().map(|m| m.id).collect();
    let mut conn = place.store.read().await.unwrap();
    let (mut seen, mut page) = (
        Vec::new(),
        MessagePage {
            size: 4,
            ..MessagePage::default()
        },
    );
    loop {
        let paged = courier::list(&mut conn, &page).await.unwrap();
        seen.extend(paged.items.iter().map(|m| m.id));
        page.after = paged.items.last().map(|m| (m.created_at, m.id));
        if !paged.more {
            break;
        }
    }
    assert_eq!(seen, newest);
    for (status, recipient, count) in [
        (Some(Status::Processing), None, 1),
        (Some(Status::Queued), None, 5),
        (None, Some("user-0@example.org"), 3),
        (Some(Status::Queued), Some("user-0@example.org"), 2),
    ] {
        for after in [None, Some((NOW + Duration::days(1), Uuid::nil()))] {
            let page = MessagePage {
                status,
                recipient: recipient.map(Into::into),
                after,
                size: 10,
            };
            assert_eq!(
                courier::list(&mut conn, &page).await.unwrap().items.len(),
                count,
                "{page:?}"
            );
        }
    }
}
