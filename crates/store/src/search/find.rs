//! Which identities fit a question.
//!
//! One condition, the rarest, leads: what fits it is read off the index in the order of terms, then of ids, and the
//! other conditions are put to what was read. So a page costs what it shows, however many identities there are; when
//! the other conditions fit hardly anybody, it ends before it is full, and the list goes on behind it.

use std::collections::{BTreeMap, HashMap};

use bia_model::Identity;
use uuid::Uuid;

use super::term::{Condition, terms};
use crate::args;
use crate::db::{Conn, Row, StoreError, Value};
use crate::identity::{Expand, Filter, Page, list};

/// How many terms one page may look at.
const MOST_LOOKED_AT: usize = 5000;

/// How many are read at a time, after the first time.
const CHUNK: usize = 500;

/// How many identities tell which of several common conditions is the rarest.
const SAMPLE: i64 = 64;

/// A condition that fewer of the sample fit may be a rare one.
const FEW: i64 = 4;

/// Some of those that can be found.
pub(super) const FIRST_ENTRIES: &str =
    "SELECT identity_id FROM bia_search_entry WHERE nid = $1 ORDER BY identity_id LIMIT $2";

/// How many terms fit a condition, unless they are very many.
pub(super) const COUNT: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM bia_search_term \
     WHERE nid = $1 AND term >= $2 AND term <= $3 LIMIT 1001) counted";

/// The rest of what has one term.
pub(super) const SAME_TERM: &str = "SELECT term, identity_id FROM bia_search_term \
     WHERE nid = $1 AND term = $2 AND identity_id > $3 ORDER BY identity_id LIMIT $4";

/// What has a later term.
pub(super) const LATER_TERMS: &str = "SELECT term, identity_id FROM bia_search_term \
     WHERE nid = $1 AND term > $2 AND term <= $3 ORDER BY term, identity_id LIMIT $4";

/// The first of the terms of identities that fit a condition.
pub(super) const FIRST_TERMS: &str = "SELECT identity_id, MIN(term) FROM bia_search_term \
     WHERE nid = $1 AND term >= $2 AND term <= $3 AND identity_id IN ($*) GROUP BY identity_id";

/// A place between two identities that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which of the conditions leads.
    pub leading: u8,
    /// The term by which the one before the place was found.
    pub term: String,
    /// Its id.
    pub id: Uuid,
}

/// A page of what was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// In the order of the terms by which they were found, then of ids. With their credentials.
    pub items: Vec<Identity>,
    /// Where the list goes on; it may turn out that nothing follows.
    pub next: Option<Position>,
}

/// Identities that fit all of the conditions, at most `size`; none without a condition.
///
/// What the reference has changed since its terms were made is checked once more: nobody is found who does not fit.
pub async fn find(
    conn: &mut Conn,
    conditions: &[Condition],
    after: Option<Position>,
    size: u32,
) -> Result<Found, StoreError> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let start = match after {
        Some(position) => position,
        None => first_position(conn, conditions).await?,
    };
    let Some(leading) = conditions.get(usize::from(start.leading)) else {
        return Ok(Found {
            items: Vec::new(),
            next: None,
        });
    };
    let (places, next) = places(conn, conditions, leading, start, size).await?;
    let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
    let mut items = load(conn, &ids).await?;
    let searchable = conn.searchable();
    items.retain(|identity| {
        let terms = terms(identity, &searchable);
        conditions.iter().all(|condition| condition.fits(&terms))
    });
    Ok(Found { items, next })
}

/// The places of the next identities that fit, and where the list goes on.
async fn places(
    conn: &mut Conn,
    conditions: &[Condition],
    leading: &Condition,
    start: Position,
    size: usize,
) -> Result<(Vec<Position>, Option<Position>), StoreError> {
    let mut kept: Vec<Position> = Vec::new();
    let (mut place, mut looked_at, mut chunk) = (start, 0, size.saturating_add(1));
    loop {
        let read = candidates(conn, leading, &place, chunk).await?;
        let ended = read.len() < chunk;
        looked_at += read.len();
        if let Some(last) = read.last() {
            place = last.clone();
        }
        kept.extend(fitting(conn, conditions, leading, read).await?);
        if kept.len() > size {
            kept.truncate(size);
            let next = kept.last().cloned();
            return Ok((kept, next));
        }
        if ended {
            return Ok((kept, None));
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((kept, Some(place)));
        }
        chunk = CHUNK;
    }
}

/// Before everything that fits the rarest condition.
async fn first_position(conn: &mut Conn, conditions: &[Condition]) -> Result<Position, StoreError> {
    let rarest = rarest(conn, conditions).await?;
    let leading = conditions.get(usize::from(rarest));
    Ok(Position {
        leading: rarest,
        term: leading.map(|c| c.low.clone()).unwrap_or_default(),
        id: Uuid::nil(),
    })
}

