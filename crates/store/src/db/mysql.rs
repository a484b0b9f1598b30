//! How MySQL and MariaDB differ: `?` for `$n`, ids as `char(36)`, times of whole seconds, JSON as text.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlArguments, MySqlValueRef};
use sqlx::{Arguments as _, Decode, MySql};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::row::DecodeError;
use super::{StoreError, Unique, Value};

/// Run on each new connection. READ COMMITTED is what the other databases give a statement, and
/// has none of the gap locks that make unrelated inserts wait for each other. The strict mode
/// refuses a text that is too long, where a server may be set to cut it.
pub(super) const SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')";

pub(super) const BEGIN: &str = "START TRANSACTION";

/// Statements by the place and length of their text.
type Known = HashMap<(usize, usize), Arc<str>>;

static REWRITTEN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);

/// The statement with `?` for each `$n`. Rewritten once per text: a `&'static str` is known by
/// its place, so that nothing is hashed but two numbers.
pub(super) fn placeholders(sql: &'static str) -> Arc<str> {
    let key = (sql.as_ptr() as usize, sql.len());
    if let Some(known) = REWRITTEN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
    {
        return Arc::clone(known);
    }
    let text: Arc<str> = rewrite(sql).into();
    REWRITTEN
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, Arc::clone(&text));
    text
}

/// Replaces `$1 … $n` outside of quotes. They are used once each and ascending, so that their
/// order is the order of the values.
fn rewrite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quote = None;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            Some(q) if c == q => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c == '$' && chars.peek().is_some_and(char::is_ascii_digit) => {
                while chars.next_if(char::is_ascii_digit).is_some() {}
                out.push('?');
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

pub(super) fn bind(values: &[Value<'_>]) -> Result<MySqlArguments, DecodeError> {
    let mut arguments = MySqlArguments::default();
    arguments.reserve(values.len(), 16 * values.len());
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<&str>),
            Value::Bool(v) => arguments.add(*v),
            Value::Int(v) => arguments.add(*v),
            Value::Text(v) | Value::Json(v) => arguments.add(v.as_ref()),
            Value::Bytes(v) => arguments.add(v.as_ref()),
            Value::Uuid(v) => arguments.add(v.to_string()),
            Value::Time(v) => arguments.add(whole_seconds(*v)),
        }?;
    }
    Ok(arguments)
}

/// MySQL would round to the next second, which may lie in the future.
fn whole_seconds(time: OffsetDateTime) -> PrimitiveDateTime {
    let utc = time.to_offset(UtcOffset::UTC);
    PrimitiveDateTime::new(utc.date(), utc.time()).truncate_to_second()
}

pub(super) fn slice(value: MySqlValueRef<'_>) -> Result<&[u8], DecodeError> {
    Decode::<MySql>::decode(value)
}

pub(super) fn boolean(value: MySqlValueRef<'_>) -> Result<bool, DecodeError> {
    int(value).map(|v| v != 0)
}

pub(super) fn int(value: MySqlValueRef<'_>) -> Result<i64, DecodeError> {
    Decode::<MySql>::decode(value)
}

pub(super) fn text(value: MySqlValueRef<'_>) -> Result<String, DecodeError> {
    Decode::<MySql>::decode(value)
}

pub(super) fn bytes(value: MySqlValueRef<'_>) -> Result<Vec<u8>, DecodeError> {
    Decode::<MySql>::decode(value)
}

pub(super) fn uuid(value: MySqlValueRef<'_>) -> Result<Uuid, DecodeError> {
    let text: &str = Decode::<MySql>::decode(value)?;
    Ok(Uuid::try_parse(text)?)
}

pub(super) fn time(value: MySqlValueRef<'_>) -> Result<OffsetDateTime, DecodeError> {
    let time: PrimitiveDateTime = Decode::<MySql>::decode(value)?;
    Ok(time.assume_utc())
}

/// Server error numbers: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>.
pub(super) fn classify(error: &dyn DatabaseError) -> StoreError {
    let reason = || error.message().to_owned();
    let number = error
        .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
    match number {
        1062 | 1586 => StoreError::Conflict {
            constraint: Unique::named(&violated_key(error.message())),
        },
        1216 | 1452 => StoreError::Dangling,
        // lock wait timeout, deadlock, record changed since last read
        1205 | 1213 | 1020 => StoreError::Contention { reason: reason() },
        // out of range, incorrect value, data too long, invalid JSON
        1264 | 1292 | 1366 | 1406 | 3140 | 3141 | 4025 => StoreError::Refused { reason: reason() },
        // access denied, unknown database
        1044 | 1045 | 1049 => StoreError::barred(reason()),
        // too many connections, shutdown, read only
        1040 | 1053 | 1203 | 1226 | 1290 | 1836 => StoreError::unavailable(reason()),
        _ => StoreError::Statement(reason()),
    }
}

/// `Duplicate entry '…' for key 'table.index'`; MariaDB leaves out the table.
fn violated_key(message: &str) -> String {
    message
        .rsplit_once("for key '")
        .map_or(message, |(_, key)| key.trim_end_matches('\''))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn placeholders_become_question_marks_but_quoted_text_stays() {
        assert_eq!(
            rewrite("SELECT '$1', a FROM t WHERE b = $1 AND c IN ($2,$13)"),
            "SELECT '$1', a FROM t WHERE b = ? AND c IN (?,?)"
        );
    }
}
