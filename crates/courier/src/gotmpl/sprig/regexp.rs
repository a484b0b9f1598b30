//! Regular expressions, in a syntax that Go and this server share. They take linear time.

use gotmpl::{TemplateError, Value};
use regex::{NoExpand, Regex, RegexBuilder};

use super::Entry;
use super::args::{Args, MAX_LENGTH, Made};

/// The most memory that an expression may need, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

pub(super) const ALL: &[Entry] = &[
    ("regexMatch", is_match),
    ("mustRegexMatch", is_match),
    ("regexFind", find),
    ("mustRegexFind", find),
    ("regexFindAll", find_all),
    ("mustRegexFindAll", find_all),
    ("regexReplaceAll", replace),
    ("mustRegexReplaceAll", replace),
    ("regexReplaceAllLiteral", replace_literally),
    ("mustRegexReplaceAllLiteral", replace_literally),
    ("regexSplit", split),
    ("mustRegexSplit", split),
    ("regexQuoteMeta", |a| {
        Ok(Value::from(regex::escape(a.str(0)?)))
    }),
];

fn compiled(a: &Args<'_>) -> Result<Regex, TemplateError> {
    let mut builder = RegexBuilder::new(a.str(0)?);
    builder
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| a.fails(error))
}

fn is_match(a: &Args<'_>) -> Made {
    Ok(Value::Bool(compiled(a)?.is_match(a.str(1)?)))
}

fn find(a: &Args<'_>) -> Made {
    let found = compiled(a)?.find(a.str(1)?).map(|found| found.as_str());
    Ok(Value::from(found.unwrap_or_default()))
}

/// A negative number means all.
fn limit(a: &Args<'_>) -> Result<usize, TemplateError> {
    Ok(usize::try_from(a.int(2)?)
        .unwrap_or(MAX_LENGTH)
        .min(MAX_LENGTH))
}

fn find_all(a: &Args<'_>) -> Made {
    let (expression, limit) = (compiled(a)?, limit(a)?);
    let found = expression.find_iter(a.str(1)?).take(limit);
    Ok(Value::List(
        found.map(|found| Value::from(found.as_str())).collect(),
    ))
}

fn replace(a: &Args<'_>) -> Made {
    bounded(a)?;
    Ok(Value::from(
        compiled(a)?.replace_all(a.str(1)?, a.str(2)?).into_owned(),
    ))
}

fn replace_literally(a: &Args<'_>) -> Made {
    bounded(a)?;
    let replaced = compiled(a)?
        .replace_all(a.str(1)?, NoExpand(a.str(2)?))
        .into_owned();
    Ok(Value::from(replaced))
}

fn bounded(a: &Args<'_>) -> Result<(), TemplateError> {
    if a.str(2)?.len().saturating_mul(a.str(1)?.len() + 1) > 16 * MAX_LENGTH {
        return Err(a.fails("the text could be too long"));
    }
    Ok(())
}

fn split(a: &Args<'_>) -> Made {
    let (expression, text) = (compiled(a)?, a.str(1)?);
    let pieces: Vec<Value> = match a.int(2)? {
        0 => Vec::new(),
        n => expression
            .splitn(text, usize::try_from(n).unwrap_or(MAX_LENGTH))
            .map(Value::from)
            .collect(),
    };
    Ok(Value::List(pieces.into()))
}
