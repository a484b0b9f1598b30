//! What a function is called with.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::{TemplateError, Value};

use super::failed;
use crate::gotmpl::value::text;

/// What a function gives.
pub(super) type Made = Result<Value, TemplateError>;

/// The longest text and the longest list that a function makes.
pub(super) const MAX_LENGTH: usize = 1 << 20;

/// The arguments of a call.
pub(super) struct Args<'a> {
    pub(super) name: &'static str,
    pub(super) values: &'a [Value],
}

impl<'a> Args<'a> {
    pub(super) fn get(&self, at: usize) -> Result<&'a Value, TemplateError> {
        self.values.get(at).ok_or_else(|| {
            self.fails(format!(
                "it needs more than {} arguments",
                self.values.len()
            ))
        })
    }

    pub(super) fn last(&self) -> Result<&'a Value, TemplateError> {
        self.get(self.values.len().saturating_sub(1))
    }

    /// A text; nothing else is taken for one.
    pub(super) fn str(&self, at: usize) -> Result<&'a str, TemplateError> {
        match self.get(at)? {
            Value::String(s) | Value::Safe { s, .. } => Ok(s),
            other => Err(self.wrong(at, "a string", other)),
        }
    }

    /// Anything as a text.
    pub(super) fn text(&self, at: usize) -> Result<String, TemplateError> {
        self.get(at).map(text)
    }

    pub(super) fn int(&self, at: usize) -> Result<i64, TemplateError> {
        self.get(at).map(to_int)
    }

    pub(super) fn float(&self, at: usize) -> Result<f64, TemplateError> {
        self.get(at).map(to_float)
    }

    /// A number of things to make or to skip; a negative one is none.
    pub(super) fn count(&self, at: usize) -> Result<usize, TemplateError> {
        let count = usize::try_from(self.int(at)?.max(0)).unwrap_or(usize::MAX);
        if count > MAX_LENGTH {
            return Err(self.fails("that is too many"));
        }
        Ok(count)
    }

    pub(super) fn list(&self, at: usize) -> Result<&'a [Value], TemplateError> {
        match self.get(at)? {
            Value::List(items) => Ok(items),
            Value::Nil => Ok(&[]),
            other => Err(self.wrong(at, "a list", other)),
        }
    }

    pub(super) fn map(&self, at: usize) -> Result<&'a BTreeMap<Arc<str>, Value>, TemplateError> {
        match self.get(at)? {
            Value::Map(members) => Ok(members),
            other => Err(self.wrong(at, "a dictionary", other)),
        }
    }

    pub(super) fn fails(&self, why: impl std::fmt::Display) -> TemplateError {
        failed(self.name, why)
    }

    fn wrong(&self, at: usize, expected: &str, got: &Value) -> TemplateError {
        let why = format!(
            "argument {} has to be {expected}, not {}",
            at + 1,
            got.type_name()
        );
        self.fails(why)
    }
}

/// Numbers out of anything; what is none counts as zero.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(n) => *n,
        Value::Uint(n) => i64::try_from(*n).unwrap_or(i64::MAX),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "cutting off is what is asked for"
        )]
        Value::Float(n) => *n as i64,
        Value::Bool(b) => i64::from(*b),
        Value::String(s) => parsed(s),
        _ => 0,
    }
}

/// Go's spellings of whole numbers: `0x1f`, `0b1`, `0o7`, `12`.
fn parsed(text: &str) -> i64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let by = |prefix: &str, radix| {
        lower
            .strip_prefix(prefix)
            .map(|rest| i64::from_str_radix(rest, radix))
    };
    let read = by("0x", 16)
        .or_else(|| by("0b", 2))
        .or_else(|| by("0o", 8))
        .unwrap_or_else(|| lower.parse());
    read.map_or(0, |n| sign * n)
}

pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Float(n) => *n,
        #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
        Value::Int(n) => *n as f64,
        #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
        Value::Uint(n) => *n as f64,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::String(s) => s.trim().parse().unwrap_or_default(),
        _ => 0.0,
    }
}
