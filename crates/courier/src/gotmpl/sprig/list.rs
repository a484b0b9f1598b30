//! Lists.

use gotmpl::Value;

use super::Entry;
use super::args::{Args, MAX_LENGTH, Made};
use crate::gotmpl::value::{map, text};

pub(super) const ALL: &[Entry] = &[
    ("list", |a| Ok(Value::List(a.values.into()))),
    ("tuple", |a| Ok(Value::List(a.values.into()))),
    ("first", |a| {
        Ok(a.list(0)?.first().cloned().unwrap_or(Value::Nil))
    }),
    ("mustFirst", |a| {
        Ok(a.list(0)?.first().cloned().unwrap_or(Value::Nil))
    }),
    ("last", |a| {
        Ok(a.list(0)?.last().cloned().unwrap_or(Value::Nil))
    }),
    ("mustLast", |a| {
        Ok(a.list(0)?.last().cloned().unwrap_or(Value::Nil))
    }),
    ("rest", |a| {
        made(a.list(0)?.iter().skip(1).cloned().collect())
    }),
    ("mustRest", |a| {
        made(a.list(0)?.iter().skip(1).cloned().collect())
    }),
    ("initial", initial),
    ("mustInitial", initial),
    ("append", append),
    ("push", append),
    ("mustAppend", append),
    ("mustPush", append),
    ("prepend", prepend),
    ("mustPrepend", prepend),
    ("concat", concat),
    ("reverse", |a| {
        made(a.list(0)?.iter().rev().cloned().collect())
    }),
    ("mustReverse", |a| {
        made(a.list(0)?.iter().rev().cloned().collect())
    }),
    ("uniq", uniq),
    ("mustUniq", uniq),
    ("without", without),
    ("mustWithout", without),
    ("has", has),
    ("mustHas", has),
    ("compact", |a| {
        made(
            a.list(0)?
                .iter()
                .filter(|v| v.is_truthy())
                .cloned()
                .collect(),
        )
    }),
    ("mustCompact", |a| {
        made(
            a.list(0)?
                .iter()
                .filter(|v| v.is_truthy())
                .cloned()
                .collect(),
        )
    }),
    ("slice", slice),
    ("mustSlice", slice),
    ("chunk", chunk),
    ("mustChunk", chunk),
    ("sortAlpha", |a| {
        let mut texts = texts(a)?;
        texts.sort();
        made(texts.into_iter().map(Value::from).collect())
    }),
    ("toStrings", |a| {
        made(texts(a)?.into_iter().map(Value::from).collect())
    }),
    ("join", |a| {
        let all = match a.get(1)? {
            Value::List(items) => items
                .iter()
                .filter(|v| !matches!(v, Value::Nil))
                .map(text)
                .collect(),
            other => vec![text(other)],
        };
        Ok(Value::from(all.join(a.str(0)?)))
    }),
    ("splitList", |a| {
        made(pieces(a.str(1)?, a.str(0)?, usize::MAX))
    }),
    ("split", |a| {
        Ok(numbered(pieces(a.str(1)?, a.str(0)?, usize::MAX)))
    }),
    ("splitn", |a| {
        Ok(numbered(pieces(a.str(2)?, a.str(0)?, a.count(1)?)))
    }),
    ("until", |a| {
        let end = a.int(0)?;
        numbers(a, 0, end, if end < 0 { -1 } else { 1 })
    }),
    ("untilStep", |a| numbers(a, a.int(0)?, a.int(1)?, a.int(2)?)),
    ("seq", seq),
    ("all", |a| {
        Ok(Value::Bool(a.values.iter().all(Value::is_truthy)))
    }),
    ("any", |a| {
        Ok(Value::Bool(a.values.iter().any(Value::is_truthy)))
    }),
];

fn made(items: Vec<Value>) -> Made {
    Ok(Value::List(items.into()))
}

fn initial(a: &Args<'_>) -> Made {
    let items = a.list(0)?;
    made(
        items
            .iter()
            .take(items.len().saturating_sub(1))
            .cloned()
            .collect(),
    )
}

