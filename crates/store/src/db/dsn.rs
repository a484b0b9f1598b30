//! Where the database is: the reference's forms of a data source name (spec config.md §3).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::PgConnectOptions;

use super::Dialect;

/// A data source name, read. Holds a password: its `Debug` shows only the kind of database.
#[derive(Clone)]
pub struct Dsn {
    pub(super) target: Target,
    pub(super) dialect: Dialect,
    /// What the name said about the pool.
    pub pool: PoolOptions,
}

#[derive(Clone)]
pub(super) enum Target {
    Sqlite(SqliteFile),
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

/// A SQLite database file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SqliteFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Whether to make it when it is missing.
    pub(super) create: bool,
    /// Whether it is gone with the process.
    pub(super) ephemeral: bool,
}

/// How many connections are kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Most connections at a time (`max_conns`). On SQLite: most readers, beside the one writer.
    pub max_connections: usize,
    /// Most connections kept open without work (`max_idle_conns`).
    pub max_idle: usize,
    /// Age at which a connection is closed (`max_conn_lifetime`).
    pub max_lifetime: Option<Duration>,
    /// Time without work after which a connection is closed (`max_conn_idle_time`).
    pub max_idle_time: Option<Duration>,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> PoolOptions {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        PoolOptions {
            max_connections: 2 * cores,
            max_idle: usize::MAX,
            max_lifetime: None,
            max_idle_time: None,
            acquire_timeout: Duration::from_secs(10),
        }
    }
}

/// A data source name that cannot be used. Says what to write instead; never repeats the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data source name cannot be used: {0}")]
pub struct DsnError(String);

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dsn")
            .field("dialect", &self.dialect)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl Dsn {
    /// Reads `memory`, `sqlite://…`, `postgres://…`, `cockroach://…` or `mysql://user:password@tcp(host:port)/db`.
    pub fn parse(text: &str) -> Result<Dsn, DsnError> {
        if text == "memory" {
            return Ok(Dsn::memory(PoolOptions::default()));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse(
                "write memory, or a name that starts with sqlite://, postgres://, cockroach:// or mysql://",
            );
        };
        let (address, query) = split_query(rest);
        let (pool, query) = take_pool_options(query);
        match scheme {
            "sqlite" | "sqlite3" => sqlite(address, &query, pool),
            "postgres" | "postgresql" => postgres(address, &query, pool, Dialect::Postgres),
            "cockroach" | "cockroachdb" | "crdb" => {
                postgres(address, &query, pool, Dialect::Cockroach)
            }
            "mysql" | "mariadb" => mysql(address, &query, pool),
            other => refuse(format!(
                "Bia has no driver for {other}://; it speaks sqlite, postgres, cockroach and mysql"
            )),
        }
    }

    /// Which database answers.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The same, but a SQLite file that is not there is not made.
    #[must_use]
    pub fn existing(mut self) -> Dsn {
        if let Target::Sqlite(file) = &mut self.target {
            file.create = false;
        }
        self
    }

    /// Whether the data is gone when the process ends.
    pub fn is_memory(&self) -> bool {
        matches!(&self.target, Target::Sqlite(file) if file.ephemeral)
    }

    fn memory(pool: PoolOptions) -> Dsn {
        let file = SqliteFile {
            path: PathBuf::new(),
            create: true,
            ephemeral: true,
        };
        Dsn {
            target: Target::Sqlite(file),
            dialect: Dialect::Sqlite,
            pool,
        }
    }
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, DsnError> {
    Err(DsnError(reason.into()))
}

fn split_query(text: &str) -> (&str, &str) {
    // A password may hold a question mark; the path after the last slash does not.
    let from = text.rfind('/').unwrap_or_default();
    match text.get(from..).and_then(|tail| tail.find('?')) {
        Some(at) => (&text[..from + at], &text[from + at + 1..]),
        None => (text, ""),
    }
}

/// Takes the pool's options out of the query; a value that cannot be read counts as absent.
fn take_pool_options(query: &str) -> (PoolOptions, Vec<(&str, &str)>) {
    let mut pool = PoolOptions::default();
    let mut rest = Vec::new();
    for (key, value) in query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once('=').unwrap_or((p, "")))
    {
        let count = value
            .parse::<usize>()
            .ok()
            .filter(|n| (1..=10_000).contains(n));
        match key {
            "max_conns" => pool.max_connections = count.unwrap_or(pool.max_connections),
            "max_idle_conns" => pool.max_idle = value.parse().unwrap_or(pool.max_idle),
            "max_conn_lifetime" => pool.max_lifetime = go_duration(value).or(pool.max_lifetime),
            "max_conn_idle_time" => pool.max_idle_time = go_duration(value).or(pool.max_idle_time),
            _ => rest.push((key, value)),
        }
    }
    (pool, rest)
}

