use std::time::Duration;

use time::macros::datetime;
use uuid::Uuid;

use super::{lock, up};
use crate::{Dsn, Store, StoreError, args};

const NOW: time::OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

async fn store(dsn: &str) -> Store {
    Store::connect(&Dsn::parse(dsn).unwrap(), Duration::ZERO)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_runner_that_was_silent_for_too_long_stops_at_its_next_step() {
    let store = store("memory").await;
    let silent = lock::take(&store, NOW).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    silent.hold(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = store.write().await.unwrap();
    let another = "UPDATE bia_migration_lock SET holder = $1";
    conn.execute(another, args![Uuid::new_v4()]).await.unwrap();
    drop(conn);
    let mut tx = store.begin().await.unwrap();
    let held = silent.hold(&mut tx).await;
    assert!(
        matches!(held, Err(StoreError::Contention { .. })),
        "{held:?}"
    );
}

#[tokio::test]
async fn a_runner_that_is_gone_keeps_others_waiting_for_half_a_minute_at_most() {
    let store = store("memory").await;
    lock::take(&store, NOW).await.unwrap();
    let later = NOW + time::Duration::seconds(31);
    let next = tokio::time::timeout(Duration::from_secs(5), up(&store, later)).await;
    assert!(!next.unwrap().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_is_somebody_elses_stays_as_it_is_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let dsn = format!("sqlite://{}?_fk=true&mode=rwc", file.display());
    let shop = store(&dsn).await;
    let mut conn = shop.write().await.unwrap();
    conn.script("CREATE TABLE identities (name TEXT); INSERT INTO identities VALUES ('chair');")
        .await
        .unwrap();
    drop(conn);
    shop.close().await;
    let before = std::fs::read(&file).unwrap();

    let shop = store(&dsn).await;
    let refused = up(&shop, NOW).await;
    assert!(
        matches!(refused, Err(StoreError::Shape { .. })),
        "{refused:?}"
    );
    shop.close().await;
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