fn append(a: &Args<'_>) -> Made {
    let mut items = a.list(0)?.to_vec();
    items.push(a.get(1)?.clone());
    made(items)
}

fn prepend(a: &Args<'_>) -> Made {
    let mut items = vec![a.get(1)?.clone()];
    items.extend_from_slice(a.list(0)?);
    made(items)
}

fn concat(a: &Args<'_>) -> Made {
    let mut items = Vec::new();
    for at in 0..a.values.len() {
        items.extend_from_slice(a.list(at)?);
        if items.len() > MAX_LENGTH {
            return Err(a.fails("the list would be too long"));
        }
    }
    made(items)
}

/// The most items that are compared with each other.
const MAX_COMPARED: usize = 4096;

fn uniq(a: &Args<'_>) -> Made {
    let mut items: Vec<Value> = Vec::new();
    for item in a.list(0)? {
        if items.len() > MAX_COMPARED {
            return Err(a.fails("the list is too long"));
        }
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    made(items)
}

fn without(a: &Args<'_>) -> Made {
    let unwanted = a.values.get(1..).unwrap_or_default();
    let kept = a.list(0)?.iter().filter(|item| !unwanted.contains(item));
    made(kept.cloned().collect())
}

fn has(a: &Args<'_>) -> Made {
    let needle = a.get(0)?;
    Ok(Value::Bool(a.list(1)?.contains(needle)))
}

fn slice(a: &Args<'_>) -> Made {
    let items = a.list(0)?;
    let start = if a.values.len() > 1 { a.count(1)? } else { 0 };
    let end = if a.values.len() > 2 {
        a.count(2)?
    } else {
        items.len()
    };
    let part = items.get(start..end);
    part.map(|part| Value::List(part.into()))
        .ok_or_else(|| a.fails("the bounds are outside of the list"))
}

fn chunk(a: &Args<'_>) -> Made {
    let size = a.count(0)?.max(1);
    made(
        a.list(1)?
            .chunks(size)
            .map(|part| Value::List(part.into()))
            .collect(),
    )
}

fn texts(a: &Args<'_>) -> Result<Vec<String>, gotmpl::TemplateError> {
    Ok(match a.get(0)? {
        Value::List(items) => items.iter().map(text).collect(),
        other => vec![text(other)],
    })
}

fn pieces(whole: &str, separator: &str, count: usize) -> Vec<Value> {
    if separator.is_empty() {
        return whole.chars().map(|c| Value::from(c.to_string())).collect();
    }
    whole
        .splitn(count.max(1), separator)
        .map(Value::from)
        .collect()
}

/// A dictionary with the keys `_0`, `_1` …
fn numbered(items: Vec<Value>) -> Value {
    let names: Vec<String> = (0..items.len()).map(|at| format!("_{at}")).collect();
    map(names.iter().map(String::as_str).zip(items))
}

fn numbers(a: &Args<'_>, start: i64, end: i64, step: i64) -> Made {
    let mut items = Vec::new();
    let mut at = start;
    while step != 0 && ((step > 0 && at < end) || (step < 0 && at > end)) {
        if items.len() >= MAX_LENGTH {
            return Err(a.fails("the list would be too long"));
        }
        items.push(Value::Int(at));
        at = at.saturating_add(step);
    }
    made(items)
}

/// As the command of that name: from first to last, as a text.
fn seq(a: &Args<'_>) -> Made {
    let (first, step, last) = match a.values.len() {
        0 => return Ok(Value::from("")),
        1 => (1, if a.int(0)? < 1 { -1 } else { 1 }, a.int(0)?),
        2 => (
            a.int(0)?,
            if a.int(1)? < a.int(0)? { -1 } else { 1 },
            a.int(1)?,
        ),
        _ => (a.int(0)?, a.int(1)?, a.int(2)?),
    };
    let Value::List(items) = numbers(a, first, last.saturating_add(step.signum()), step)? else {
        return Ok(Value::from(""));
    };
    Ok(Value::from(
        items.iter().map(text).collect::<Vec<_>>().join(" "),
    ))
}
