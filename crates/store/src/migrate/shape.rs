//! What kind of database this is, found out by reading only.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::files;
use crate::copy;
use crate::db::{Conn, StoreError};

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
    if has_table(conn, "bia_copy").await? {
        return Err(StoreError::Shape(
            "A copy into this database was begun and has not come to its end. Run `bia copy` with the same --from and --to \
             once more: it goes on where it is. To give the copy up, use another, empty database. Nothing was changed."
                .to_owned(),
        ));
    }
    inspect_unfinished(conn).await
}

/// Whether a table is there.
pub(crate) async fn has_table(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    Ok(tables(conn).await?.contains(name))
}

/// As [`inspect`], of a database into which a copy goes, too.
pub(crate) async fn inspect_unfinished(conn: &mut Conn) -> Result<Shape, StoreError> {
    let tables = tables(conn).await?;
    let has = |name: &str| tables.contains(name);
    if has("bia_migration") {
        let (applied, begun) = steps(conn).await?;
        if let Some(unknown) = applied.keys().find(|n| !files::is_known(**n)) {
            return Err(StoreError::Shape(format!(
                "A newer version of Bia has worked on this database: it has taken migration {unknown:04}, which this version does \
                 not know. Start that version, or take its migrations back with its `bia migrate sql down`. Nothing was changed."
            )));
        }
        if applied.contains_key(&super::REFERENCE) {
            check_versions(conn).await?;
            check_columns(conn).await?;
            return Ok(Shape::Bia { applied });
        }
        if begun {
            return Ok(Shape::Bia { applied });
        }
    }
    if has("schema_migration") {
        check_versions(conn).await?;
        check_columns(conn).await?;
        return Ok(Shape::Reference);
    }
    if let Some(table) = reference_tables().map(|(table, _)| table).find(|t| has(t)) {
        return Err(StoreError::Shape(format!(
            "The database has a table {table} but no schema_migration, so it is not known in which state it is. \
             Use an empty database, as it may be another application's, or restore the missing table from a backup. Nothing was changed."
        )));
    }
    Ok(Shape::Empty)
}

/// The reference's durable tables, with their columns.
fn reference_tables() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    copy::tables().filter(|(table, _)| !table.starts_with("bia_"))
}

/// Whether everything that Bia reads and writes is there, whatever the bookkeeping says.
async fn check_columns(conn: &mut Conn) -> Result<(), StoreError> {
    let sql = conn.dialect().pick(
        "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()",
        "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = DATABASE()",
    );
    let rows = conn.fetch_all(sql, &[]).await?;
    let found: BTreeSet<String> = rows
        .iter()
        .map(|row| row.only("columns"))
        .collect::<Result<_, _>>()?;
    let wanted = reference_tables().flat_map(|(table, columns)| {
        columns
            .iter()
            .map(move |column| format!("{table}.{column}"))
    });
    let missing: Vec<String> = wanted.filter(|column| !found.contains(column)).collect();
    if let Some(first) = missing.first() {
        return Err(StoreError::Shape(format!(
            "The database says that it is of the current release of Ory Kratos, but {} of its columns are missing, the first is {first}. \
             It was changed by hand, or a migration was broken off. Restore it from a backup, or add the columns. Nothing was changed.",
            missing.len()
        )));
    }
    Ok(())
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
    if !files::known_versions().any(|v| found.contains(v)) {
        return Err(StoreError::Shape(
            "The database has a table schema_migration in which none of the migrations of Ory Kratos is: it is another application's. \
             Give Bia a database of its own. Nothing was changed."
                .to_owned(),
        ));
    }
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
