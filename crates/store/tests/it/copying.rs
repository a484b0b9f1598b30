//! Copies between databases of all kinds.

use std::collections::BTreeSet;
use std::sync::Arc;

use bia_model::Identity;
use bia_store::copy::{self, Compared, CopyError, Watcher};
use bia_store::migrate;
use bia_store::{Store, StoreError, args, courier, transact};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::databases::{Kind, on_each_database};
use crate::messages::a_message;
use crate::people::{keep, person, signed_in};
use crate::place::{NOW, Place};

on_each_database!(
    no_column_is_forgotten,
    a_target_with_data_of_its_own_is_refused,
    a_row_that_the_target_cannot_take_is_named,
    a_copy_that_was_ended_goes_on_and_nobody_serves_it_before,
    a_difference_is_told,
);

/// Hears how far it is, and may end the copy there.
#[derive(Default)]
struct Ear {
    end_at: Option<(&'static str, u64)>,
    end: Arc<Notify>,
    first_heard: Vec<(&'static str, u64)>,
}

impl Watcher for Ear {
    fn copying(&mut self, table: &'static str, done: u64, _: u64) {
        if self.first_heard.iter().all(|(name, _)| *name != table) {
            self.first_heard.push((table, done));
        }
        if self
            .end_at
            .is_some_and(|(name, rows)| name == table && done >= rows)
        {
            self.end.notify_one();
        }
    }

    fn comparing(&mut self, _: &'static str, _: u64) {}
}

async fn copied(from: &Store, to: &Store) -> Result<Vec<Compared>, CopyError> {
    copy::copy(from, to, NOW, &mut Ear::default()).await
}

/// Begins a copy and gives it up when so many rows of a table are there.
async fn begun(from: &Store, to: &Store, table: &'static str, rows: u64) {
    let mut ear = Ear {
        end_at: Some((table, rows)),
        ..Ear::default()
    };
    let end = Arc::clone(&ear.end);
    tokio::select! {
        biased;
        () = end.notified() => {}
        done = copy::copy(from, to, NOW, &mut ear) => panic!("it was not to end: {done:?}"),
    }
}

/// A source with people, their sessions, and messages: values of all kinds.
async fn source(people: usize) -> Place {
    let place = Place::ready(Kind::Sqlite).await.unwrap();
    for n in 0..people {
        let mut somebody = person(&format!("user-{n}@example.org"));
        somebody.metadata_admin = Some(
            json!({"n": n, "b": [1.5, 2.0, 1e16, -0.0, 1e300, null, "\u{1f600} 'x'"], "a": {}}),
        );
        somebody.external_id = (n % 2 == 0).then(|| format!("ext-{n}"));
        somebody.organization_id = (n % 3 == 0).then(Uuid::new_v4);
        keep(&place.store, &somebody).await.unwrap();
        signed_in(&place.store, &somebody).await;
    }
    let mut conn = place.store.write().await.unwrap();
    for n in 0..5 {
        courier::insert(&mut conn, &a_message(n)).await.unwrap();
    }
    place
}

fn assert_equal(compared: &[Compared]) {
    let different: Vec<_> = compared.iter().filter(|t| !t.is_equal()).collect();
    assert!(different.is_empty(), "{different:#?}");
    let rows = |name: &str| compared.iter().find(|t| t.table == name).unwrap().to.rows;
    assert!(rows("identities") > 0 && rows("sessions") > 0 && rows("courier_messages") > 0);
    assert_eq!(rows("networks"), 1);
}

#[tokio::test]
async fn a_round_through_all_kinds_of_databases_ends_with_the_same() {
    let first = source(40).await;
    let mut from = first.store.clone();
    let mut places = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::MySql, Kind::Sqlite] {
        let Some(place) = Place::empty(kind).await else {
            continue;
        };
        let compared = copied(&from, &place.store).await.unwrap();
        assert_equal(&compared);
        // Whole: it can be served.
        assert!(migrate::up(&place.store, NOW).await.unwrap().is_empty());
        from = place.store.clone();
        places.push(place);
    }
    for place in places {
        place.remove().await;
    }
}

async fn no_column_is_forgotten(place: &Place) {
    let sql = match place.store.dialect() {
        bia_store::Dialect::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        bia_store::Dialect::MySql => {
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        }
        _ => {
            "SELECT CAST(table_name AS text), CAST(column_name AS text) FROM information_schema.columns WHERE table_schema = current_schema()"
        }
    };
    let mut conn = place.store.read().await.unwrap();
    let mut found = BTreeSet::new();
    for row in conn.fetch_all(sql, &[]).await.unwrap() {
        let mut columns = row.columns("catalog");
        let (table, column): (String, String) = (columns.take().unwrap(), columns.take().unwrap());
        if !lives_shortly(&table) {
            found.insert((table, column));
        }
    }
    let copied = copy::tables().flat_map(|(table, columns)| {
        columns
            .iter()
            .map(move |column| (table.to_owned(), (*column).to_owned()))
    });
    assert_eq!(
        copied.collect::<BTreeSet<_>>(),
        found,
        "A new table either lasts, and is copied (store/src/copy/table.rs), or lives shortly (the list below)."
    );
}

/// Tables that stay behind: what is in them lives for hours, is made of what is copied, or belongs to the database.
fn lives_shortly(table: &str) -> bool {
    const TABLES: [&str; 17] = [
        "schema_migration",
        "continuity_containers",
        "session_token_exchanges",
        "identity_pending_traits_changes",
        "bia_migration",
        "bia_migration_lock",
        "bia_flow",
        "bia_code",
        "bia_continuity",
        "bia_error",
        "bia_refusal",
        "bia_courier_lease",
        "bia_abuse_counter",
        "bia_search_entry",
        "bia_search_round",
        "bia_search_term",
        "sqlite_sequence",
    ];
    let code =
        table.starts_with("identity_") && (table.ends_with("_codes") || table.ends_with("_tokens"));
    code || table.starts_with("selfservice_") || TABLES.contains(&table)
}

async fn a_target_with_data_of_its_own_is_refused(target: &Place) {
    let source = source(1).await;
    let refused = copied(&source.store, &target.store).await;
    let Err(CopyError::Refused(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        text.contains("networks") && text.contains("empty database"),
        "{text}"
    );
    // Not even the record of a copy was made.
    assert!(migrate::up(&target.store, NOW).await.unwrap().is_empty());
}

async fn a_row_that_the_target_cannot_take_is_named(target: &Place) {
    let source = source(3).await;
    let target = emptied(target).await;
    let lost = Uuid::new_v4();
    let mut conn = source.store.write().await.unwrap();
    conn.script("PRAGMA foreign_keys = OFF").await.unwrap();
    conn.execute(
        "INSERT INTO identity_recovery_addresses (id, nid, identity_id, via, value, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![lost, source.store.nid(), Uuid::new_v4(), "email", "nobody@example.org", NOW, NOW],
    )
    .await
    .unwrap();
    let refused = copied(&source.store, target).await;
    let Err(
        error @ CopyError::Row {
            id,
            reason: StoreError::Dangling,
            ..
        },
    ) = &refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(*id, lost);
    assert!(
        error.to_string().contains("identity_recovery_addresses"),
        "{error}"
    );
    conn.execute(
        "DELETE FROM identity_recovery_addresses WHERE id = $1",
        args![lost],
    )
    .await
    .unwrap();
    drop(conn);
    assert_equal(&copied(&source.store, target).await.unwrap());
}

async fn a_copy_that_was_ended_goes_on_and_nobody_serves_it_before(target: &Place) {
    let source = source(700).await;
    let target = emptied(target).await;
    begun(&source.store, target, "sessions", 512).await;

    let refused = migrate::up(target, NOW).await;
    let Err(StoreError::Shape(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(text.contains("bia copy"), "{text}");
    let other = self::source(1).await;
    let refused = copied(&other.store, target).await;
    assert!(matches!(refused, Err(CopyError::Refused(_))), "{refused:?}");

    let mut ear = Ear::default();
    let compared = copy::copy(&source.store, target, NOW, &mut ear)
        .await
        .unwrap();
    assert_equal(&compared);
    let begun_at = |table| {
        ear.first_heard
            .iter()
            .find(|(name, _)| *name == table)
            .unwrap()
            .1
    };
    assert_eq!(begun_at("identities"), 700);
    assert_eq!(begun_at("sessions"), 512);
    assert_eq!(begun_at("session_devices"), 0);
    assert!(migrate::up(target, NOW).await.unwrap().is_empty());
}

async fn a_difference_is_told(target: &Place) {
    let source = source(20).await;
    let target = emptied(target).await;
    begun(&source.store, target, "sessions", 20).await;
    // One comes late, before the place where the copy is, and one is changed in the target.
    let late = Identity {
        id: Uuid::from_u128(1),
        credentials: Vec::new(),
        verifiable_addresses: Vec::new(),
        recovery_addresses: Vec::new(),
        ..person("late@example.org")
    };
    keep(&source.store, &late).await.unwrap();
    let mut conn = target.write().await.unwrap();
    conn.script("UPDATE identities SET state = 'inactive' WHERE external_id = 'ext-4'")
        .await
        .unwrap();
    drop(conn);
    let compared = copied(&source.store, target).await.unwrap();
    let of = |name: &str| compared.iter().find(|t| t.table == name).unwrap();
    let identities = of("identities");
    assert!(!identities.is_equal());
    assert_eq!((identities.from.rows, identities.to.rows), (21, 20));
    let named: Vec<String> = identities.named.iter().map(ToString::to_string).collect();
    assert_eq!(identities.different, 2);
    assert_eq!(named[0], format!("{} (on one side only)", late.id));
    assert!(named[1].ends_with(" (state)"), "{named:?}");
    assert!(of("sessions").is_equal());
    // Not whole: still nobody serves it.
    assert!(matches!(
        migrate::up(target, NOW).await,
        Err(StoreError::Shape(_))
    ));
}

/// A place without a network: nothing was ever kept there.
async fn emptied(place: &Place) -> &Store {
    transact!(place.store, tx => tx.execute("DELETE FROM networks", &[]).await.map(drop)).unwrap();
    &place.store
}
