//! The closing comparison: both sides read in the order of their ids, row beside row.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use super::page::{self, Page};
use super::table::Table;
use super::{CopyError, Watcher};
use crate::db::{Conn, Dialect, Store, StoreError, Value};

/// Rows that are named of those that differ.
const NAMED: usize = 5;

/// How exactly two databases can hold the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Millionths of a second.
    Microseconds,
    /// Whole seconds: one of the two is MySQL.
    Seconds,
}

impl Precision {
    /// What both can hold.
    pub fn between(from: Dialect, to: Dialect) -> Precision {
        if [from, to].contains(&Dialect::MySql) {
            Precision::Seconds
        } else {
            Precision::Microseconds
        }
    }
}

/// The rows of one table on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are.
    pub rows: u64,
    /// The sum of the hashes of their values, whatever their order.
    pub digest: [u128; 2],
}

/// What the comparison of a table found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The table.
    pub table: &'static str,
    /// The source.
    pub from: Tally,
    /// The target.
    pub to: Tally,
    /// How many rows are only on one side, or are not the same on both.
    pub different: u64,
    /// The first of them.
    pub named: Vec<Different>,
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Different {
    /// Its id.
    pub id: Uuid,
    /// The columns that differ. None where the row is on one side only.
    pub columns: Vec<&'static str>,
}

impl fmt::Display for Different {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.columns.as_slice() {
            [] => write!(f, "{} (on one side only)", self.id),
            columns => write!(f, "{} ({})", self.id, columns.join(" and ")),
        }
    }
}

impl Compared {
    /// Whether both sides have the same rows.
    pub fn is_equal(&self) -> bool {
        self.different == 0 && self.from == self.to
    }

    fn differs(&mut self, different: impl FnOnce() -> Different) {
        self.different += 1;
        if self.named.len() < NAMED {
            self.named.push(different());
        }
    }
}

type Hash = [u8; 32];

/// A row as it was read.
struct Read {
    id: Uuid,
    hash: Hash,
    values: Vec<Value<'static>>,
}

/// A walk through a table.
struct Side {
    conn: Conn,
    table: &'static Table,
    precision: Precision,
    rows: std::vec::IntoIter<Vec<Value<'static>>>,
    last: Option<Uuid>,
    ended: bool,
    tally: Tally,
}

impl Side {
    async fn new(
        store: &Store,
        table: &'static Table,
        precision: Precision,
    ) -> Result<Side, StoreError> {
        Ok(Side {
            conn: store.read().await?,
            table,
            precision,
            rows: Vec::new().into_iter(),
            last: None,
            ended: false,
            tally: Tally::default(),
        })
    }

    async fn next(&mut self) -> Result<Option<Read>, StoreError> {
        if self.rows.len() == 0 && !self.ended {
            let page = Page::read(&mut self.conn, self.table, self.last).await?;
            self.last = page.last().or(self.last);
            self.ended = page.len() == 0;
            self.rows = page.into_rows().into_iter();
        }
        let Some(values) = self.rows.next() else {
            return Ok(None);
        };
        let hash = hash(&values, self.precision);
        self.tally.add(&hash);
        Ok(Some(Read {
            id: page::key(&values),
            hash,
            values,
        }))
    }
}

impl Tally {
    fn add(&mut self, hash: &Hash) {
        self.rows += 1;
        for (sum, half) in self.digest.iter_mut().zip(hash.chunks_exact(16)) {
            let half: [u8; 16] = half.try_into().unwrap_or_default();
            *sum = sum.wrapping_add(u128::from_be_bytes(half));
        }
    }
}

/// Compares one table.
pub(super) async fn table(
    from: &Store,
    to: &Store,
    table: &'static Table,
    precision: Precision,
    watcher: &mut impl Watcher,
) -> Result<Compared, CopyError> {
    let source = Side::new(from, table, precision).await;
    let target = Side::new(to, table, precision).await;
    let (mut source, mut target) = (
        source.map_err(CopyError::From)?,
        target.map_err(CopyError::To)?,
    );
    let mut compared = Compared {
        table: table.name,
        from: Tally::default(),
        to: Tally::default(),
        different: 0,
        named: Vec::new(),
    };
    let mut ours = source.next().await.map_err(CopyError::From)?;
    let mut theirs = target.next().await.map_err(CopyError::To)?;
    while let Some(least) = least(&ours, &theirs) {
        let is_next = |side: &Option<Read>| side.as_ref().is_some_and(|read| read.id == least);
        let (in_source, in_target) = (is_next(&ours), is_next(&theirs));
        match (&ours, &theirs) {
            (Some(one), Some(other)) if in_source && in_target => {
                if one.hash != other.hash {
                    compared.differs(|| difference(one, other, table, precision));
                }
            }
            _ => compared.differs(|| Different {
                id: least,
                columns: Vec::new(),
            }),
        }
        if in_source {
            ours = source.next().await.map_err(CopyError::From)?;
        }
        if in_target {
            theirs = target.next().await.map_err(CopyError::To)?;
        }
        if source.tally.rows.is_multiple_of(page::ROWS as u64) {
            watcher.comparing(table.name, source.tally.rows);
        }
    }
    compared.from = source.tally;
    compared.to = target.tally;
    Ok(compared)
}

