//! The ceilings that the database sets: single rows read by primary key, single rows inserted.
//!
//! On PostgreSQL and MySQL a table `bia_bench_row` is made in the server's database and dropped at the end. On
//! SQLite a file `bia_bench_….sqlite` beside the server's file is used and removed: same disk, other lock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Row as _};
use uuid::Uuid;

use crate::load::{Step, Tally, closed_loop};

/// Rows that reads choose from.
const ROWS: usize = 1000;
/// Bytes of text in a row, about a session's or a small flow's.
const PAYLOAD: usize = 1024;

/// A database to measure, taken from a DSN in Kratos' spelling.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(Box<SqliteConnectOptions>, PathBuf),
    Postgres(Box<PgConnectOptions>),
    Mysql(Box<MySqlConnectOptions>),
}

impl Database {
    /// Reads `sqlite://PATH`, `postgres://…`, `cockroach://…` or `mysql://user:password@tcp(host:port)/name`.
    pub(crate) fn parse(dsn: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = dsn
            .split_once("://")
            .context("a DSN begins with sqlite://, postgres://, cockroach:// or mysql://")?;
        match scheme {
            "sqlite" | "sqlite3" => sqlite(rest),
            "postgres" | "postgresql" | "cockroach" => postgres(rest),
            "mysql" => mysql(rest),
            other => bail!("{other} is no database that can be measured"),
        }
    }

    /// What the reports call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
            Self::Mysql(_) => "MySQL/MariaDB",
        }
    }

    async fn connect(&self) -> anyhow::Result<Link> {
        Ok(match self {
            Self::Sqlite(options, _) => {
                Link::Sqlite(SqliteConnection::connect_with(options).await?)
            }
            Self::Postgres(options) => Link::Postgres(PgConnection::connect_with(options).await?),
            Self::Mysql(options) => Link::Mysql(MySqlConnection::connect_with(options).await?),
        })
    }

    /// Drops the table, or removes the SQLite file. Its connections are closed by then.
    pub(crate) async fn clean_up(&self) -> anyhow::Result<()> {
        let Self::Sqlite(_, file) = self else {
            return self.connect().await?.drop_table().await;
        };
        for ending in ["", "-wal", "-shm"] {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            match std::fs::remove_file(&name) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(e).context("removing the SQLite file of the measurement");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn sqlite(rest: &str) -> anyhow::Result<Database> {
    let path = rest.split('?').next().unwrap_or_default();
    if path.is_empty() {
        bail!("name the SQLite file: sqlite:///folder/file.sqlite");
    }
    let folder = Path::new(path).parent().unwrap_or_else(|| Path::new("."));
    let file = folder.join(format!("bia_bench_{}.sqlite", std::process::id()));
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10));
    Ok(Database::Sqlite(Box::new(options), file))
}

fn postgres(rest: &str) -> anyhow::Result<Database> {
    // Kratos' DSNs also carry options of its own pool (max_conns …), which the driver would not know.
    let mut url: url::Url = format!("postgres://{rest}").parse()?;
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key.starts_with("ssl") || key == "host" || key == "port")
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    Ok(Database::Postgres(Box::new(url.as_str().parse()?)))
}

fn mysql(rest: &str) -> anyhow::Result<Database> {
    let (user, place) = rest.rsplit_once('@').unwrap_or(("root", rest));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (address, database) = place
        .split_once(")/")
        .context("write mysql://user:password@tcp(host:port)/name")?;
    let database = database.split('?').next().unwrap_or_default();
    let mut options = MySqlConnectOptions::new().username(name).database(database);
    if !password.is_empty() {
        options = options.password(password);
    }
    options = match address.split_once('(') {
        Some(("tcp", address)) => {
            let (host, port) = address.rsplit_once(':').unwrap_or((address, "3306"));
            options
                .host(host)
                .port(port.parse().context("the port is a number")?)
        }
        Some(("unix", path)) => options.socket(path),
        _ => bail!("write mysql://user:password@tcp(host:port)/name"),
    };
    Ok(Database::Mysql(Box::new(options)))
}

