//! All identities are looked at again and again, a few at a time, for terms that do not fit: of identities that were
//! there before the terms, that the reference has changed beside us, or whose searchable traits are others by now.
//!
//! How far a round has come is kept, so a new process goes on where another one stopped. Servers beside each other
//! only help each other.

use std::collections::HashMap;

use bia_model::Identity;
use time::OffsetDateTime;
use uuid::Uuid;

use super::keep::{make_all_anew, moment, remove};
use crate::db::{Conn, Dialect, Store, StoreError, Tx, Value};
use crate::identity::{Expand, Filter, Page, list, lock_all};
use crate::{args, transact};

/// How many identities are looked at in one step.
const STEP: u32 = 500;

/// How many get new terms in one unit of work.
const CHUNK: usize = 100;

/// On MySQL, whose times have whole seconds, a change within this time of making the terms is not told from the
/// state before. In microseconds.
const UNSURE: i64 = 2_000_000;

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many identities were looked at.
    pub looked_at: usize,
    /// How many of them got new terms.
    pub indexed: usize,
    /// Whether all have been looked at, and the next step begins a new round.
    pub round_ended: bool,
    /// How many rounds have ended, ever. Before the first, not everybody can be found.
    pub rounds: i64,
}

/// The terms that are kept, as their entry describes them.
struct Entry {
    changed_at: i64,
    verified: bool,
    shape: i64,
    indexed_at: i64,
}

/// An identity whose terms do not fit, and what its entry should say.
struct Unfit {
    id: Uuid,
    changed_at: i64,
    verified: bool,
    shape: i64,
}

/// Looks at the next identities and makes new terms where the old ones do not fit.
pub async fn refresh(store: &Store) -> Result<Looked, StoreError> {
    let mut conn = store.read().await?;
    let (after, rounds) = progress(&mut conn).await?;
    let identities = states(&mut conn, after).await?;
    let round_ended = identities.len() < usize::try_from(STEP).unwrap_or(usize::MAX);
    let last = match identities.last() {
        Some((id, _)) if !round_ended => *id,
        _ => Uuid::max(),
    };
    let entries = entries(&mut conn, after, last).await?;
    let ids: Vec<Uuid> = identities.iter().map(|(id, _)| *id).collect();
    let verified = verified(&mut conn, &ids).await?;
    let shape = conn.searchable().shape();
    let (dialect, looked_at) = (conn.dialect(), identities.len());
    drop(conn);
    let unfit = |(id, changed_at): &(Uuid, OffsetDateTime)| {
        let changed_at = moment(dialect, *changed_at);
        let fits = entries
            .get(id)
            .is_some_and(|entry| entry.fits(dialect, changed_at, verified.contains(id), shape));
        (!fits).then_some(Unfit {
            id: *id,
            changed_at,
            verified: verified.contains(id),
            shape,
        })
    };
    let unfit: Vec<Unfit> = identities.iter().filter_map(unfit).collect();
    for chunk in unfit.chunks(CHUNK) {
        index(store, chunk).await?;
    }
    for gone in entries.keys().filter(|id| !ids.contains(id)) {
        forget(store, *gone).await?;
    }
    let next = if round_ended { Uuid::nil() } else { last };
    let rounds = rounds + i64::from(round_ended);
    keep_progress(store, next, rounds).await?;
    Ok(Looked {
        looked_at,
        indexed: unfit.len(),
        round_ended,
        rounds,
    })
}

/// Forgets that the terms fit, so that the next round makes all of them anew.
pub async fn start_over(store: &Store) -> Result<(), StoreError> {
    let mut conn = store.write().await?;
    let nid = conn.nid();
    conn.execute(
        "UPDATE bia_search_entry SET changed_at = -1 WHERE nid = $1",
        args![nid],
    )
    .await?;
    drop(conn);
    keep_progress(store, Uuid::nil(), 0).await
}

impl Entry {
    fn fits(&self, dialect: Dialect, changed_at: i64, verified: bool, shape: i64) -> bool {
        let sure = dialect != Dialect::MySql || self.indexed_at >= self.changed_at + UNSURE;
        sure && self.changed_at == changed_at && self.verified == verified && self.shape == shape
    }
}

async fn progress(conn: &mut Conn) -> Result<(Uuid, i64), StoreError> {
    let row = conn
        .fetch_optional(
            "SELECT after_id, rounds FROM bia_search_round WHERE nid = $1",
            args![conn.nid()],
        )
        .await?;
    let Some(row) = row else {
        return Ok((Uuid::nil(), 0));
    };
    let mut c = row.columns("bia_search_round");
    Ok((c.take()?, c.take()?))
}

