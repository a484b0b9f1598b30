//! Batches of rows.

use std::borrow::Cow;
use std::collections::HashSet;

use uuid::Uuid;

use super::CopyError;
use super::progress::{self, Place};
use super::table::Table;
use crate::args;
use crate::db::{Conn, JsonText, Kind, Row, Store, StoreError, Value};
use crate::transact;

/// Rows that are read at a time.
pub(super) const ROWS: usize = 512;

/// Rows of one statement: few lengths, so that few statements are prepared.
const LENGTHS: [usize; 3] = [64, 8, 1];

/// Bytes of one statement, about; servers refuse very long ones (MySQL: `max_allowed_packet`).
const BYTES: usize = 1 << 20;

/// Rows that follow one another.
pub(super) struct Page {
    rows: Vec<Vec<Value<'static>>>,
}

impl Page {
    /// The rows after `last`, or the first ones.
    pub(super) async fn read(
        conn: &mut Conn,
        table: &'static Table,
        last: Option<Uuid>,
    ) -> Result<Page, StoreError> {
        let limit = ROWS as i64;
        let rows = match last {
            None => conn.fetch_all(table.sql.first, args![limit]).await?,
            Some(last) => conn.fetch_all(table.sql.after, args![last, limit]).await?,
        };
        let rows = rows.iter().map(|row| values(row, table));
        Ok(Page {
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The key of the last row; `None` when there are none.
    pub(super) fn last(&self) -> Option<Uuid> {
        self.rows.last().map(|row| key(row))
    }

    pub(super) fn into_rows(self) -> Vec<Vec<Value<'static>>> {
        self.rows
    }
}

/// How many rows a table has.
pub(super) async fn count(conn: &mut Conn, table: &'static Table) -> Result<u64, StoreError> {
    let row = conn.fetch_one(table.sql.count, &[]).await?;
    Ok(row.only::<i64>(table.name)?.unsigned_abs())
}

/// A row's key.
pub(super) fn key(row: &[Value<'_>]) -> Uuid {
    match row.first() {
        Some(Value::Uuid(id)) => *id,
        _ => Uuid::nil(),
    }
}

fn values(row: &Row, table: &'static Table) -> Result<Vec<Value<'static>>, StoreError> {
    let mut columns = row.columns(table.name);
    let value = |kind: &Kind| {
        Ok(match kind {
            Kind::Bool => columns.take::<Option<bool>>()?.into(),
            Kind::Int => columns.take::<Option<i64>>()?.into(),
            Kind::Text => columns.take::<Option<String>>()?.into(),
            Kind::Bytes => columns.take::<Option<Vec<u8>>>()?.into(),
            Kind::Uuid => columns.take::<Option<Uuid>>()?.into(),
            Kind::Time => columns.take::<Option<time::OffsetDateTime>>()?.into(),
            Kind::Json => match columns.take::<Option<JsonText>>()? {
                Some(JsonText(text)) => Value::Json(Cow::Owned(text)),
                None => Value::Null(Kind::Json),
            },
        })
    };
    table.columns.iter().map(value).collect()
}

/// Writes a batch and notes it, as one unit of work.
pub(super) async fn write(
    to: &Store,
    table: &'static Table,
    page: &Page,
    place: &Place,
) -> Result<(), CopyError> {
    let done = transact!(to, tx => {
        let there = given(tx, table).await?;
        let wanted = page.rows.iter().filter(|row| !there.contains(&key(row)));
        let wanted: Vec<&[Value<'static>]> = wanted.map(Vec::as_slice).collect();
        for rows in statements(&wanted) {
            let values: Vec<Value<'_>> = rows.iter().flat_map(|row| row.iter().cloned()).collect();
            tx.insert_values(table.sql.insert, table.columns.len(), &values).await?;
        }
        progress::note(tx, table.name, place).await
    });
    match done {
        Ok(()) => Ok(()),
        Err(error @ (StoreError::Unavailable { .. } | StoreError::Contention { .. })) => {
            Err(CopyError::To(error))
        }
        Err(error) => Err(culprit(to, table, page)
            .await
            .unwrap_or(CopyError::To(error))),
    }
}

/// The ids of rows that every new database has.
async fn given(conn: &mut Conn, table: &'static Table) -> Result<HashSet<Uuid>, StoreError> {
    if !table.given {
        return Ok(HashSet::new());
    }
    let rows = conn.fetch_all(table.sql.first, args![ROWS as i64]).await?;
    rows.iter()
        .map(|row| row.columns(table.name).take())
        .collect()
}

/// The row that the target does not take, found by trying one after the other; none of them stays.
async fn culprit(to: &Store, table: &'static Table, page: &Page) -> Option<CopyError> {
    let mut tx = to.begin().await.ok()?;
    let there = given(&mut tx, table).await.ok()?;
    for row in page.rows.iter().filter(|row| !there.contains(&key(row))) {
        let inserted = tx
            .insert_values(table.sql.insert, table.columns.len(), row)
            .await;
        if let Err(reason) = inserted {
            return Some(CopyError::Row {
                table: table.name,
                id: key(row),
                reason,
            });
        }
    }
    None
}

/// Cuts rows into groups that fit into a statement.
fn statements<'r>(rows: &'r [&'r [Value<'static>]]) -> Vec<&'r [&'r [Value<'static>]]> {
    let mut groups = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let fits = |n: &usize| {
            let group = rest.get(..*n);
            group
                .is_some_and(|g| *n == 1 || g.iter().map(|row| weight(row)).sum::<usize>() <= BYTES)
        };
        let length = LENGTHS.into_iter().find(fits).unwrap_or(rest.len());
        let (group, after) = rest.split_at(length);
        groups.push(group);
        rest = after;
    }
    groups
}

fn weight(row: &[Value<'_>]) -> usize {
    let bytes = |value: &Value<'_>| match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 16,
    };
    row.iter().map(bytes).sum()
}