fn least(ours: &Option<Read>, theirs: &Option<Read>) -> Option<Uuid> {
    let both = [ours, theirs];
    both.into_iter().flatten().map(|read| read.id).min()
}

/// In what two rows with the same id differ.
fn difference(one: &Read, other: &Read, table: &Table, precision: Precision) -> Different {
    let of = |value| hash(std::slice::from_ref(value), precision);
    let pairs = one.values.iter().zip(&other.values).zip(table.names);
    let columns = pairs.filter(|((one, other), _)| of(*one) != of(*other));
    Different {
        id: one.id,
        columns: columns.map(|(_, name)| *name).collect(),
    }
}

/// The hash of a row's values in the one form that all databases can hold.
fn hash(row: &[Value<'_>], precision: Precision) -> Hash {
    let mut context = Context::new(&SHA256);
    for value in row {
        let mut put = |mark: u8, bytes: &[u8]| {
            context.update(&[mark]);
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        match value {
            Value::Null(_) => put(0, &[]),
            Value::Bool(v) => put(1, &[u8::from(*v)]),
            Value::Int(v) => put(2, &v.to_be_bytes()),
            Value::Text(v) => put(3, v.as_bytes()),
            Value::Bytes(v) => put(4, v),
            Value::Uuid(v) => put(5, v.as_bytes()),
            Value::Time(v) => put(6, &moment(*v, precision).to_be_bytes()),
            Value::Json(v) => put(7, canonical(v).as_bytes()),
        }
    }
    context.finish().as_ref().try_into().unwrap_or_default()
}

fn moment(time: OffsetDateTime, precision: Precision) -> i128 {
    let nanoseconds = time.to_offset(UtcOffset::UTC).unix_timestamp_nanos();
    match precision {
        Precision::Microseconds => nanoseconds.div_euclid(1_000),
        Precision::Seconds => nanoseconds.div_euclid(1_000_000_000),
    }
}

/// A document with sorted members and numbers by their value. What is no JSON stands for itself.
fn canonical(text: &str) -> String {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len());
    put(&document, &mut out);
    out
}

/// Below this each whole number is one of 64-bit floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn put(value: &serde_json::Value, out: &mut String) {
    use serde_json::Value as J;
    match value {
        J::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (name, member) in members {
                out.push_str(&J::from(name.as_str()).to_string());
                out.push(':');
                put(member, out);
                out.push(',');
            }
            out.push('}');
        }
        J::Array(items) => {
            out.push('[');
            for item in items {
                put(item, out);
                out.push(',');
            }
            out.push(']');
        }
        // 1, 1.0 and 1e0 are one number, and databases write it as they like: PostgreSQL has no -0, and writes 1e16
        // out, which is a whole number then.
        J::Number(number) => match number.as_f64() {
            Some(0.0) => out.push('0'),
            Some(float) if float.fract() == 0.0 && float.abs() < EXACT => {
                out.push_str(&format!("{float:.0}"));
            }
            Some(float) => out.push_str(&J::from(float).to_string()),
            None => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::db::Kind;

    #[test]
    fn documents_are_compared_by_what_they_say() {
        assert_eq!(
            canonical(r#"{"b": [1.0, 2e3], "a": {"y": null, "x": "ü"}}"#),
            canonical("{\"a\":{\"x\":\"\\u00fc\",\"y\":null},\"b\":[1,2000]}")
        );
        assert_eq!(
            canonical("[1e16, -0.0, -0, 12345678901234567890123, 1.5e300]"),
            canonical(&format!(
                "[10000000000000000, 0.0, 0, 12345678901234567890123, 15{}]",
                "0".repeat(299)
            ))
        );
        assert_ne!(canonical("[1e16]"), canonical("[1e17]"));
        assert_ne!(
            canonical("[9007199254740991]"),
            canonical("[9007199254740990]")
        );
        assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
        assert_ne!(canonical("1"), canonical("\"1\""));
        assert_ne!(canonical("1.5"), canonical("1"));
    }

    #[test]
    fn a_row_is_told_from_one_whose_values_only_read_alike() {
        let of = |row: &[Value<'_>]| hash(row, Precision::Microseconds);
        assert_ne!(
            of(&["ab".into(), "c".into()]),
            of(&["a".into(), "bc".into()])
        );
        assert_ne!(of(&[Value::Null(Kind::Text)]), of(&["".into()]));
        assert_ne!(of(&[Value::Int(1)]), of(&[Value::Bool(true)]));
    }

    #[test]
    fn times_count_as_exactly_as_both_databases_hold_them() {
        let exact: Value<'_> = datetime!(2026-03-01 12:00:00.123_456_789 UTC).into();
        let micro: Value<'_> = datetime!(2026-03-01 12:00:00.123_456 UTC).into();
        let whole: Value<'_> = datetime!(2026-03-01 13:00:00 +1).into();
        let of = |v: &Value<'_>, p| hash(std::slice::from_ref(v), p);
        assert_eq!(
            of(&exact, Precision::Microseconds),
            of(&micro, Precision::Microseconds)
        );
        assert_ne!(
            of(&micro, Precision::Microseconds),
            of(&whole, Precision::Microseconds)
        );
        assert_eq!(
            of(&micro, Precision::Seconds),
            of(&whole, Precision::Seconds)
        );
    }
}