/// One open connection.
enum Link {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

impl Link {
    async fn make_table(&mut self) -> anyhow::Result<()> {
        self.drop_table().await?;
        match self {
            Self::Sqlite(link) => sqlx::raw_sql(
                "CREATE TABLE bia_bench_row (id TEXT PRIMARY KEY, payload TEXT NOT NULL)",
            )
            .execute(link)
            .await
            .map(drop),
            Self::Postgres(link) => sqlx::raw_sql(
                "CREATE TABLE bia_bench_row (id uuid PRIMARY KEY, payload text NOT NULL)",
            )
            .execute(link)
            .await
            .map(drop),
            Self::Mysql(link) => sqlx::raw_sql(
                "CREATE TABLE bia_bench_row (id char(36) PRIMARY KEY, payload text NOT NULL)",
            )
            .execute(link)
            .await
            .map(drop),
        }
        .context("making the table bia_bench_row")
    }

    async fn drop_table(&mut self) -> anyhow::Result<()> {
        const DROP: &str = "DROP TABLE IF EXISTS bia_bench_row";
        match self {
            Self::Sqlite(link) => sqlx::raw_sql(DROP).execute(link).await.map(drop),
            Self::Postgres(link) => sqlx::raw_sql(DROP).execute(link).await.map(drop),
            Self::Mysql(link) => sqlx::raw_sql(DROP).execute(link).await.map(drop),
        }
        .context("dropping the table bia_bench_row")
    }

    async fn insert(&mut self, id: Uuid, payload: &str) -> anyhow::Result<()> {
        const NUMBERED: &str = "INSERT INTO bia_bench_row (id, payload) VALUES ($1, $2)";
        const MARKED: &str = "INSERT INTO bia_bench_row (id, payload) VALUES (?, ?)";
        match self {
            Self::Sqlite(link) => sqlx::query(NUMBERED)
                .bind(id.to_string())
                .bind(payload)
                .execute(link)
                .await
                .map(drop)?,
            Self::Postgres(link) => sqlx::query(NUMBERED)
                .bind(id)
                .bind(payload)
                .execute(link)
                .await
                .map(drop)?,
            Self::Mysql(link) => sqlx::query(MARKED)
                .bind(id.to_string())
                .bind(payload)
                .execute(link)
                .await
                .map(drop)?,
        }
        Ok(())
    }

    async fn select(&mut self, id: Uuid) -> anyhow::Result<()> {
        const NUMBERED: &str = "SELECT payload FROM bia_bench_row WHERE id = $1";
        const MARKED: &str = "SELECT payload FROM bia_bench_row WHERE id = ?";
        let payload: String = match self {
            Self::Sqlite(link) => sqlx::query(NUMBERED)
                .bind(id.to_string())
                .fetch_one(link)
                .await?
                .try_get(0)?,
            Self::Postgres(link) => sqlx::query(NUMBERED)
                .bind(id)
                .fetch_one(link)
                .await?
                .try_get(0)?,
            Self::Mysql(link) => sqlx::query(MARKED)
                .bind(id.to_string())
                .fetch_one(link)
                .await?
                .try_get(0)?,
        };
        if payload.len() == PAYLOAD {
            Ok(())
        } else {
            bail!("the row came back changed")
        }
    }
}

/// What a worker does with its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// Reads one row by its primary key.
    Select,
    /// Inserts one row in a transaction of its own.
    Insert,
}

struct Worker {
    link: Link,
    access: Access,
    ids: Arc<[Uuid]>,
    payload: Arc<str>,
    turn: usize,
}

impl Step for Worker {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.turn = self.turn.wrapping_add(7919);
        match self.access {
            Access::Insert => self.link.insert(Uuid::new_v4(), &self.payload).await,
            Access::Select => {
                let id = self
                    .ids
                    .get(self.turn % ROWS)
                    .copied()
                    .context("no rows have been prepared")?;
                self.link.select(id).await
            }
        }
    }
}

/// Open connections to a prepared table.
pub(crate) struct Ceiling {
    database: Database,
    workers: Vec<Worker>,
}