/// The part of Go's syntax that such options use: `1h30m`, `90s`, `500ms`. Zero means no limit.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total = total.checked_add(
            Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?,
        )?;
        rest = tail;
    }
    Some(total).filter(|d| !d.is_zero())
}

fn sqlite(address: &str, query: &[(&str, &str)], pool: PoolOptions) -> Result<Dsn, DsnError> {
    let option = |name: &str| {
        query
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    let path = address.strip_prefix("file:").unwrap_or(address);
    if path == ":memory:" || option("mode") == Some("memory") {
        return Ok(Dsn::memory(pool));
    }
    if path.is_empty() {
        return refuse(
            "sqlite:// needs the path of a file, for example sqlite:///var/lib/bia/db.sqlite?_fk=true&mode=rwc",
        );
    }
    if option("mode") == Some("ro") {
        return refuse("mode=ro would not let Bia write; use mode=rwc");
    }
    let file = SqliteFile {
        path: PathBuf::from(path),
        create: option("mode") != Some("rw"),
        ephemeral: false,
    };
    Ok(Dsn {
        target: Target::Sqlite(file),
        dialect: Dialect::Sqlite,
        pool,
    })
}

fn postgres(
    address: &str,
    query: &[(&str, &str)],
    pool: PoolOptions,
    dialect: Dialect,
) -> Result<Dsn, DsnError> {
    // What other clients' pools and drivers read, and ours would only warn about.
    const FOREIGN: [&str; 8] = [
        "pool_max_conns",
        "pool_min_conns",
        "pool_max_conn_lifetime",
        "pool_max_conn_idle_time",
        "pool_health_check_period",
        "connect_timeout",
        "default_query_exec_mode",
        "target_session_attrs",
    ];
    let query: Vec<String> = query
        .iter()
        .filter(|(key, _)| !FOREIGN.contains(key))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let text = format!("postgres://{address}?{}", query.join("&"));
    let options: PgConnectOptions = text
        .parse()
        .map_err(|_| DsnError("write postgres://user:password@host:5432/database?sslmode=…, one host, special characters percent-encoded".into()))?;
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("bia"),
    };
    Ok(Dsn {
        target: Target::Postgres(Box::new(options.statement_cache_capacity(256))),
        dialect,
        pool,
    })
}

/// `user:password@tcp(host:port)/db`: nothing in it is percent-encoded.
fn mysql(address: &str, query: &[(&str, &str)], pool: PoolOptions) -> Result<Dsn, DsnError> {
    const FORM: &str = "write mysql://user:password@tcp(host:3306)/database";
    let Some((server, database)) = address
        .rsplit_once('/')
        .filter(|(_, database)| !database.is_empty())
    else {
        return refuse(FORM);
    };
    let (login, place) = server.rsplit_once('@').unwrap_or(("", server));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut options = MySqlConnectOptions::new()
        .username(user)
        .database(database)
        .statement_cache_capacity(256)
        .ssl_mode(tls(query)?);
    if !password.is_empty() {
        options = options.password(password);
    }
    let (network, inner) = match place.split_once('(') {
        Some((network, inner)) => (
            network,
            inner
                .strip_suffix(')')
                .ok_or_else(|| DsnError(FORM.into()))?,
        ),
        None => ("tcp", place),
    };
    options = match network {
        "unix" => options.socket(inner),
        "tcp" | "" => {
            let (host, port) = host_and_port(inner).ok_or_else(|| DsnError(FORM.into()))?;
            options.host(host).port(port)
        }
        other => return refuse(format!("{other}(…) is not a way to a MySQL server; {FORM}")),
    };
    Ok(Dsn {
        target: Target::MySql(Box::new(options)),
        dialect: Dialect::MySql,
        pool,
    })
}

