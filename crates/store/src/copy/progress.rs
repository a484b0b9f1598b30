//! How far a copy is, kept in its target.

use uuid::Uuid;

use super::CopyError;
use super::table::reference_tables;
use crate::args;
use crate::db::{Conn, Store, StoreError, Tx};
use crate::migrate::has_table;

/// The name of the row that says which source it is.
const SOURCE: &str = "source";

/// Where a table is.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The last row that is there.
    pub(super) last: Option<Uuid>,
    /// How many rows are there.
    pub(super) rows: u64,
}

/// The id that tells this source from others.
pub(super) async fn first_network(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT id FROM networks ORDER BY created_at, id LIMIT 1",
            &[],
        )
        .await?;
    let id: Option<Uuid> = row.map(|row| row.only("networks")).transpose()?;
    Ok(id.map(|id| id.to_string()))
}

/// Refuses a target that has rows which no copy of this source has put there.
pub(super) async fn admit(conn: &mut Conn, source: &str) -> Result<(), CopyError> {
    if has_table(conn, "bia_copy").await.map_err(CopyError::To)? {
        return match begun_from(conn).await.map_err(CopyError::To)? {
            Some(begun) if begun != source => Err(CopyError::Refused(format!(
                "The target holds the beginning of a copy of another database (network {begun}), and the source is {source}. \
                 Give the --from of that copy, or an empty target. Nothing was changed."
            ))),
            _ => Ok(()),
        };
    }
    for table in reference_tables().filter(|table| !table.given) {
        let row = conn.fetch_optional(table.sql.first, args![1]).await;
        if row.map_err(CopyError::To)?.is_some() {
            return Err(CopyError::Refused(format!(
                "The target has data of its own: there are rows in its table {}. Copy into an empty database: rows are \
                 never mixed. Nothing was changed.",
                table.name
            )));
        }
    }
    Ok(())
}

async fn begun_from(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let sql = "SELECT last_key FROM bia_copy WHERE name = $1";
    let row = conn.fetch_optional(sql, args![SOURCE]).await?;
    row.map(|row| row.only("bia_copy")).transpose()
}

/// Makes the record, where it is not there yet.
pub(super) async fn begin(to: &Store, source: &str) -> Result<(), StoreError> {
    let mut conn = to.write().await?;
    if !has_table(&mut conn, "bia_copy").await? {
        conn.script(to.dialect().pick(
            "CREATE TABLE bia_copy (name VARCHAR(64) NOT NULL PRIMARY KEY, last_key VARCHAR(36) NOT NULL, rows_done INTEGER NOT NULL)",
            "CREATE TABLE bia_copy (name varchar(64) NOT NULL PRIMARY KEY, last_key varchar(36) NOT NULL, rows_done bigint NOT NULL)",
            "CREATE TABLE bia_copy (name varchar(64) NOT NULL PRIMARY KEY, last_key varchar(36) NOT NULL, rows_done bigint NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        ))
        .await?;
    }
    if begun_from(&mut conn).await?.is_none() {
        let sql = "INSERT INTO bia_copy (name, last_key, rows_done) VALUES ($1, $2, $3)";
        conn.execute(sql, args![SOURCE, source, 0]).await?;
    }
    Ok(())
}

/// Where a table is.
pub(super) async fn place(to: &Store, table: &'static str) -> Result<Place, StoreError> {
    let mut conn = to.read().await?;
    let sql = "SELECT last_key, rows_done FROM bia_copy WHERE name = $1";
    let Some(row) = conn.fetch_optional(sql, args![table]).await? else {
        return Ok(Place::default());
    };
    let mut columns = row.columns("bia_copy");
    Ok(Place {
        last: Some(columns.parse(|text| Uuid::try_parse(text).ok())?),
        rows: columns.take::<i64>()?.unsigned_abs(),
    })
}

/// Notes it, in the unit of work that writes the rows.
pub(super) async fn note(
    tx: &mut Tx,
    table: &'static str,
    place: &Place,
) -> Result<(), StoreError> {
    let last = place.last.unwrap_or_default().to_string();
    let rows = i64::try_from(place.rows).unwrap_or(i64::MAX);
    let sql = "UPDATE bia_copy SET last_key = $1, rows_done = $2 WHERE name = $3";
    let found = tx.execute(sql, args![last.as_str(), rows, table]).await?;
    if found == 0 {
        let sql = "INSERT INTO bia_copy (name, last_key, rows_done) VALUES ($1, $2, $3)";
        tx.execute(sql, args![table, last, rows]).await?;
    }
    Ok(())
}

/// Takes the record away: the copy is whole.
pub(super) async fn forget(to: &Store) -> Result<(), StoreError> {
    to.write().await?.script("DROP TABLE bia_copy").await
}
