//! The seam: one way to run a statement, whatever database answers.
//!
//! SQL is a `&'static str` with `$1 … $n`, each used once and ascending. The three files named after
//! databases hold everything that differs.

mod connect;
mod dialect;
mod dsn;
mod error;
mod expand;
mod mysql;
mod packed;
mod pool;
mod postgres;
mod row;
mod sqlite;
mod transact;
mod value;
mod watch;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::{AssertSqlSafe, MySql, Postgres, Sqlite};
use uuid::Uuid;

pub use connect::Store;
pub use dialect::Dialect;
pub use dsn::{Dsn, DsnError, PoolOptions};
pub use error::{StoreError, Unique};
pub(crate) use expand::ROWS;
pub use row::{Columns, FromColumn, Json, JsonText, Row};
pub use transact::{Attempts, StoreFailure};
pub use value::{Bind, Kind, Value};

use crate::search::Searchable;
use pool::{Driver, Lease};
use row::RowKind;
pub(crate) use watch::Stamp;

/// A connection that runs one statement after the other.
///
/// Outside of a [`Tx`] each statement is its own unit of work.
pub struct Conn {
    link: Link,
    dialect: Dialect,
    nid: Uuid,
    searchable: Arc<Searchable>,
}

enum Link {
    Sqlite(Lease<Sqlite>),
    Postgres(Lease<Postgres>),
    MySql(Lease<MySql>),
}

/// Runs one prepared statement (cached per connection) on whichever database it is.
macro_rules! run {
    ($conn:expr, $sql:expr, $values:expr, $verb:ident, $answer:ident => $sqlite:expr, $postgres:expr, $mysql:expr) => {
        match &mut $conn.link {
            Link::Sqlite(lease) => {
                let arguments = sqlite::bind($values).map_err(unbindable)?;
                let query = sqlx::query_with::<Sqlite, _>($sql, arguments);
                let $answer =
                    settle(lease, async |c| query.$verb(c).await, sqlite::classify).await?;
                $sqlite
            }
            Link::Postgres(lease) => {
                let arguments = postgres::bind($values).map_err(unbindable)?;
                let query = sqlx::query_with::<Postgres, _>($sql, arguments);
                let $answer =
                    settle(lease, async |c| query.$verb(c).await, postgres::classify).await?;
                $postgres
            }
            Link::MySql(lease) => {
                let arguments = mysql::bind($values).map_err(unbindable)?;
                let sql = AssertSqlSafe(mysql::placeholders($sql));
                let query = sqlx::query_with::<MySql, _>(sql, arguments);
                let $answer =
                    settle(lease, async |c| query.$verb(c).await, mysql::classify).await?;
                $mysql
            }
        }
    };
}

impl Conn {
    fn new(link: Link, dialect: Dialect, nid: Uuid, searchable: Arc<Searchable>) -> Conn {
        Conn {
            link,
            dialect,
            nid,
            searchable,
        }
    }

    /// Which traits identities are found by.
    pub(crate) fn searchable(&self) -> Arc<Searchable> {
        Arc::clone(&self.searchable)
    }

    /// The network whose rows this connection works on; the nil id until it is known.
    pub fn nid(&self) -> Uuid {
        self.nid
    }

    /// Which database answers.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a statement. Gives the number of rows that it found (on MySQL too: not only the changed ones).
    pub async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        Ok(
            run!(self, sql, values, execute, done => done.rows_affected(), done.rows_affected(), done.rows_affected()),
        )
    }

    /// The first row of the answer of a query, if there is one. A query (it changes nothing) is asked
    /// once more when the connection turns out to be lost.
    pub async fn fetch_optional(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        match self.fetch_optional_once(sql, values).await {
            Err(StoreError::Unavailable { .. }) if self.reconnect().await => {
                self.fetch_optional_once(sql, values).await
            }
            outcome => outcome,
        }
    }

    async fn fetch_optional_once(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(run!(self, sql, values, fetch_optional, row =>
            row.map(|r| Row(RowKind::Sqlite(r))),
            row.map(|r| Row(RowKind::Postgres(r))),
            row.map(|r| Row(RowKind::MySql(r)))))
    }

    /// The first row of the answer of a statement that always has one, such as a count.
    pub async fn fetch_one(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Row, StoreError> {
        let row = self.fetch_optional(sql, values).await?;
        row.ok_or_else(|| StoreError::Statement("no row where one was expected".into()))
    }

    /// All rows of the answer of a query, which bounds their number. As [`Conn::fetch_optional`] when
    /// the connection is lost.
    pub async fn fetch_all(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self.fetch_all_once(sql, values).await {
            Err(StoreError::Unavailable { .. }) if self.reconnect().await => {
                self.fetch_all_once(sql, values).await
            }
            outcome => outcome,
        }
    }

    async fn fetch_all_once(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(run!(self, sql, values, fetch_all, rows =>
            rows.into_iter().map(|r| Row(RowKind::Sqlite(r))).collect(),
            rows.into_iter().map(|r| Row(RowKind::Postgres(r))).collect(),
            rows.into_iter().map(|r| Row(RowKind::MySql(r))).collect()))
    }

    /// Runs a script of several statements without values, such as a migration.
    pub async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.link {
            Link::Sqlite(lease) => {
                settle(
                    lease,
                    async |c| sqlx::raw_sql(sql).execute(c).await,
                    sqlite::classify,
                )
                .await?;
            }
            Link::Postgres(lease) => {
                settle(
                    lease,
                    async |c| sqlx::raw_sql(sql).execute(c).await,
                    postgres::classify,
                )
                .await?;
            }
            Link::MySql(lease) => {
                settle(
                    lease,
                    async |c| sqlx::raw_sql(sql).execute(c).await,
                    mysql::classify,
                )
                .await?;
            }
        }
        Ok(())
    }

    /// A new connection in the place of one that was lost outside of a transaction, as when the
    /// server was restarted. Whether there is one now.
    async fn reconnect(&mut self) -> bool {
        match &mut self.link {
            Link::Sqlite(lease) => lease.reopen().await,
            Link::Postgres(lease) => lease.reopen().await,
            Link::MySql(lease) => lease.reopen().await,
        }
    }

    fn set_failed(&mut self, failed: bool) {
        match &mut self.link {
            Link::Sqlite(lease) => lease.failed = failed,
            Link::Postgres(lease) => lease.failed = failed,
            Link::MySql(lease) => lease.failed = failed,
        }
    }

    /// Whether a statement of the open transaction failed.
    fn has_failed(&self) -> bool {
        match &self.link {
            Link::Sqlite(lease) => lease.failed,
            Link::Postgres(lease) => lease.failed,
            Link::MySql(lease) => lease.failed,
        }
    }

    fn set_open(&mut self, open: bool) {
        match &mut self.link {
            Link::Sqlite(lease) => lease.open = open,
            Link::Postgres(lease) => lease.open = open,
            Link::MySql(lease) => lease.open = open,
        }
    }
}

