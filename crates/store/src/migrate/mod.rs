//! Brings a database to the shape that this version of Bia works with.
//!
//! One number, three files (`migrations/{sqlite,postgres,mysql}/NNNN_name.sql`), embedded. Number 1
//! makes the reference's tables and fills its bookkeeping (`schema_migration`), so that the reference
//! can run on a database that Bia made. On a database that the reference made, number 1 is only noted
//! as adopted. Everything that Bia adds is named `bia_…`.

mod files;
mod lock;
mod shape;

use time::OffsetDateTime;

use crate::args;
use crate::db::{Conn, Store, StoreError, Value};
use files::{MIGRATIONS, Migration};
use lock::Lock;
pub use shape::{Shape, inspect};
pub(crate) use shape::{has_table, inspect_unfinished};

/// The first number, the reference's tables.
const REFERENCE: u32 = 1;

/// One step and whether it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub number: u32,
    /// What it is about.
    pub name: &'static str,
    /// When it was taken; `None` when it is still to be taken.
    pub applied_at: Option<OffsetDateTime>,
}

/// Takes all steps that are still to be taken, and gives them.
///
/// A database of a shape that is not known is refused with [`StoreError::Shape`] before anything is
/// written. Two runners at a time do not meet: one waits for the other.
pub async fn up(store: &Store, now: OffsetDateTime) -> Result<Vec<Step>, StoreError> {
    inspect(&mut store.read().await?).await?;
    up_unfinished(store, now).await
}

/// As [`up`], of a database into which a copy goes, too.
pub(crate) async fn up_unfinished(
    store: &Store,
    now: OffsetDateTime,
) -> Result<Vec<Step>, StoreError> {
    let shape = inspect_unfinished(&mut store.read().await?).await?;
    store.write_ahead().await?;
    if let Shape::Bia { applied } = &shape
        && MIGRATIONS.iter().all(|m| applied.contains_key(&m.number))
    {
        return Ok(Vec::new());
    }
    let lock = lock::take(store, now).await?;
    let taken = lock
        .while_held(store, take_pending(store, &lock, now))
        .await;
    lock.release(store).await?;
    taken
}

/// Takes back the last `steps` steps, and gives them. The first one is never taken back: it holds
/// people's accounts.
pub async fn down(
    store: &Store,
    steps: usize,
    now: OffsetDateTime,
) -> Result<Vec<Step>, StoreError> {
    let Shape::Bia { .. } = inspect(&mut store.read().await?).await? else {
        return Ok(Vec::new());
    };
    let lock = lock::take(store, now).await?;
    let undone = lock.while_held(store, undo(store, &lock, steps)).await;
    lock.release(store).await?;
    undone
}

/// All steps, in order. Changes nothing.
pub async fn status(store: &Store) -> Result<Vec<Step>, StoreError> {
    let shape = inspect(&mut store.read().await?).await?;
    let applied = match shape {
        Shape::Bia { applied } => applied,
        _ => Default::default(),
    };
    let step = |m: &Migration| Step {
        number: m.number,
        name: m.name,
        applied_at: applied.get(&m.number).copied(),
    };
    Ok(MIGRATIONS.iter().map(step).collect())
}

async fn take_pending(
    store: &Store,
    lock: &Lock,
    now: OffsetDateTime,
) -> Result<Vec<Step>, StoreError> {
    let mut taken = Vec::new();
    for migration in MIGRATIONS {
        // Looked at again for each: another runner may have been here before the lock was ours.
        let shape = inspect_unfinished(&mut store.read().await?).await?;
        let adopt = match &shape {
            Shape::Bia { applied } if applied.contains_key(&migration.number) => continue,
            Shape::Reference => migration.number == REFERENCE,
            _ => false,
        };
        take_one(store, lock, (migration, adopt), now).await?;
        tracing::info!(
            number = migration.number,
            name = migration.name,
            adopted = adopt,
            "database migrated"
        );
        taken.push(Step {
            number: migration.number,
            name: migration.name,
            applied_at: Some(now),
        });
    }
    Ok(taken)
}

/// On MySQL a change of tables ends the transaction, so that the begun step stays on record and
/// an interrupted one is run again.
async fn take_one(
    store: &Store,
    lock: &Lock,
    (migration, adopt): (&Migration, bool),
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    lock.hold(&mut tx).await?;
    tx.execute(
        "DELETE FROM bia_migration WHERE number = $1 AND applied_at IS NULL",
        args![migration.number],
    )
    .await?;
    tx.execute(
        "INSERT INTO bia_migration (number, name, adopted) VALUES ($1, $2, $3)",
        args![migration.number, migration.name, adopt],
    )
    .await?;
    if !adopt {
        tx.script(migration.up(store.dialect())).await?;
        if migration.number == REFERENCE {
            note_reference_versions(&mut tx).await?;
        }
    }
    tx.execute(
        "UPDATE bia_migration SET applied_at = $1 WHERE number = $2",
        args![now, migration.number],
    )
    .await?;
    // On SQLite nobody else could renew it meanwhile.
    lock.hold(&mut tx).await?;
    tx.commit().await
}

/// What the reference asks for before it serves.
async fn note_reference_versions(conn: &mut Conn) -> Result<(), StoreError> {
    conn.execute("DELETE FROM schema_migration", &[]).await?;
    let rows: Vec<[Value<'_>; 2]> = files::versions_to_note(conn.dialect())
        .map(|version| [version.into(), 0.into()])
        .collect();
    conn.insert_rows(
        "INSERT INTO schema_migration (version, version_self) VALUES $*",
        &rows,
    )
    .await
}

async fn undo(store: &Store, lock: &Lock, steps: usize) -> Result<Vec<Step>, StoreError> {
    let mut undone = Vec::new();
    for migration in MIGRATIONS
        .iter()
        .rev()
        .filter(|m| m.number != REFERENCE)
        .take(steps)
    {
        let mut tx = store.begin().await?;
        lock.hold(&mut tx).await?;
        let gone = tx
            .execute(
                "DELETE FROM bia_migration WHERE number = $1",
                args![migration.number],
            )
            .await?;
        if gone > 0 {
            tx.script(migration.down(store.dialect())).await?;
            undone.push(Step {
                number: migration.number,
                name: migration.name,
                applied_at: None,
            });
        }
        tx.commit().await?;
    }
    Ok(undone)
}

#[cfg(test)]
mod tests;
