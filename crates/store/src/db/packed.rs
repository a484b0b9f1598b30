//! The many rows of an answer of SQLite, fetched as one.
//!
//! The driver runs each statement in a thread of its own and hands over row after row, and each wakes the one who waits.
//! For a page that costs several times what finding the rows does. So SQLite is asked for all of them as one JSON text.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use serde_json::Value as Cell;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{DecodeError, RowKind};
use super::{Conn, Dialect, Row, StoreError, Value, sqlite};

/// A row out of such a text.
pub(super) struct PackedRow {
    cells: Vec<Cell>,
    names: &'static [String],
}

/// A statement that fetches the rows of another as one.
struct Packed {
    sql: String,
    /// What the columns are called.
    names: Vec<String>,
}

type Key = (usize, usize);

/// Leaked: one per statement.
static MADE: LazyLock<RwLock<HashMap<Key, &'static Packed>>> = LazyLock::new(RwLock::default);

impl Conn {
    /// As [`Conn::fetch_all`], for a query that is likely to have many rows. It has no ORDER BY without a LIMIT.
    pub(crate) async fn fetch_many(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        if self.dialect == Dialect::Sqlite
            && let Some(rows) = self.fetch_packed(made(sql), values).await?
        {
            return Ok(rows);
        }
        self.fetch_all(sql, values).await
    }