/// Which condition the fewest fit, as far as it can be told at a price that does not grow with their number.
///
/// Where some of a sample fit each of them, the sample tells. Else their terms are counted: of what is rare, a sample says
/// nothing.
async fn rarest(conn: &mut Conn, conditions: &[Condition]) -> Result<u8, StoreError> {
    if conditions.len() < 2 {
        return Ok(0);
    }
    let sampled = numbers_in_sample(conn, conditions).await?;
    let mut counted = vec![0; conditions.len()];
    if sampled.iter().any(|number| *number < FEW) {
        for (condition, counted) in conditions.iter().zip(&mut counted) {
            *counted = number(conn, condition).await?;
        }
    }
    let numbers = counted.into_iter().zip(sampled);
    let rarest = (0u8..).zip(numbers).min_by_key(|(_, number)| *number);
    Ok(rarest.map_or(0, |(index, _)| index))
}

/// How many terms fit, as far as [`COUNT`] goes.
async fn number(conn: &mut Conn, condition: &Condition) -> Result<i64, StoreError> {
    let values = args![conn.nid(), condition.low.as_str(), condition.high.as_str()];
    conn.fetch_one(COUNT, values).await?.only("bia_search_term")
}

/// How many of some identities fit each condition. Ids are random, so the first ones are as good as any.
async fn numbers_in_sample(
    conn: &mut Conn,
    conditions: &[Condition],
) -> Result<Vec<i64>, StoreError> {
    let values = args![conn.nid(), SAMPLE];
    let rows = conn.fetch_many(FIRST_ENTRIES, values).await?;
    let sample: Vec<Uuid> = rows
        .iter()
        .map(|row| row.only("bia_search_entry"))
        .collect::<Result<_, _>>()?;
    let mut numbers = Vec::with_capacity(conditions.len());
    for condition in conditions {
        let fitting = first_terms(conn, condition, &sample).await?.len();
        numbers.push(i64::try_from(fitting).unwrap_or(i64::MAX));
    }
    Ok(numbers)
}

/// The next that fit the leading condition, at most `chunk`.
async fn candidates(
    conn: &mut Conn,
    leading: &Condition,
    place: &Position,
    chunk: usize,
) -> Result<Vec<Position>, StoreError> {
    let nid = conn.nid();
    let limit = |read: usize| i64::try_from(chunk - read).unwrap_or(i64::MAX);
    let term = place.term.as_str();
    let rows = conn
        .fetch_many(SAME_TERM, args![nid, term, place.id, limit(0)])
        .await?;
    let mut read = read_places(&rows, place.leading)?;
    if read.len() < chunk && !leading.is_exact() {
        let high = leading.high.as_str();
        let rows = conn
            .fetch_many(LATER_TERMS, args![nid, term, high, limit(read.len())])
            .await?;
        read.extend(read_places(&rows, place.leading)?);
    }
    Ok(read)
}

fn read_places(rows: &[Row], leading: u8) -> Result<Vec<Position>, StoreError> {
    let place = |row: &Row| {
        let mut c = row.columns("bia_search_term");
        Ok(Position {
            leading,
            term: c.take()?,
            id: c.take()?,
        })
    };
    rows.iter().map(place).collect()
}

/// Those that fit the other conditions too, each only where it is found first.
async fn fitting(
    conn: &mut Conn,
    conditions: &[Condition],
    leading: &Condition,
    mut read: Vec<Position>,
) -> Result<Vec<Position>, StoreError> {
    let ids = |read: &[Position]| read.iter().map(|place| place.id).collect::<Vec<_>>();
    if !leading.is_exact() {
        let first = first_terms(conn, leading, &ids(&read)).await?;
        read.retain(|place| first.get(&place.id) == Some(&place.term));
    }
    for condition in conditions.iter().filter(|other| *other != leading) {
        let first = first_terms(conn, condition, &ids(&read)).await?;
        read.retain(|place| first.contains_key(&place.id));
    }
    Ok(read)
}

async fn first_terms(
    conn: &mut Conn,
    condition: &Condition,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let values = [
        Value::from(conn.nid()),
        Value::from(condition.low.as_str()),
        Value::from(condition.high.as_str()),
    ];
    let ids = ids.iter().copied().map(Value::from);
    let rows = conn.fetch_all_in(FIRST_TERMS, &values, ids).await?;
    let first = |row: &Row| {
        let mut c = row.columns("bia_search_term");
        Ok((c.take()?, c.take()?))
    };
    rows.iter().map(first).collect()
}

/// The identities with these ids, in their order; without those that are gone.
async fn load(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Identity>, StoreError> {
    let page = Page::After {
        id: Uuid::nil(),
        size: u32::MAX,
    };
    let found = list(conn, Filter::Ids(ids), page, Expand::Credentials).await?;
    let mut by_id: BTreeMap<Uuid, Identity> = found.items.into_iter().map(|i| (i.id, i)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}
