//! Browsers that need not give the second factor at each login, on each database.

use bia_model::MethodName;
use bia_store::cleanup::{self, Expiring};
use bia_store::trusted_browser::{self as browsers, TrustedBrowser};
use bia_store::{identity, transact};
use futures::future::join_all;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::databases::on_each_database;
use crate::people::kept;
use crate::place::{self, Place};

on_each_database!(
    a_browser_comes_back_the_same_and_goes_with_the_identity,
    of_twenty_who_change_a_token_one_is_first,
    the_longest_unused_go_first_and_what_has_expired_is_removed,
);

/// To the second: not every database keeps more.
const NOW: OffsetDateTime = place::NOW.truncate_to_second();

fn browser(identity_id: Uuid, hours: i64) -> TrustedBrowser {
    TrustedBrowser {
        id: Uuid::new_v4(),
        identity_id,
        token_hash: "a".repeat(64),
        previous_hash: None,
        secrets_hash: "b".repeat(64),
        rotated_at: NOW,
        method: MethodName::Totp,
        ip_address: Some("192.0.2.7".into()),
        user_agent: Some("Browser/1".into()),
        location: None,
        created_at: NOW,
        last_used_at: NOW + Duration::hours(hours),
        expires_at: NOW + Duration::days(30),
    }
}

async fn a_browser_comes_back_the_same_and_goes_with_the_identity(place: &Place) {
    let store = &place.store;
    let one = kept(store, "user-1@example.org").await;
    let other = kept(store, "user-2@example.org").await;
    let (mine, theirs) = (browser(one.id, 0), browser(other.id, 0));
    for browser in [&mine, &theirs] {
        transact!(store, tx => browsers::insert(tx, browser, 50).await).unwrap();
    }
    let mut conn = store.write().await.unwrap();
    assert_eq!(
        browsers::list(&mut conn, one.id, NOW).await.unwrap(),
        std::slice::from_ref(&mine)
    );
    assert!(
        browsers::list(&mut conn, one.id, mine.expires_at)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !browsers::forget(&mut conn, one.id, theirs.id)
            .await
            .unwrap()
    );
    assert!(browsers::forget(&mut conn, one.id, mine.id).await.unwrap());
    drop(conn);
    assert!(transact!(store, tx => identity::delete(tx, other.id).await).unwrap());
    let mut conn = store.read().await.unwrap();
    assert!(
        browsers::list(&mut conn, other.id, NOW)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn of_twenty_who_change_a_token_one_is_first(place: &Place) {
    let store = &place.store;
    let one = kept(store, "user-1@example.org").await;
    let mine = browser(one.id, 0);
    transact!(store, tx => browsers::insert(tx, &mine, 50).await).unwrap();
    let change = |n: usize| {
        let (id, before, after) = (mine.id, mine.token_hash.clone(), format!("{n:064}"));
        async move {
            let mut conn = store.write().await.unwrap();
            browsers::rotate(&mut conn, id, (&before, &after), NOW)
                .await
                .unwrap()
        }
    };
    let first = join_all((0..20).map(change)).await;
    assert_eq!(first.iter().filter(|first| **first).count(), 1);
    let mut conn = store.read().await.unwrap();
    let now = browsers::list(&mut conn, one.id, NOW)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(now.previous_hash.as_ref(), Some(&mine.token_hash));
    let winner = first.iter().position(|first| *first).unwrap();
    assert_eq!(now.token_hash, format!("{winner:064}"));
}

async fn the_longest_unused_go_first_and_what_has_expired_is_removed(place: &Place) {
    let store = &place.store;
    let one = kept(store, "user-1@example.org").await;
    for hours in [3, 1, 2, 0] {
        let browser = browser(one.id, hours);
        transact!(store, tx => browsers::insert(tx, &browser, 3).await).unwrap();
    }
    let mut conn = store.write().await.unwrap();
    let left = browsers::list(&mut conn, one.id, NOW).await.unwrap();
    let used: Vec<_> = left
        .iter()
        .map(|b| (b.last_used_at - NOW).whole_hours())
        .collect();
    // The new one stays, however it looks.
    assert_eq!(used, [3, 2, 0]);
    let kind = Expiring::TrustedBrowsers;
    let none = cleanup::remove_expired(&mut conn, kind, NOW, 10)
        .await
        .unwrap();
    assert_eq!(none, 0);
    let later = NOW + Duration::days(30);
    assert_eq!(
        cleanup::remove_expired(&mut conn, kind, later, 10)
            .await
            .unwrap(),
        3
    );
}
