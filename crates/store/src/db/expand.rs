//! Statements whose number of values varies, kept static: each text is made once per number.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use super::{Conn, Row, StoreError, Value};

/// Lists are filled up to one of these lengths, so that few statements have to be prepared.
const LENGTHS: [usize; 8] = [1, 2, 4, 8, 16, 64, 256, 512];

/// From this length on a list has many rows.
const MANY: usize = 16;

/// Most rows that one INSERT takes.
pub(crate) const ROWS: usize = 16;

type Key = (usize, usize, usize);

/// Texts are leaked: at most one per statement and number of values.
static MADE: LazyLock<RwLock<HashMap<Key, &'static str>>> = LazyLock::new(RwLock::default);

impl Conn {
    /// Runs a query with `IN ($*)`, in which `$*` stands for all of `list`; `values` come before
    /// it, nothing comes after but in a GROUP BY. More than 512 are asked for in several queries.
    pub(crate) async fn fetch_all_in<'a>(
        &mut self,
        sql: &'static str,
        values: &[Value<'a>],
        list: impl IntoIterator<Item = Value<'a>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for values in batches(values, list) {
            let sql = made(sql, values.before, 1, values.list);
            rows.extend(if values.list < MANY {
                self.fetch_all(sql, &values.all).await?
            } else {
                self.fetch_many(sql, &values.all).await?
            });
        }
        Ok(rows)
    }

    /// As [`Conn::fetch_all_in`], for a statement that changes rows. Gives their number.
    pub(crate) async fn execute_in<'a>(
        &mut self,
        sql: &'static str,
        values: &[Value<'a>],
        list: impl IntoIterator<Item = Value<'a>>,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for values in batches(values, list) {
            changed += self
                .execute(made(sql, values.before, 1, values.list), &values.all)
                .await?;
        }
        Ok(changed)
    }

    /// Inserts rows by as few statements as possible; `$*` in `INSERT INTO t (…) VALUES $*` stands for them.
    pub(crate) async fn insert_rows<const WIDTH: usize>(
        &mut self,
        sql: &'static str,
        rows: &[[Value<'_>; WIDTH]],
    ) -> Result<(), StoreError> {
        for chunk in rows.chunks(ROWS) {
            self.insert_values(sql, WIDTH, chunk.as_flattened()).await?;
        }
        Ok(())
    }

    /// Inserts the rows of one statement, all their values one after the other; see [`Conn::insert_rows`].
    pub(crate) async fn insert_values(
        &mut self,
        sql: &'static str,
        width: usize,
        values: &[Value<'_>],
    ) -> Result<(), StoreError> {
        let rows = values.len() / width.max(1);
        self.execute(made(sql, 0, width, rows), values).await?;
        Ok(())
    }
}

struct Batch<'a> {
    all: Vec<Value<'a>>,
    before: usize,
    list: usize,
}

fn batches<'a>(values: &[Value<'a>], list: impl IntoIterator<Item = Value<'a>>) -> Vec<Batch<'a>> {
    let longest = LENGTHS[LENGTHS.len() - 1];
    let list: Vec<Value<'a>> = list.into_iter().collect();
    let batch = |items: &[Value<'a>]| {
        let length = LENGTHS
            .into_iter()
            .find(|l| *l >= items.len())
            .unwrap_or(longest);
        let filler = items.last().cloned();
        let filler = filler.into_iter().cycle().take(length - items.len());
        let all = values
            .iter()
            .cloned()
            .chain(items.iter().cloned())
            .chain(filler)
            .collect();
        Batch {
            all,
            before: values.len(),
            list: length,
        }
    };
    list.chunks(longest).map(batch).collect()
}

/// The statement with `$*` written out: `$b+1, $b+2, …`, or for more than one column `($1, $2), ($3, $4), …`.
fn made(sql: &'static str, before: usize, width: usize, count: usize) -> &'static str {
    let key = (sql.as_ptr() as usize, sql.len(), count);
    if let Some(known) = MADE
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
    {
        return known;
    }
    let mut next = before;
    let mut place = || {
        next += 1;
        format!("${next}")
    };
    let mut group = || (0..width).map(|_| place()).collect::<Vec<_>>().join(", ");
    let groups: Vec<String> = (0..count)
        .map(|_| {
            if width == 1 {
                group()
            } else {
                format!("({})", group())
            }
        })
        .collect();
    let text: &'static str = sql.replace("$*", &groups.join(", ")).leak();
    MADE.write()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(key)
        .or_insert(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_continue_the_numbering_and_rows_are_grouped() {
        assert_eq!(
            made(
                "SELECT a FROM t WHERE n = $1 AND b IN ($*) LIMIT 9",
                1,
                1,
                2
            ),
            "SELECT a FROM t WHERE n = $1 AND b IN ($2, $3) LIMIT 9"
        );
        assert_eq!(
            made("INSERT INTO t (a, b) VALUES $*", 0, 2, 2),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)"
        );
    }

    #[test]
    fn lists_are_filled_up_and_split() {
        let list = (0..600).map(|n| Value::from(i64::from(n)));
        let lengths: Vec<usize> = batches(&[Value::from(true)], list)
            .iter()
            .map(|b| b.all.len())
            .collect();
        assert_eq!(lengths, [513, 257]);
        assert!(batches(&[], []).is_empty());
    }
}