async fn keep_progress(store: &Store, after: Uuid, rounds: i64) -> Result<(), StoreError> {
    let mut conn = store.write().await?;
    let nid = conn.nid();
    let found = conn
        .execute(
            "UPDATE bia_search_round SET after_id = $1, rounds = $2 WHERE nid = $3",
            args![after, rounds, nid],
        )
        .await?;
    if found > 0 {
        return Ok(());
    }
    let made = conn
        .execute(
            "INSERT INTO bia_search_round (nid, after_id, rounds) VALUES ($1, $2, $3)",
            args![nid, after, rounds],
        )
        .await;
    match made {
        // Another server was first; it has come about as far.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The next identities, and when each was changed.
async fn states(conn: &mut Conn, after: Uuid) -> Result<Vec<(Uuid, OffsetDateTime)>, StoreError> {
    let rows = conn
        .fetch_many(
            "SELECT i.id, i.updated_at FROM identities i WHERE i.nid = $1 AND i.id > $2 ORDER BY i.id LIMIT $3",
            args![conn.nid(), after, i64::from(STEP)],
        )
        .await?;
    let state = |row: &crate::db::Row| {
        let mut c = row.columns("identities");
        Ok((c.take()?, c.take()?))
    };
    rows.iter().map(state).collect()
}

/// What is kept of these identities, and of those between them that are gone.
async fn entries(
    conn: &mut Conn,
    after: Uuid,
    last: Uuid,
) -> Result<HashMap<Uuid, Entry>, StoreError> {
    let rows = conn
        .fetch_many(
            "SELECT identity_id, changed_at, verified, shape, indexed_at FROM bia_search_entry \
             WHERE nid = $1 AND identity_id > $2 AND identity_id <= $3 ORDER BY identity_id LIMIT 5000",
            args![conn.nid(), after, last],
        )
        .await?;
    let entry = |row: &crate::db::Row| {
        let mut c = row.columns("bia_search_entry");
        let id = c.take()?;
        let (changed_at, verified): (i64, i64) = (c.take()?, c.take()?);
        let entry = Entry {
            changed_at,
            verified: verified != 0,
            shape: c.take()?,
            indexed_at: c.take()?,
        };
        Ok((id, entry))
    };
    rows.iter().map(entry).collect()
}

/// Those of the identities that have a verified address. Verifying one does not change the row of its identity.
async fn verified(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let nid = conn.nid();
    let rows = conn
        .fetch_all_in(
            "SELECT DISTINCT v.identity_id FROM identity_verifiable_addresses v \
             WHERE (v.nid = $1) IS TRUE AND v.verified = $2 AND v.identity_id IN ($*)",
            &[Value::from(nid), Value::from(true)],
            ids.iter().copied().map(Value::from),
        )
        .await?;
    rows.iter()
        .map(|row| row.only("identity_verifiable_addresses"))
        .collect()
}

/// Makes the terms of identities anew, as they are now: nobody else changes them meanwhile.
async fn index(store: &Store, unfit: &[Unfit]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = unfit.iter().map(|unfit| unfit.id).collect();
    let page = Page::After {
        id: Uuid::nil(),
        size: STEP,
    };
    transact!(store, tx => {
        lock_all(tx, &ids).await?;
        let found = list(tx, Filter::Ids(&ids), page, Expand::Credentials).await?.items;
        make_all_anew(tx, &found.iter().collect::<Vec<_>>()).await?;
        for left_out in unfit.iter().filter(|u| !found.iter().any(|i| i.id == u.id)) {
            set_aside(tx, left_out).await?;
        }
        Ok(())
    })
}

/// Keeps no terms of an identity that cannot be read, and does not look at it again before it is changed.
async fn set_aside(tx: &mut Tx, unfit: &Unfit) -> Result<(), StoreError> {
    remove(tx, unfit.id).await?;
    let (nid, indexed_at) = (tx.nid(), moment(tx.dialect(), OffsetDateTime::now_utc()));
    tx.execute(
        "INSERT INTO bia_search_entry (nid, identity_id, changed_at, verified, shape, indexed_at) VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            nid,
            unfit.id,
            unfit.changed_at,
            i64::from(unfit.verified),
            unfit.shape,
            indexed_at
        ],
    )
    .await?;
    Ok(())
}

/// Forgets an identity that the reference has deleted.
async fn forget(store: &Store, id: Uuid) -> Result<(), StoreError> {
    transact!(store, tx => {
        let found: Option<Identity> = crate::identity::find(tx, id, Expand::Addresses).await?;
        match found {
            Some(_) => Ok(()),
            None => remove(tx, id).await,
        }
    })
}
