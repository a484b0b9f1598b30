//! Opening the database.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, MySql, Postgres, Sqlite};
use uuid::Uuid;

use super::dsn::{SqliteFile, Target};
use super::pool::{Driver, Pool};
use super::watch::{Stamp, Watch};
use super::{Conn, Dialect, Dsn, Link, StoreError, Tx, mysql, postgres, sqlite};
use crate::search::Searchable;

/// How long one attempt to reach the database may take.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The database. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    dialect: Dialect,
    nid: OnceLock<Uuid>,
    searchable: RwLock<Arc<Searchable>>,
    watch: Option<Watch>,
    true_snapshots: OnceLock<bool>,
    /// Dropped last: the files of a database that lives no longer than the process.
    _folder: Option<Folder>,
}

enum Pools {
    /// Several readers and the one writer that SQLite allows.
    Sqlite {
        readers: Arc<Pool<Sqlite>>,
        writer: Arc<Pool<Sqlite>>,
    },
    Postgres(Arc<Pool<Postgres>>),
    MySql(Arc<Pool<MySql>>),
}

impl Store {
    /// Opens the database and waits up to `patience` for it to answer, with growing pauses.
    ///
    /// Changes nothing in it; see `migrate` for that. For `memory` each call makes a new, empty database.
    pub async fn connect(dsn: &Dsn, patience: Duration) -> Result<Store, StoreError> {
        let store = Store::open(dsn)?;
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(100);
        loop {
            let error = match tokio::time::timeout(ATTEMPT, store.first_contact()).await {
                Ok(Ok(())) => return Ok(store),
                Ok(Err(error)) => error,
                Err(_) => StoreError::unavailable("no answer within 5 seconds"),
            };
            if Instant::now() + pause >= deadline
                || !matches!(error, StoreError::Unavailable { .. })
            {
                return Err(error);
            }
            tracing::warn!(%error, retry_in_ms = pause.as_millis(), "the database does not answer yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    fn open(dsn: &Dsn) -> Result<Store, StoreError> {
        let mut folder = None;
        let mut watch = None;
        let pools = match &dsn.target {
            Target::Sqlite(file) if file.ephemeral => {
                let made = Folder::make()?;
                let file = SqliteFile {
                    path: made.0.join("memory.db"),
                    ..file.clone()
                };
                folder = Some(made);
                watch = Some(Watch::new(&file.path));
                open_sqlite(&file, dsn)
            }
            Target::Sqlite(file) => {
                watch = Some(Watch::new(&file.path));
                open_sqlite(file, dsn)
            }
            Target::Postgres(options) => {
                Pools::Postgres(Pool::new(options.as_ref().clone(), dsn.pool.clone()))
            }
            Target::MySql(options) => {
                Pools::MySql(Pool::new(options.as_ref().clone(), dsn.pool.clone()))
            }
        };
        let inner = Inner {
            pools,
            dialect: dsn.dialect,
            nid: OnceLock::new(),
            searchable: RwLock::default(),
            watch,
            true_snapshots: OnceLock::new(),
            _folder: folder,
        };
        Ok(Store {
            inner: Arc::new(inner),
        })
    }

    /// A connection for reading. On SQLite it sees what was committed before each statement.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        let link = match &self.inner.pools {
            Pools::Sqlite { readers, .. } => Link::Sqlite(readers.take().await?),
            Pools::Postgres(pool) => Link::Postgres(pool.take().await?),
            Pools::MySql(pool) => Link::MySql(pool.take().await?),
        };
        Ok(self.conn(link))
    }

    fn conn(&self, link: Link) -> Conn {
        Conn::new(link, self.inner.dialect, self.nid(), self.searchable())
    }

    /// A connection for single statements that write. On SQLite: the one writer, so be short.
    pub async fn write(&self) -> Result<Conn, StoreError> {
        match &self.inner.pools {
            Pools::Sqlite { writer, .. } => Ok(self.conn(Link::Sqlite(writer.take().await?))),
            _ => self.read().await,
        }
    }