fn host_and_port(text: &str) -> Option<(&str, u16)> {
    if text.is_empty() {
        return Some(("127.0.0.1", 3306));
    }
    let bracketed = text.strip_prefix('[').and_then(|t| t.split_once(']'));
    if let Some((host, port)) = bracketed {
        return Some((
            host,
            port.strip_prefix(':')
                .map_or(Some(3306), |p| p.parse().ok())?,
        ));
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((text, 3306)),
    }
}

fn tls(query: &[(&str, &str)]) -> Result<MySqlSslMode, DsnError> {
    match query
        .iter()
        .find(|(key, _)| *key == "tls")
        .map(|(_, value)| *value)
    {
        None | Some("false" | "") => Ok(MySqlSslMode::Disabled),
        Some("true") => Ok(MySqlSslMode::VerifyIdentity),
        Some("skip-verify") => Ok(MySqlSslMode::Required),
        Some("preferred") => Ok(MySqlSslMode::Preferred),
        Some(_) => refuse("tls can be true, false, skip-verify or preferred"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite_file(text: &str) -> SqliteFile {
        match Dsn::parse(text).unwrap().target {
            Target::Sqlite(file) => file,
            _ => panic!("not SQLite"),
        }
    }

    #[test]
    fn sqlite_names_give_a_path_and_creation() {
        let file = sqlite_file("sqlite:///var/lib/db.sqlite?_fk=true&mode=rwc&max_conns=3");
        assert_eq!(
            file,
            SqliteFile {
                path: "/var/lib/db.sqlite".into(),
                create: true,
                ephemeral: false
            }
        );
        assert!(!sqlite_file("sqlite://db.sqlite?mode=rw").create);
        let existing = Dsn::parse("sqlite://db.sqlite").unwrap().existing();
        assert!(matches!(existing.target, Target::Sqlite(file) if !file.create));
        for memory in [
            "memory",
            "sqlite://file::memory:?_fk=true",
            "sqlite://:memory:",
            "sqlite://file:x?mode=memory",
        ] {
            assert!(Dsn::parse(memory).unwrap().is_memory(), "{memory}");
        }
    }

    #[test]
    fn pool_options_are_taken_out_and_nonsense_is_ignored() {
        let dsn = Dsn::parse("postgres://bia:pw@db:5433/ids?max_conns=7&max_conn_lifetime=1h30m&max_idle_conns=x&sslmode=disable").unwrap();
        assert_eq!(dsn.pool.max_connections, 7);
        assert_eq!(dsn.pool.max_lifetime, Some(Duration::from_secs(5400)));
        assert_eq!(dsn.pool.max_idle, usize::MAX);
        let Target::Postgres(options) = dsn.target else {
            panic!("not PostgreSQL")
        };
        assert_eq!(
            (
                options.get_host(),
                options.get_port(),
                options.get_database()
            ),
            ("db", 5433, Some("ids"))
        );
    }

    #[test]
    fn mysql_names_are_read_as_the_go_driver_does() {
        let dsn =
            Dsn::parse("mysql://root:p@ss/w?rd@tcp(127.0.0.1:3307)/bia?parseTime=true").unwrap();
        let Target::MySql(options) = dsn.target else {
            panic!("not MySQL")
        };
        assert_eq!(
            (
                options.get_host(),
                options.get_port(),
                options.get_database()
            ),
            ("127.0.0.1", 3307, Some("bia"))
        );
        assert_eq!(options.get_username(), "root");
        assert!(Dsn::parse("mysql://root@tcp(127.0.0.1:3306)").is_err());
    }

    #[test]
    fn no_error_or_debug_text_repeats_the_password() {
        let dsn = Dsn::parse("mysql://root:hunter2@tcp(127.0.0.1:3307)/bia").unwrap();
        assert!(!format!("{dsn:?}").contains("hunter2"));
        let error = Dsn::parse("oracle://root:hunter2@db/x").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
