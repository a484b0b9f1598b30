//! Dictionaries.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::{TemplateError, Value};

use super::Entry;
use super::args::{Args, Made};
use crate::gotmpl::value::text;

type Members = BTreeMap<Arc<str>, Value>;

pub(super) const ALL: &[Entry] = &[
    ("dict", |a| {
        let pairs = a.values.chunks(2).map(|pair| {
            let key = pair.first().map(text).unwrap_or_default();
            let value = pair.get(1).cloned().unwrap_or_else(|| Value::from(""));
            (Arc::from(key), value)
        });
        made(pairs.collect())
    }),
    ("get", |a| {
        Ok(a.map(0)?
            .get(a.str(1)?)
            .cloned()
            .unwrap_or_else(|| Value::from("")))
    }),
    ("set", |a| {
        let mut members = a.map(0)?.clone();
        members.insert(a.str(1)?.into(), a.get(2)?.clone());
        made(members)
    }),
    ("unset", |a| {
        let mut members = a.map(0)?.clone();
        members.remove(a.str(1)?);
        made(members)
    }),
    ("hasKey", |a| {
        Ok(Value::Bool(a.map(0)?.contains_key(a.str(1)?)))
    }),
    ("pluck", |a| {
        let key = a.str(0)?;
        let mut found = Vec::new();
        for at in 1..a.values.len() {
            found.extend(a.map(at)?.get(key).cloned());
        }
        Ok(Value::List(found.into()))
    }),
    ("keys", |a| {
        let mut all = Vec::new();
        for at in 0..a.values.len() {
            all.extend(a.map(at)?.keys().map(|key| Value::String(Arc::clone(key))));
        }
        Ok(Value::List(all.into()))
    }),
    ("values", |a| {
        Ok(Value::List(a.map(0)?.values().cloned().collect()))
    }),
    ("pick", |a| {
        let wanted = names(a)?;
        let members = a
            .map(0)?
            .iter()
            .filter(|(k, _)| wanted.contains(&k.as_ref()));
        made(members.map(|(k, v)| (Arc::clone(k), v.clone())).collect())
    }),
    ("omit", |a| {
        let unwanted = names(a)?;
        let members = a
            .map(0)?
            .iter()
            .filter(|(k, _)| !unwanted.contains(&k.as_ref()));
        made(members.map(|(k, v)| (Arc::clone(k), v.clone())).collect())
    }),
    ("merge", |a| merged(a, false)),
    ("mustMerge", |a| merged(a, false)),
    ("mergeOverwrite", |a| merged(a, true)),
    ("mustMergeOverwrite", |a| merged(a, true)),
    ("dig", dig),
    ("deepCopy", |a| a.get(0).cloned()),
    ("mustDeepCopy", |a| a.get(0).cloned()),
];

fn made(members: Members) -> Made {
    Ok(Value::from(members))
}

/// The names after the dictionary, one by one or as a list.
fn names<'a>(a: &Args<'a>) -> Result<Vec<&'a str>, TemplateError> {
    (1..a.values.len()).map(|at| a.str(at)).collect()
}

/// All members of all dictionaries; of two with the same name the earlier counts, or the later.
fn merged(a: &Args<'_>, later_counts: bool) -> Made {
    let mut into = a.map(0)?.clone();
    for at in 1..a.values.len() {
        merge(&mut into, a.map(at)?, later_counts, 0);
    }
    made(into)
}

fn merge(into: &mut Members, from: &Members, later_counts: bool, depth: usize) {
    for (name, value) in from {
        match (into.get_mut(name), value) {
            (Some(Value::Map(old)), Value::Map(new)) if depth < 100 => {
                let mut both = Members::clone(old);
                merge(&mut both, new, later_counts, depth + 1);
                *old = Arc::new(both);
            }
            (Some(old), new) if later_counts || !old.is_truthy() => *old = new.clone(),
            (Some(_), _) => {}
            (None, new) => {
                into.insert(Arc::clone(name), new.clone());
            }
        }
    }
}

/// `dig "a" "b" default dictionary`
fn dig(a: &Args<'_>) -> Made {
    let count = a.values.len();
    if count < 3 {
        return Err(a.fails("it needs at least three arguments"));
    }
    let default = a.get(count - 2)?;
    let mut at = a.last()?;
    for key in 0..count - 2 {
        let key = a.str(key)?;
        match at {
            Value::Map(members) => match members.get(key) {
                Some(found) => at = found,
                None => return Ok(default.clone()),
            },
            _ => return Err(a.fails(format!("there is no dictionary to look for {key:?} in"))),
        }
    }
    Ok(at.clone())
}