    /// `None` when a value does not fit into JSON: bytes, or text that is not Unicode.
    async fn fetch_packed(
        &mut self,
        packed: &'static Packed,
        values: &[Value<'_>],
    ) -> Result<Option<Vec<Row>>, StoreError> {
        let failed_before = self.has_failed();
        match self.fetch_one(&packed.sql, values).await {
            Ok(row) => Ok(packed.rows(&row)),
            Err(StoreError::Statement(_) | StoreError::Refused { .. }) => {
                // SQLite takes nothing back because of it.
                self.set_failed(failed_before);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

impl Packed {
    fn of(sql: &str) -> Packed {
        let names = names(sql);
        let columns: Vec<String> = (0..names.len()).map(|n| format!("c{n}")).collect();
        let columns = columns.join(", ");
        let sql = format!(
            "WITH packed({columns}) AS ({sql}) SELECT json_group_array(json_array({columns})) FROM packed"
        );
        Packed { sql, names }
    }

    fn rows(&'static self, row: &Row) -> Option<Vec<Row>> {
        let text = match &row.0 {
            RowKind::Sqlite(row) => sqlite::only_text(row)?,
            _ => return None,
        };
        let rows: Vec<Vec<Cell>> = serde_json::from_str(text).ok()?;
        let row = |cells| {
            Row(RowKind::Packed(PackedRow {
                cells,
                names: &self.names,
            }))
        };
        Some(rows.into_iter().map(row).collect())
    }
}

fn made(sql: &'static str) -> &'static Packed {
    let key = (sql.as_ptr() as usize, sql.len());
    let known = MADE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(&key) {
        return known;
    }
    drop(known);
    let packed: &'static Packed = Box::leak(Box::new(Packed::of(sql)));
    MADE.write()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(key)
        .or_insert(packed)
}

/// What the columns of a SELECT are called, without the tables that they are from.
fn names(sql: &str) -> Vec<String> {
    let list = sql.strip_prefix("SELECT ").unwrap_or(sql);
    let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
    let mut names = Vec::new();
    let name = |text: &str| {
        let text = text.trim();
        text.rsplit('.').next().unwrap_or(text).to_owned()
    };
    for (at, c) in list.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.push(name(&list[start..at]));
                start = at + 1;
            }
            ' ' if depth == 0 && list[at..].starts_with(" FROM ") => {
                names.push(name(&list[start..at]));
                return names;
            }
            _ => {}
        }
    }
    names.push(name(&list[start..]));
    names
}

impl PackedRow {
    pub(super) fn cell(&self, index: usize) -> Result<&Cell, DecodeError> {
        self.cells
            .get(index)
            .ok_or_else(|| format!("there is no column {index}").into())
    }

    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }
}

pub(super) fn slice(cell: &Cell) -> Result<&[u8], DecodeError> {
    Ok(str_of(cell)?.as_bytes())
}

/// As [`sqlite::boolean`].
pub(super) fn boolean(cell: &Cell) -> Result<bool, DecodeError> {
    match cell {
        Cell::String(text) => Ok(sqlite::is_true(text)),
        other => int(other).map(|n| n != 0),
    }
}

/// As [`sqlite::int`].
pub(super) fn int(cell: &Cell) -> Result<i64, DecodeError> {
    match cell {
        Cell::String(text) => Ok(text.parse()?),
        other => other.as_i64().ok_or_else(|| "not an integer".into()),
    }
}

pub(super) fn text(cell: &Cell) -> Result<String, DecodeError> {
    str_of(cell).map(str::to_owned)
}

pub(super) fn bytes(cell: &Cell) -> Result<Vec<u8>, DecodeError> {
    slice(cell).map(<[u8]>::to_vec)
}

pub(super) fn uuid(cell: &Cell) -> Result<Uuid, DecodeError> {
    Ok(Uuid::try_parse(str_of(cell)?)?)
}

pub(super) fn time(cell: &Cell) -> Result<OffsetDateTime, DecodeError> {
    sqlite::parse_time(str_of(cell)?)
}

fn str_of(cell: &Cell) -> Result<&str, DecodeError> {
    cell.as_str().ok_or_else(|| "not a text".into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::args;
    use crate::db::{Dsn, Store};

    #[test]
    fn columns_are_called_as_in_the_statement() {
        let sql = "SELECT i.id, MIN(a, b), 'x, y', c.config FROM identities i WHERE i.id IN (SELECT id FROM t)";
        assert_eq!(names(sql), ["id", "MIN(a, b)", "'x, y'", "config"]);
    }

    #[test]
    fn a_statement_is_wrapped() {
        assert_eq!(
            Packed::of("SELECT a, b FROM t LIMIT $1").sql,
            "WITH packed(c0, c1) AS (SELECT a, b FROM t LIMIT $1) \
             SELECT json_group_array(json_array(c0, c1)) FROM packed"
        );
    }

    const ALL: &str = "SELECT t.id, n, document FROM t ORDER BY n LIMIT 100";

    async fn filled() -> Store {
        let store = Store::connect(&Dsn::parse("memory").unwrap(), Duration::ZERO)
            .await
            .unwrap();
        let mut conn = store.write().await.unwrap();
        conn.script("CREATE TABLE t (id TEXT, n INTEGER, document TEXT)")
            .await
            .unwrap();
        for (n, document) in (0..).zip([
            Some(r#"{"say":"\"no\"\n","ü":"\ud83d\ude00","deep":[[1e9]]}"#),
            Some("{\"ü\":\"\u{7f}😀\"}"),
            None,
        ]) {
            let id = Uuid::from_u128(n);
            conn.execute(
                "INSERT INTO t (id, n, document) VALUES ($1, $2, $3)",
                args![id, -i64::try_from(n).unwrap(), document],
            )
            .await
            .unwrap();
        }
        drop(conn);
        store
    }

    fn read(rows: &[Row]) -> Vec<(Uuid, i64, Option<String>)> {
        let read = |row: &Row| {
            let mut c = row.columns("t");
            let (id, n) = (c.take().unwrap(), c.take().unwrap());
            (id, n, c.take().unwrap())
        };
        rows.iter().map(read).collect()
    }

    fn is_packed(rows: &[Row]) -> bool {
        rows.iter().all(|row| matches!(row.0, RowKind::Packed(_)))
    }

    #[tokio::test]
    async fn rows_are_the_same_fetched_as_one() {
        let store = filled().await;
        let mut conn = store.read().await.unwrap();
        let one_by_one = conn.fetch_all(ALL, &[]).await.unwrap();
        let at_once = conn.fetch_many(ALL, &[]).await.unwrap();
        assert!(is_packed(&at_once) && !is_packed(&one_by_one));
        assert_eq!(read(&at_once), read(&one_by_one));
        assert_eq!(at_once.len(), 3);
        let nobody = "SELECT id FROM t WHERE n = $1";
        let none = conn.fetch_many(nobody, args![7]).await.unwrap();
        assert!(none.is_empty());
        match at_once[0].columns("t").take::<i64>() {
            Err(StoreError::Corrupt { column, .. }) => assert_eq!(column, "id"),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_no_json_can_hold_is_fetched_row_by_row() {
        let store = filled().await;
        for (n, value) in [(0, "X'00FF'"), (1, "CAST(X'C328' AS TEXT)")] {
            let change = format!("UPDATE t SET document = {value} WHERE n = -{n}");
            let mut tx = store.begin().await.unwrap();
            tx.script(change.leak()).await.unwrap();
            let rows = tx.fetch_many(ALL, &[]).await.unwrap();
            assert_eq!((rows.len(), is_packed(&rows)), (3, false), "{value}");
            tx.commit().await.unwrap();
        }
    }
}