    /// Begins a unit of work. On SQLite it is the only one until it ends.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Tx::begin(self.write().await?).await
    }

    /// The state of the database, where it can be told without asking: on SQLite.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.inner.watch.as_ref()?.stamp()
    }

    /// Has a SQLite file keep a write-ahead log; it stays so. For databases that are known to be Bia's or the reference's.
    pub(crate) async fn write_ahead(&self) -> Result<(), StoreError> {
        if self.inner.dialect == Dialect::Sqlite {
            let mut conn = self.write().await?;
            conn.fetch_one(sqlite::WRITE_AHEAD, &[]).await?;
        }
        Ok(())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read().await?.fetch_one("SELECT 1", &[]).await?;
        Ok(())
    }

    /// As [`Store::ping`], by a connection that makes a SQLite file which is not there yet.
    async fn first_contact(&self) -> Result<(), StoreError> {
        let mut conn = self.write().await?;
        if self.inner.dialect != Dialect::Postgres {
            conn.fetch_one("SELECT 1", &[]).await?;
            return Ok(());
        }
        let row = conn.fetch_one("SELECT version()", &[]).await?;
        let version: String = row.only("version")?;
        let _ = self
            .inner
            .true_snapshots
            .set(postgres::has_true_snapshots(&version));
        Ok(())
    }

    /// Whether two statements with the same `pg_current_snapshot()` see the same rows.
    pub(crate) fn has_true_snapshots(&self) -> bool {
        self.inner.true_snapshots.get().copied().unwrap_or_default()
    }

    /// How many connections are in use, and how many are kept open without work. For metrics.
    pub fn connections(&self) -> (usize, usize) {
        match &self.inner.pools {
            Pools::Sqlite { readers, writer } => {
                let ((busy, idle), (writing, waiting)) = (readers.numbers(), writer.numbers());
                (busy + writing, idle + waiting)
            }
            Pools::Postgres(pool) => pool.numbers(),
            Pools::MySql(pool) => pool.numbers(),
        }
    }

    /// Which database answers.
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// The network whose rows are worked on; the nil id until `network::ensure` was called.
    pub fn nid(&self) -> Uuid {
        self.inner.nid.get().copied().unwrap_or_default()
    }

    /// Remembers the network for all later connections. The first call counts.
    pub(crate) fn set_nid(&self, nid: Uuid) {
        self.inner.nid.get_or_init(|| nid);
    }

    /// Says which traits identities are found by from now on. What was kept before follows as `search::refresh` goes on.
    pub fn set_searchable(&self, searchable: Searchable) {
        let kept = self.inner.searchable.write();
        *kept.unwrap_or_else(PoisonError::into_inner) = Arc::new(searchable);
    }

    fn searchable(&self) -> Arc<Searchable> {
        let kept = self.inner.searchable.read();
        Arc::clone(&kept.unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes the idle connections; later calls fail. Connections in use are closed as they end.
    pub async fn close(&self) {
        match &self.inner.pools {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
            Pools::MySql(pool) => pool.close().await,
        }
    }
}

fn open_sqlite(file: &SqliteFile, dsn: &Dsn) -> Pools {
    let options = sqlite::options(file).disable_statement_logging();
    let readers = Pool::new(options.clone().pragma("query_only", "ON"), dsn.pool.clone());
    let writer = Pool::new(
        options,
        super::PoolOptions {
            max_connections: 1,
            ..dsn.pool.clone()
        },
    );
    Pools::Sqlite { readers, writer }
}

impl Driver for Sqlite {
    type Target = SqliteConnectOptions;

    async fn open(target: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
        target.connect().await
    }

    fn classify(error: &dyn DatabaseError) -> StoreError {
        sqlite::classify(error)
    }

    async fn roll_back(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        // SQLite may already have ended the transaction because of an error; then this fails harmlessly.
        let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
        Ok(())
    }
}

impl Driver for Postgres {
    type Target = PgConnectOptions;

    async fn open(target: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
        target.clone().disable_statement_logging().connect().await
    }

    fn classify(error: &dyn DatabaseError) -> StoreError {
        postgres::classify(error)
    }

    async fn roll_back(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("ROLLBACK")
            .execute(connection)
            .await
            .map(drop)
    }
}

impl Driver for MySql {
    type Target = MySqlConnectOptions;

    async fn open(target: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
        let mut connection = target.clone().disable_statement_logging().connect().await?;
        sqlx::raw_sql(mysql::SESSION)
            .execute(&mut connection)
            .await?;
        Ok(connection)
    }

    fn classify(error: &dyn DatabaseError) -> StoreError {
        mysql::classify(error)
    }

    async fn roll_back(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("ROLLBACK")
            .execute(connection)
            .await
            .map(drop)
    }
}

/// A private folder, removed when it is dropped.
///
/// A `memory` database is a file in one: it then behaves as every other SQLite database (readers
/// beside a writer), which SQLite's own shared memory databases do not.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Folder, StoreError> {
        let path = std::env::temp_dir().join(format!("bia-memory-{}", Uuid::new_v4()));
        make_private(&path).map_err(|e| StoreError::barred(format!("no temporary folder: {e}")))?;
        Ok(Folder(path))
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir(path)
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing more can be done about a file that stays.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
