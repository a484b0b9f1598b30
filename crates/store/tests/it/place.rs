//! Where the store's tests play: a database, its store, a moment.

use bia_store::{Store, migrate, network};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::databases::{Database, Kind, open};

/// The moment at which the tests play.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00:00.123456 UTC);

/// A database of its own, gone after the test.
pub(crate) struct Place {
    pub(crate) store: Store,
    database: Database,
}

impl Place {
    /// An empty database; `None` when no server of this kind was named.
    pub(crate) async fn empty(kind: Kind) -> Option<Place> {
        let database = Database::make(kind).await?;
        let store = open(&database.dsn).await;
        Some(Place { store, database })
    }

    /// A migrated database with its network.
    pub(crate) async fn ready(kind: Kind) -> Option<Place> {
        let place = Place::empty(kind).await?;
        migrate::up(&place.store, NOW).await.unwrap();
        network::ensure(&place.store, NOW).await.unwrap();
        Some(place)
    }

    /// Removes the database.
    pub(crate) async fn remove(self) {
        self.store.close().await;
        self.database.remove().await;
    }
}
