//! Migrations, on each database.

use bia_store::migrate::{self, Shape};
use bia_store::network;

use crate::databases::{Kind, on_each_database};
use crate::place::{NOW, Place};

on_each_database!(
    a_second_run_has_nothing_to_do,
    the_network_stays_the_same,
    steps_can_be_taken_back_but_not_the_first,
);

async fn a_second_run_has_nothing_to_do(place: &Place) {
    assert!(migrate::up(&place.store, NOW).await.unwrap().is_empty());
    let status = migrate::status(&place.store).await.unwrap();
    assert!(status.iter().all(|s| s.applied_at.is_some()), "{status:?}");
}

async fn the_network_stays_the_same(place: &Place) {
    let first = network::ensure(&place.store, NOW).await.unwrap();
    assert_eq!(network::ensure(&place.store, NOW).await.unwrap(), first);
    assert_eq!(place.store.nid(), first);
}

async fn steps_can_be_taken_back_but_not_the_first(place: &Place) {
    let undone = migrate::down(&place.store, 100, NOW).await.unwrap();
    assert!(undone.iter().all(|s| s.number > 1) && !undone.is_empty());
    let mut conn = place.store.read().await.unwrap();
    conn.fetch_one("SELECT COUNT(*) FROM identities", &[])
        .await
        .unwrap();
    assert!(
        conn.fetch_one("SELECT COUNT(*) FROM bia_flow", &[])
            .await
            .is_err()
    );
    drop(conn);
    assert_eq!(
        migrate::up(&place.store, NOW).await.unwrap().len(),
        undone.len()
    );
}

#[tokio::test]
async fn ten_runners_at_once_migrate_once() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::MySql] {
        let Some(place) = Place::empty(kind).await else {
            continue;
        };
        let runners: Vec<_> = (0..10)
            .map(|_| {
                let store = place.store.clone();
                tokio::spawn(async move { migrate::up(&store, NOW).await })
            })
            .collect();
        let mut taken = 0;
        for runner in runners {
            taken += runner.await.unwrap().unwrap().len();
        }
        assert_eq!(
            taken,
            migrate::status(&place.store).await.unwrap().len(),
            "{kind:?}"
        );
        place.remove().await;
    }
}

#[tokio::test]
async fn an_empty_database_is_seen_as_such() {
    let place = Place::empty(Kind::Sqlite).await.unwrap();
    assert_eq!(
        migrate::inspect(&mut place.store.read().await.unwrap())
            .await
            .unwrap(),
        Shape::Empty
    );
}
