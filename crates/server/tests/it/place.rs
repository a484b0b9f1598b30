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
        })
    }

    /// A server on this database; on SQLite, on one of its own.
    pub(crate) async fn world(&self, settings: Value) -> Arc<World> {
        let world = Arc::new(World::on(&self.database.dsn, settings).await);
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
