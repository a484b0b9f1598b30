//! The seam itself: on SQLite, and where a server can close connections.

use std::time::Duration;

use bia_store::{Dialect, Dsn, Store, StoreError, args, transact};

use crate::databases::{Database, Kind, on_each_database};
use crate::place::Place;

async fn memory() -> Store {
    Store::connect(&Dsn::parse("memory").unwrap(), Duration::ZERO)
        .await
        .unwrap()
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_dropped_transaction_leaves_no_trace_and_a_committed_one_is_seen_by_readers() {
    let store = memory().await;
    store
        .write()
        .await
        .unwrap()
        .script("CREATE TABLE t (n INTEGER)")
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.execute("INSERT INTO t (n) VALUES ($1)", args![1])
        .await
        .unwrap();
    drop(tx);
    let number = 2;
    let task = is_send(async {
        transact!(store, tx => tx.execute("INSERT INTO t (n) VALUES ($1)", args![number]).await)
    });
    task.await.unwrap();
    let rows = store
        .read()
        .await
        .unwrap()
        .fetch_all("SELECT n FROM t", &[])
        .await
        .unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.only("t").unwrap()).collect();
    assert_eq!(numbers, [2]);
}

#[tokio::test]
async fn a_reader_beside_an_open_transaction_does_not_wait() {
    let store = memory().await;
    store
        .write()
        .await
        .unwrap()
        .script("CREATE TABLE t (n INTEGER)")
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.execute("INSERT INTO t (n) VALUES ($1)", args![1])
        .await
        .unwrap();
    let row = store
        .read()
        .await
        .unwrap()
        .fetch_one("SELECT COUNT(*) FROM t", &[])
        .await
        .unwrap();
    assert_eq!(row.only::<i64>("t").unwrap(), 0);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn writes_from_many_tasks_are_served_one_after_the_other() {
    let store = memory().await;
    store
        .write()
        .await
        .unwrap()
        .script("CREATE TABLE t (n INTEGER)")
        .await
        .unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                transact!(store, tx => tx.execute("INSERT INTO t (n) VALUES ($1)", args![n]).await)
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let row = store
        .read()
        .await
        .unwrap()
        .fetch_one("SELECT COUNT(*) FROM t", &[])
        .await
        .unwrap();
    assert_eq!(row.only::<i64>("t").unwrap(), 50);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let store = memory().await;
    let answer = store
        .read()
        .await
        .unwrap()
        .script("CREATE TABLE t (n INTEGER)")
        .await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_unit_of_work_with_a_failed_statement_is_not_committed() {
    let store = memory().await;
    store
        .write()
        .await
        .unwrap()
        .script("CREATE TABLE t (n INTEGER UNIQUE)")
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.execute("INSERT INTO t (n) VALUES ($1)", args![1])
        .await
        .unwrap();
    assert!(
        tx.execute("INSERT INTO t (n) VALUES ($1)", args![1])
            .await
            .is_err()
    );
    assert!(tx.commit().await.is_err());
    let row = store
        .read()
        .await
        .unwrap()
        .fetch_one("SELECT COUNT(*) FROM t", &[])
        .await
        .unwrap();
    assert_eq!(row.only::<i64>("t").unwrap(), 0);
}

#[tokio::test]
async fn a_statement_that_is_given_up_half_way_leaves_the_pool_fit_for_use() {
    let store = memory().await;
    store
        .write()
        .await
        .unwrap()
        .script("CREATE TABLE t (n INTEGER)")
        .await
        .unwrap();
    for _ in 0..20 {
        let work = async {
            let mut tx = store.begin().await?;
            tx.execute("INSERT INTO t (n) VALUES ($1)", args![1])
                .await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
            tx.commit().await
        };
        assert!(
            tokio::time::timeout(Duration::from_millis(5), work)
                .await
                .is_err()
        );
    }
    transact!(store, tx => tx.execute("INSERT INTO t (n) VALUES ($1)", args![2]).await).unwrap();
    let row = store
        .read()
        .await
        .unwrap()
        .fetch_one("SELECT COUNT(*) FROM t", &[])
        .await
        .unwrap();
    assert_eq!(row.only::<i64>("t").unwrap(), 1);
}

on_each_database!(connections_that_the_server_closed_are_replaced);

async fn connections_that_the_server_closed_are_replaced(place: &Place) {
    if place.store.dialect() != Dialect::Postgres {
        return;
    }
    // The idle connections are ended behind the store's back: one for a query, one for a unit of work.
    for _ in 0..2 {
        let (mut killer, first, second) = (
            place.store.read().await.unwrap(),
            place.store.read().await.unwrap(),
            place.store.read().await.unwrap(),
        );
        drop((first, second));
        killer
            .fetch_all(
                "SELECT CAST(pg_terminate_backend(pid) AS text) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
                &[],
            )
            .await
            .unwrap();
        place
            .store
            .read()
            .await
            .unwrap()
            .fetch_one("SELECT 1", &[])
            .await
            .unwrap();
        transact!(place.store, tx => tx.execute("DELETE FROM bia_error", &[]).await).unwrap();
        drop(killer);
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_from_a_server_that_does_not_answer() {
    let file = "sqlite:///nowhere/at/all.sqlite?mode=rw";
    assert_eq!(lasts(file).await, Some(true));
    for kind in [Kind::Postgres, Kind::MySql] {
        let Some(database) = Database::make(kind).await else {
            continue;
        };
        let missing = database.dsn.replace("bia_test_", "bia_absent_");
        assert_eq!(lasts(&missing).await, Some(true), "{kind:?}");
        database.remove().await;
    }
    for dsn in [
        "postgres://u:p@127.0.0.1:9/bia",
        "mysql://u:p@tcp(127.0.0.1:9)/bia",
    ] {
        assert_eq!(lasts(dsn).await, Some(false), "{dsn}");
    }
}

/// Whether that a database cannot be opened stays so.
async fn lasts(dsn: &str) -> Option<bool> {
    match Store::connect(&Dsn::parse(dsn).unwrap(), Duration::ZERO).await {
        Err(StoreError::Unavailable { lasting, .. }) => Some(lasting),
        _ => None,
    }
}
