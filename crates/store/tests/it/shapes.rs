//! Databases that Bia does not work with are refused with what to do, and left as they are.

use bia_store::{Conn, Store, StoreError, migrate};

use crate::databases::on_each_database;
use crate::place::{NOW, Place};

on_each_database!(
    an_older_release_is_refused,
    a_newer_release_is_refused,
    a_newer_bia_is_refused,
    a_missing_column_is_refused,
    a_missing_table_is_refused,
    tables_without_bookkeeping_are_refused,
    the_bookkeeping_of_another_application_is_refused,
    tables_of_others_are_left_alone,
);

/// A database as the reference leaves it, before Bia has seen it.
async fn as_the_reference_leaves_it(place: &Place) {
    let mut conn = place.store.write().await.unwrap();
    for table in [
        "bia_migration",
        "bia_migration_lock",
        "bia_flow",
        "bia_code",
        "bia_continuity",
        "bia_error",
        "bia_courier_lease",
        "bia_used_step",
        "bia_identity_mfa",
        "bia_search_term",
        "bia_search_entry",
        "bia_search_round",
        "bia_hook_outbox",
        "bia_trusted_browsers",
        "bia_abuse_counter",
        "bia_refusal",
    ] {
        let sql = format!("DROP TABLE {table}");
        conn.script(sql.leak()).await.unwrap();
    }
}

async fn change(store: &Store, script: &'static str) {
    store.write().await.unwrap().script(script).await.unwrap();
}

/// Everything that there is, by name.
async fn catalog(conn: &mut Conn) -> Vec<String> {
    let sql = match conn.dialect() {
        bia_store::Dialect::Sqlite => "SELECT name FROM sqlite_master ORDER BY name",
        bia_store::Dialect::MySql => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
        }
        _ => {
            "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        }
    };
    let rows = conn.fetch_all(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| row.only("catalog").unwrap())
        .collect()
}

/// Refused with all these words, by every way in, and nothing was written.
async fn refused(place: &Place, words: &[&str]) {
    let before = catalog(&mut place.store.read().await.unwrap()).await;
    let ways = [
        migrate::up(&place.store, NOW).await.map(drop),
        migrate::status(&place.store).await.map(drop),
        migrate::down(&place.store, 1, NOW).await.map(drop),
    ];
    for outcome in ways {
        let Err(StoreError::Shape(text)) = outcome else {
            panic!("{outcome:?}")
        };
        for word in words.iter().chain(&["Nothing was changed."]) {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let after = catalog(&mut place.store.read().await.unwrap()).await;
    assert_eq!(before, after);
}

async fn an_older_release_is_refused(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(
        &place.store,
        "DELETE FROM schema_migration WHERE version >= '20260703000000000000'",
    )
    .await;
    refused(
        place,
        &[
            "older release",
            "20260703000000000000",
            "kratos migrate sql up",
        ],
    )
    .await;
}

async fn a_newer_release_is_refused(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(
        &place.store,
        "INSERT INTO schema_migration (version, version_self) VALUES ('20270101000000000000', 0)",
    )
    .await;
    refused(
        place,
        &["newer release", "20270101000000000000", "Update Bia"],
    )
    .await;
}

async fn a_newer_bia_is_refused(place: &Place) {
    change(
        &place.store,
        "INSERT INTO bia_migration (number, name, adopted, applied_at) SELECT 9999, 'later', adopted, applied_at FROM bia_migration WHERE number = 1",
    )
    .await;
    refused(place, &["newer version of Bia", "9999"]).await;
}

async fn a_missing_column_is_refused(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(
        &place.store,
        "ALTER TABLE courier_messages DROP COLUMN request_headers",
    )
    .await;
    refused(
        place,
        &[
            "1 of its columns",
            "courier_messages.request_headers",
            "backup",
        ],
    )
    .await;
}

async fn a_missing_table_is_refused(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(&place.store, "DROP TABLE session_devices").await;
    refused(place, &["session_devices.id"]).await;
}

async fn tables_without_bookkeeping_are_refused(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(&place.store, "DROP TABLE schema_migration").await;
    refused(place, &["no schema_migration", "empty database"]).await;
}

async fn the_bookkeeping_of_another_application_is_refused(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(&place.store, "DELETE FROM schema_migration; INSERT INTO schema_migration (version, version_self) VALUES ('20190100000001000000', 0)").await;
    refused(place, &["another application", "database of its own"]).await;
}

async fn tables_of_others_are_left_alone(place: &Place) {
    as_the_reference_leaves_it(place).await;
    change(
        &place.store,
        "CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO orders (id) VALUES (1)",
    )
    .await;
    migrate::up(&place.store, NOW).await.unwrap();
    let mut conn = place.store.read().await.unwrap();
    let count = conn
        .fetch_one("SELECT COUNT(*) FROM orders", &[])
        .await
        .unwrap();
    assert_eq!(count.only::<i64>("orders").unwrap(), 1);
}
