//! Databases to test on: SQLite always, PostgreSQL and MariaDB where their servers are named. Also for the
//! server's tests; whoever uses the macro has a `place::Place` with `ready` and `remove`.

use std::time::Duration;

use bia_store::{Dsn, Store};
use uuid::Uuid;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

/// A database of its own; empty at first.
pub(crate) struct Database {
    pub(crate) dsn: String,
    server: Option<(String, String)>,
}

impl Database {
    /// `None` when no server of this kind was named.
    pub(crate) async fn make(kind: Kind) -> Option<Database> {
        let (dsn, server) = match kind {
            Kind::Sqlite => ("memory".to_owned(), None),
            Kind::Postgres => on_server(std::env::var("BIA_TEST_POSTGRES").ok()?),
            Kind::MySql => on_server(std::env::var("BIA_TEST_MYSQL").ok()?),
        };
        if let Some((admin, name)) = &server {
            run(admin, format!("CREATE DATABASE {name}")).await;
        }
        Some(Database { dsn, server })
    }

    /// Removes the database, to which nobody is connected any more.
    pub(crate) async fn remove(self) {
        if let Some((admin, name)) = &self.server {
            run(admin, format!("DROP DATABASE {name}")).await;
        }
    }
}

pub(crate) async fn open(dsn: &str) -> Store {
    Store::connect(&Dsn::parse(dsn).unwrap(), Duration::ZERO)
        .await
        .unwrap()
}

/// The new database's DSN, and the server's with the database's name.
fn on_server(admin: String) -> (String, Option<(String, String)>) {
    let name = format!("bia_test_{}", Uuid::new_v4().simple());
    let (server, tail) = admin.rsplit_once('/').unwrap();
    let query = tail
        .split_once('?')
        .map_or(String::new(), |(_, q)| format!("?{q}"));
    (
        format!("{server}/{name}{query}"),
        Some((admin.clone(), name)),
    )
}

async fn run(admin: &str, sql: String) {
    let store = open(admin).await;
    store
        .write()
        .await
        .unwrap()
        .script(sql.leak())
        .await
        .unwrap();
    store.close().await;
}

/// Makes one test function per kind of database out of one async function that takes a `Place`, or whatever
/// is named after `in`.
macro_rules! on_each_database {
    ($($name:ident),* $(,)?) => {
        on_each_database!(in crate::place::Place; $($name),*);
    };
    (in $place:path; $($name:ident),* $(,)?) => {
        $(mod $name {
            use crate::databases::Kind;
            use $place as Place;

            async fn on(kind: Kind) {
                if let Some(place) = Place::ready(kind).await {
                    super::$name(&place).await;
                    place.remove().await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                on(Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                on(Kind::Postgres).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mysql() {
                on(Kind::MySql).await;
            }
        })*
    };
}

pub(crate) use on_each_database;
