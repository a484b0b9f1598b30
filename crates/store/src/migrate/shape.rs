//! What kind of database this is, found out by reading only.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::files;
use crate::db::{Conn, StoreError};

/// Tables that give away a database of the reference.
const TELLTALE: [&str; 4] = [
    "identities",
    "identity_credentials",
    "sessions",
    "courier_messages",
];

/// The shapes that Bia can work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// None of the tables is there.
    Empty,
    /// Made by the reference's current release, not seen by Bia yet.
    Reference,
    /// Bia has begun here (perhaps without finishing its first step).
    Bia {
        /// When each finished step was taken, by number.
        applied: BTreeMap<u32, OffsetDateTime>,
    },
}

/// Finds out the shape. [`StoreError::Shape`] says why a database is none of the known ones, and what to do.
pub async fn inspect(conn: &mut Conn) -> Result<Shape, StoreError> {
    let tables = tables(conn).await?;
    let has = |name: &str| tables.contains(name);
    if has("bia_migration") {
        let (applied, begun) = steps(conn).await?;
        if applied.contains_key(&super::REFERENCE) {
            check_versions(conn).await?;
            return Ok(Shape::Bia { applied });
        }
        if begun {
            return Ok(Shape::Bia { applied });
        }
    }
    if has("schema_migration") {
        check_versions(conn).await?;
        return Ok(Shape::Reference);
    }
    if let Some(table) = TELLTALE.into_iter().find(|t| has(t)) {
        return Err(StoreError::Shape(format!(
            "The database has a table {table} but no schema_migration, so it is not known in which state it is. \
             Use an empty database, or restore the missing table from a backup. Nothing was changed."
        )));
    }
    Ok(Shape::Empty)
}

async fn tables(conn: &mut Conn) -> Result<BTreeSet<String>, StoreError> {
    let sql = conn.dialect().pick(
        "SELECT name FROM sqlite_master WHERE type = 'table'",
        "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()",
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    );
    conn.fetch_all(sql, &[])
        .await?
        .iter()
        .map(|row| row.only("tables"))
        .collect()
}

/// The finished steps, and whether the first was begun.
async fn steps(conn: &mut Conn) -> Result<(BTreeMap<u32, OffsetDateTime>, bool), StoreError> {
    let rows = conn
        .fetch_all("SELECT number, applied_at FROM bia_migration", &[])
        .await?;
    let mut applied = BTreeMap::new();
    for row in &rows {
        let mut columns = row.columns("bia_migration");
        let number: u32 = columns.take()?;
        if let Some(at) = columns.take()? {
            applied.insert(number, at);
        }
    }
    Ok((applied, !rows.is_empty()))
}

async fn check_versions(conn: &mut Conn) -> Result<(), StoreError> {
    let rows = conn
        .fetch_all("SELECT version FROM schema_migration", &[])
        .await?;
    let found: BTreeSet<String> = rows
        .iter()
        .map(|row| row.only("schema_migration"))
        .collect::<Result<_, _>>()?;
    let missing: Vec<&str> = files::required_versions(conn.dialect())
        .filter(|v| !found.contains(*v))
        .collect();
    if let Some(first) = missing.first() {
        return Err(StoreError::Shape(format!(
            "The database is of an older release of Ory Kratos: {} of its migrations are missing, the first is {first}. \
             Run `kratos migrate sql up` of the current release once, then start Bia again. Nothing was changed.",
            missing.len()
        )));
    }
    let known: BTreeSet<&str> = files::known_versions().collect();
    if let Some(unknown) = found.iter().find(|v| !known.contains(v.as_str())) {
        return Err(StoreError::Shape(format!(
            "The database has a migration that this version of Bia does not know ({unknown}): it is of a newer release \
             of Ory Kratos. Update Bia. Nothing was changed."
        )));
    }
    Ok(())
}
