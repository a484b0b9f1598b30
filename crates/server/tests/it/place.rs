//! A database on which servers race.

use std::sync::{Arc, Mutex};

use bia_store::migrate;
use serde_json::Value;
use time::OffsetDateTime;

use crate::databases::{Database, Kind, open};
use crate::world::World;

/// A migrated database of its own, gone after the test.
pub(crate) struct Place {
    database: Database,
    worlds: Mutex<Vec<Arc<World>>>,
    /// Where the SQLite file is that several servers share.
    folder: tempfile::TempDir,
}

impl Place {
    /// `None` when no server of this kind was named.
    pub(crate) async fn ready(kind: Kind) -> Option<Place> {
        let database = Database::make(kind).await?;
        let store = open(&database.dsn).await;
        migrate::up(&store, OffsetDateTime::now_utc())
            .await
            .unwrap();
        store.close().await;
        Some(Place {
            database,
            worlds: Mutex::default(),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// A server on this database; on SQLite, on one of its own.
    pub(crate) async fn world(&self, settings: Value) -> Arc<World> {
        let world = Arc::new(World::on(&self.database.dsn, settings).await);
        self.worlds.lock().unwrap().push(Arc::clone(&world));
        world
    }

    /// One of several servers on this database; on SQLite, in a file, which all of them have open.
    pub(crate) async fn replica(&self, settings: Value) -> Arc<World> {
        let dsn = match self.database.dsn.as_str() {
            "memory" => {
                let file = self.folder.path().join("bia.sqlite");
                format!("sqlite://{}?_fk=true&mode=rwc", file.display())
            }
            server => server.to_owned(),
        };
        let world = Arc::new(World::on(&dsn, settings).await);
        self.worlds.lock().unwrap().push(Arc::clone(&world));
        world
    }

    /// Removes the database.
    pub(crate) async fn remove(self) {
        for world in self.worlds.into_inner().unwrap() {
            world.app.store.close().await;
        }
        self.database.remove().await;
    }
}
