//! Which database answers, and the names of what they do differently.

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// CockroachDB: PostgreSQL's protocol, serializable transactions.
    Cockroach,
    /// MySQL or MariaDB.
    MySql,
}

impl Dialect {
    /// Its name in messages and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgres",
            Dialect::Cockroach => "cockroach",
            Dialect::MySql => "mysql",
        }
    }

    /// One of three texts: for SQLite, for PostgreSQL and CockroachDB, for MySQL.
    pub(crate) fn pick<T>(self, sqlite: T, postgres: T, mysql: T) -> T {
        match self {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres | Dialect::Cockroach => postgres,
            Dialect::MySql => mysql,
        }
    }
}