impl Ceiling {
    /// Makes the table with its rows and opens the connections.
    pub(crate) async fn prepare(database: Database, connections: usize) -> anyhow::Result<Self> {
        let mut first = database
            .connect()
            .await
            .with_context(|| format!("connecting to {}", database.name()))?;
        first.make_table().await?;
        let ids: Arc<[Uuid]> = (0..ROWS).map(|_| Uuid::new_v4()).collect();
        let payload: Arc<str> = "x".repeat(PAYLOAD).into();
        for id in ids.iter() {
            first.insert(*id, &payload).await?;
        }
        let mut links = vec![first];
        while links.len() < connections {
            links.push(database.connect().await?);
        }
        let worker = |(turn, link)| Worker {
            link,
            access: Access::Select,
            ids: Arc::clone(&ids),
            payload: Arc::clone(&payload),
            turn,
        };
        let workers = links.into_iter().enumerate().map(worker).collect();
        Ok(Self { database, workers })
    }

    /// Measures one kind of access with all connections; SQLite inserts with one, as it lets one write at a time
    /// and further ones would only wait for it.
    pub(crate) async fn measure(
        &mut self,
        access: Access,
        length: Duration,
    ) -> anyhow::Result<Tally> {
        let one_writer = access == Access::Insert && matches!(self.database, Database::Sqlite(..));
        let resting = if one_writer {
            self.workers.split_off(1)
        } else {
            Vec::new()
        };
        for worker in &mut self.workers {
            worker.access = access;
        }
        let (workers, tally) = closed_loop(std::mem::take(&mut self.workers), length).await?;
        self.workers = workers;
        self.workers.extend(resting);
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Ceiling, Database};
    use std::time::Duration;

    #[test]
    fn dsns_in_the_spelling_of_the_server() -> anyhow::Result<()> {
        let Database::Mysql(options) =
            Database::parse("mysql://ann:se@cret@tcp(127.0.0.1:3307)/ids?max_conns=20")?
        else {
            anyhow::bail!("not MySQL")
        };
        assert_eq!(
            (
                options.get_host(),
                options.get_port(),
                options.get_username(),
                options.get_database()
            ),
            ("127.0.0.1", 3307, "ann", Some("ids"))
        );
        let Database::Postgres(options) = Database::parse(
            "postgres://ann:secret@127.0.0.1:5433/ids?sslmode=disable&max_conns=20",
        )?
        else {
            anyhow::bail!("not PostgreSQL")
        };
        assert_eq!(
            (
                options.get_host(),
                options.get_port(),
                options.get_database()
            ),
            ("127.0.0.1", 5433, Some("ids"))
        );
        let Database::Sqlite(_, file) =
            Database::parse("sqlite:///var/lib/ids/db.sqlite?_fk=true")?
        else {
            anyhow::bail!("not SQLite")
        };
        assert_eq!(file.parent(), Some(std::path::Path::new("/var/lib/ids")));
        for bad in [
            "memory",
            "sqlite://?x",
            "mysql://root@localhost/ids",
            "oracle://x",
        ] {
            assert!(Database::parse(bad).is_err(), "{bad}");
        }
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_rows_are_read_inserted_and_removed() -> anyhow::Result<()> {
        let folder =
            std::env::temp_dir().join(format!("bia-bench-test-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder)?;
        let database = Database::parse(&format!(
            "sqlite://{}/server.sqlite?_fk=true",
            folder.display()
        ))?;
        let mut ceiling = Ceiling::prepare(database.clone(), 3).await?;
        for access in [Access::Select, Access::Insert, Access::Select] {
            let tally = ceiling.measure(access, Duration::from_millis(20)).await?;
            assert_eq!(
                (tally.errors, tally.done > 0),
                (0, true),
                "{access:?}: {:?}",
                tally.first_error
            );
            assert_eq!(ceiling.workers.len(), 3);
        }
        drop(ceiling);
        database.clean_up().await?;
        assert_eq!(std::fs::read_dir(&folder)?.count(), 0);
        std::fs::remove_dir(&folder)?;
        Ok(())
    }
}
