//! Sessions that are remembered are never older than the database.

use std::sync::Arc;

use bia_store::session::{self, Remembered};
use bia_store::{Dialect, Store, migrate, network};
use time::Duration;

use crate::databases::{on_each_database, open};
use crate::people::{kept, signed_in};
use crate::place::{NOW, Place};

on_each_database!(
    a_revoked_session_is_forgotten_at_once,
    a_remembered_session_still_expires,
    of_many_who_ask_at_once_each_gets_their_own,
    who_gives_up_takes_nobody_along
);

async fn a_revoked_session_is_forgotten_at_once(place: &Place) {
    let remembered = Remembered::default();
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, token) = signed_in(&place.store, &person).await;
    let tokens = [token];
    let first = remembered
        .find(&place.store, &tokens, NOW)
        .await
        .unwrap()
        .unwrap();
    let second = remembered
        .find(&place.store, &tokens, NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first, second);
    // MySQL does not tell that nothing has changed.
    assert_eq!(
        Arc::ptr_eq(&first, &second),
        place.store.dialect() != Dialect::MySql
    );
    revoke(&place.store, session.id).await;
    assert!(
        remembered
            .find(&place.store, &tokens, NOW)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_remembered_session_still_expires(place: &Place) {
    let remembered = Remembered::default();
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, token) = signed_in(&place.store, &person).await;
    let tokens = [token];
    assert!(
        remembered
            .find(&place.store, &tokens, NOW)
            .await
            .unwrap()
            .is_some()
    );
    let late = session.expires_at + Duration::seconds(1);
    assert!(
        remembered
            .find(&place.store, &tokens, late)
            .await
            .unwrap()
            .is_none()
    );
}

async fn of_many_who_ask_at_once_each_gets_their_own(place: &Place) {
    let remembered = Arc::new(Remembered::default());
    let person = kept(&place.store, "user-1@example.org").await;
    let mut sessions = Vec::new();
    for _ in 0..60 {
        sessions.push(signed_in(&place.store, &person).await);
    }
    for round in 0..4 {
        let revoked = round * 15;
        let asked = sessions.iter().map(|(session, token)| {
            let (remembered, store) = (Arc::clone(&remembered), place.store.clone());
            let (id, tokens) = (session.id, ["nobody's".to_owned(), token.clone()]);
            tokio::spawn(async move { (id, remembered.find(&store, &tokens, NOW).await.unwrap()) })
        });
        let nobodys = (0..20).map(|n| {
            let (remembered, store) = (Arc::clone(&remembered), place.store.clone());
            tokio::spawn(async move {
                remembered
                    .find(&store, &[format!("nobody's {n}")], NOW)
                    .await
            })
        });
        let (asked, nobodys): (Vec<_>, Vec<_>) = (asked.collect(), nobodys.collect());
        for (n, asking) in asked.into_iter().enumerate() {
            let (id, found) = asking.await.unwrap();
            let expected = (n >= revoked).then_some(id);
            assert_eq!(found.map(|live| live.session.id), expected, "round {round}");
        }
        for asking in nobodys {
            assert!(asking.await.unwrap().unwrap().is_none());
        }
        for (session, _) in &sessions[revoked..revoked + 15] {
            revoke(&place.store, session.id).await;
        }
    }
}

async fn who_gives_up_takes_nobody_along(place: &Place) {
    let remembered = Arc::new(Remembered::default());
    let person = kept(&place.store, "user-1@example.org").await;
    let (session, token) = signed_in(&place.store, &person).await;
    let asking: Vec<_> = (0..100)
        .map(|n| {
            let (remembered, store) = (Arc::clone(&remembered), place.store.clone());
            let tokens = [token.clone()];
            let asking = tokio::spawn(async move { remembered.find(&store, &tokens, NOW).await });
            (n % 3 == 0, asking)
        })
        .collect();
    tokio::task::yield_now().await;
    for (gives_up, asking) in asking {
        if gives_up {
            asking.abort();
        } else {
            let found = asking.await.unwrap().unwrap().unwrap();
            assert_eq!(found.session.id, session.id);
        }
    }
}

/// Another process sees and changes the file by connections of its own, as a second store does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_commits_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("shared.sqlite").display()
    );
    let ours = open(&dsn).await;
    migrate::up(&ours, NOW).await.unwrap();
    network::ensure(&ours, NOW).await.unwrap();
    let theirs = open(&dsn).await;
    network::ensure(&theirs, NOW).await.unwrap();
    let remembered = Remembered::default();
    let person = kept(&ours, "user-1@example.org").await;
    for _ in 0..50 {
        let (session, token) = signed_in(&ours, &person).await;
        let tokens = [token];
        assert!(
            remembered
                .find(&ours, &tokens, NOW)
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            remembered
                .find(&ours, &tokens, NOW)
                .await
                .unwrap()
                .is_some()
        );
        revoke(&theirs, session.id).await;
        assert!(
            remembered
                .find(&ours, &tokens, NOW)
                .await
                .unwrap()
                .is_none()
        );
    }
}

/// SQLite removes the file that tells of changes when nobody has the database open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_closed_meanwhile_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!(
        "sqlite://{}?mode=rwc&max_idle_conns=1&max_conn_idle_time=1ms",
        folder.path().join("closed.sqlite").display()
    );
    let store = open(&dsn).await;
    migrate::up(&store, NOW).await.unwrap();
    network::ensure(&store, NOW).await.unwrap();
    let remembered = Remembered::default();
    let person = kept(&store, "user-1@example.org").await;
    let (session, token) = signed_in(&store, &person).await;
    let tokens = [token];
    assert!(
        remembered
            .find(&store, &tokens, NOW)
            .await
            .unwrap()
            .is_some()
    );
    for _ in 0..3 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(
            remembered
                .find(&store, &tokens, NOW)
                .await
                .unwrap()
                .is_some()
        );
    }
    revoke(&store, session.id).await;
    assert!(
        remembered
            .find(&store, &tokens, NOW)
            .await
            .unwrap()
            .is_none()
    );
}

async fn revoke(store: &Store, id: uuid::Uuid) {
    let mut conn = store.write().await.unwrap();
    assert!(session::revoke(&mut conn, id, NOW).await.unwrap());
}
