//! Everything durable, from one database to another of any kind.
//!
//! Tables in the order of their foreign keys, rows in the order of their ids, batch by batch; how far it came is
//! written in the target in the same unit of work as each batch (`bia_copy`), so that a copy which was ended goes on
//! where it was. As long as that table is there, nobody serves the target. At the end both sides are read once
//! more and compared.
//!
//! What is short-lived (flows, codes, continuity, errors, leases) stays behind. Memory is bounded: two batches at a time.

mod compare;
mod page;
mod progress;
mod table;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::{Store, StoreError};
use crate::migrate::{self, Shape};
pub use compare::{Compared, Different, Precision};
use page::{Page, write};
use progress::Place;
pub use table::tables;
use table::{Table, own_tables, reference_tables};

/// Why a copy did not come to its end. Nothing of a failed batch stays in the target.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source cannot be read.
    #[error("The source cannot be read: {0}")]
    From(StoreError),
    /// The target cannot be written.
    #[error("The target cannot be written: {0}")]
    To(StoreError),
    /// The target is not one to copy into. Nothing was written.
    #[error("{0}")]
    Refused(String),
    /// The target cannot take one row.
    #[error(
        "The target cannot take a row of the table {table}, the one with the id {id}: {reason}. Change the row in \
         the source and run the same command again: it goes on where it is."
    )]
    Row {
        /// The row's table.
        table: &'static str,
        /// Its id.
        id: Uuid,
        /// What the target says.
        reason: StoreError,
    },
}

/// Who wants to know how far it is.
pub trait Watcher {
    /// A table is begun, or gone on with: `done` of `total` rows are there.
    fn copying(&mut self, table: &'static str, done: u64, total: u64);
    /// A table's rows are read on both sides; `read` of the source's so far.
    fn comparing(&mut self, table: &'static str, read: u64);
}

/// Copies `from` into `to` and compares them. One line per table.
///
/// The target is empty, or one into which the same source was begun to be copied. A server that works on the source
/// meanwhile shows as differences, or as a row whose owner is not there.
///
/// # Errors
/// [`CopyError`]; after all but a refusal the same call goes on where this one ended.
pub async fn copy(
    from: &Store,
    to: &Store,
    now: OffsetDateTime,
    watcher: &mut impl Watcher,
) -> Result<Vec<Compared>, CopyError> {
    let tables = tables_of(from).await?;
    let source = source_id(from).await?;
    prepare(to, &source, now).await?;
    for table in &tables {
        copy_table(from, to, table, watcher).await?;
    }
    let precision = Precision::between(from.dialect(), to.dialect());
    let mut compared = Vec::new();
    for table in &tables {
        compared.push(compare::table(from, to, table, precision, watcher).await?);
    }
    if compared.iter().all(Compared::is_equal) {
        progress::forget(to).await.map_err(CopyError::To)?;
    }
    Ok(compared)
}

/// The tables that the source has: the reference's, and Bia's own where Bia has been.
async fn tables_of(from: &Store) -> Result<Vec<&'static Table>, CopyError> {
    let mut conn = from.read().await.map_err(CopyError::From)?;
    let shape = migrate::inspect(&mut conn).await.map_err(CopyError::From)?;
    match shape {
        Shape::Empty => Err(CopyError::Refused(
            "The source has no tables, so there is nothing to copy. Is --from the right database?"
                .to_owned(),
        )),
        Shape::Reference => Ok(reference_tables().collect()),
        Shape::Bia { applied } => {
            let own = own_tables().filter(|t| t.since.is_some_and(|n| applied.contains_key(&n)));
            Ok(reference_tables().chain(own).collect())
        }
    }
}

/// What tells one source from another: its networks' ids, which are random.
async fn source_id(from: &Store) -> Result<String, CopyError> {
    let mut conn = from.read().await.map_err(CopyError::From)?;
    let networks = progress::first_network(&mut conn).await;
    networks.map_err(CopyError::From)?.ok_or_else(|| {
        CopyError::Refused(
            "The source has no network: nobody has used it yet, and there is nothing to copy. Is --from the right database?".to_owned(),
        )
    })
}

/// Looks before it writes: a target with data of its own is left as it is.
async fn prepare(to: &Store, source: &str, now: OffsetDateTime) -> Result<(), CopyError> {
    let mut conn = to.read().await.map_err(CopyError::To)?;
    let shape = migrate::inspect_unfinished(&mut conn)
        .await
        .map_err(CopyError::To)?;
    if shape != Shape::Empty {
        progress::admit(&mut conn, source).await?;
    }
    drop(conn);
    migrate::up_unfinished(to, now)
        .await
        .map_err(CopyError::To)?;
    progress::begin(to, source).await.map_err(CopyError::To)
}

async fn copy_table(
    from: &Store,
    to: &Store,
    table: &'static Table,
    watcher: &mut impl Watcher,
) -> Result<(), CopyError> {
    let mut reader = from.read().await.map_err(CopyError::From)?;
    let total = page::count(&mut reader, table)
        .await
        .map_err(CopyError::From)?;
    let mut place = progress::place(to, table.name)
        .await
        .map_err(CopyError::To)?;
    watcher.copying(table.name, place.rows, total);
    let mut page = Page::read(&mut reader, table, place.last)
        .await
        .map_err(CopyError::From)?;
    while let Some(last) = page.last() {
        let next = Place {
            last: Some(last),
            rows: place.rows + page.len() as u64,
        };
        // The next batch is read while this one is written.
        let (read, written) = tokio::join!(
            Page::read(&mut reader, table, next.last),
            write(to, table, &page, &next)
        );
        written?;
        page = read.map_err(CopyError::From)?;
        place = next;
        watcher.copying(table.name, place.rows, total.max(place.rows));
    }
    Ok(())
}