/// Runs `work` on the leased connection, and sees to it that the connection is fit for the next
/// caller: one that failed below SQL, or was given up half way, is not used again.
async fn settle<D: Driver, T>(
    lease: &mut Lease<D>,
    work: impl AsyncFnOnce(&mut D::Connection) -> Result<T, sqlx::Error>,
    classify: fn(&dyn sqlx::error::DatabaseError) -> StoreError,
) -> Result<T, StoreError> {
    lease.unsettled = true;
    let Some(connection) = lease.connection() else {
        return Err(StoreError::unavailable("the connection was lost"));
    };
    let answer = work(connection).await;
    lease.unsettled = false;
    lease.failed |= answer.is_err();
    let error = match answer {
        Ok(answer) => return Ok(answer),
        Err(sqlx::Error::Database(error)) => classify(error.as_ref()),
        Err(sqlx::Error::Encode(error)) => StoreError::Refused {
            reason: error.to_string(),
        },
        Err(
            error @ (sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed),
        ) => StoreError::unavailable(error.to_string()),
        Err(error) => StoreError::Statement(error.to_string()),
    };
    if matches!(error, StoreError::Unavailable { .. }) {
        lease.discard();
    }
    Err(error)
}

fn unbindable(error: row::DecodeError) -> StoreError {
    StoreError::Refused {
        reason: error.to_string(),
    }
}

/// One unit of work. Dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    conn: Conn,
    /// How long it took, where that is traced.
    _span: tracing::Span,
}

impl Tx {
    async fn begin(mut conn: Conn) -> Result<Tx, StoreError> {
        let span = tracing::info_span!(target: "traced", "transaction");
        let begin = match conn.dialect {
            Dialect::Sqlite => sqlite::BEGIN,
            Dialect::Postgres | Dialect::Cockroach => postgres::BEGIN,
            Dialect::MySql => mysql::BEGIN,
        };
        let mut begun = conn.script(begin).await;
        if matches!(begun, Err(StoreError::Unavailable { .. })) && conn.reconnect().await {
            begun = conn.script(begin).await;
        }
        begun?;
        conn.set_open(true);
        Ok(Tx { conn, _span: span })
    }

    /// Makes the changes permanent. After an error they are not, unless the connection was lost
    /// while the database was answering.
    ///
    /// Refused when one of its statements failed, even if the caller went on: PostgreSQL would
    /// answer as if it had committed and keep nothing.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if self.conn.has_failed() {
            return Err(StoreError::Statement(
                "a statement of this unit of work failed before".into(),
            ));
        }
        self.conn.script("COMMIT").await?;
        self.conn.set_open(false);
        Ok(())
    }

    /// Begins a part that may fail without the rest: [`Tx::keep_part`] or [`Tx::undo_part`] ends it.
    pub async fn begin_part(&mut self) -> Result<(), StoreError> {
        self.conn.script("SAVEPOINT part").await
    }

    /// Ends a part that went well.
    pub async fn keep_part(&mut self) -> Result<(), StoreError> {
        self.conn.script("RELEASE SAVEPOINT part").await
    }

    /// Takes back a part, of which a statement failed. Not after a [`StoreError::Contention`], which ends the whole.
    pub async fn undo_part(&mut self) -> Result<(), StoreError> {
        self.conn.script("ROLLBACK TO SAVEPOINT part").await?;
        self.conn.script("RELEASE SAVEPOINT part").await?;
        self.conn.set_failed(false);
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
